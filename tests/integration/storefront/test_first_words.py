"""The first page speaks of food before prices; of personal prices only where a model makes some."""

from __future__ import annotations

import pytest
from django.test import Client

from pricing.policy.models.policy import KillSwitch
from pricing.quoting.selectors.serving import forget_serving
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy

pytestmark = pytest.mark.django_db
PROMISES = (
    "Personal prices only ever go lower.",
    "personal prices that only ever go lower",
    "Some prices may be lower just for you.",
    "some prices get lower just for you",
)


def read(client: Client, path: str = "/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def promised(*paths: str) -> set[str]:
    pages = [read(Client(), path) for path in paths]
    return {said for said in PROMISES for page in pages if said in page}


@pytest.mark.usefixtures("stocked_shop")
def test_without_a_model_no_page_promises_personal_prices() -> None:
    assert promised("/", "/offers/", "/p/cheddar-1/", "/how-our-prices-work/") == set()
    assert "One price for everyone." in read(Client(), "/p/cheddar-1/")
    assert "人人同价。" in read(Client(), "/zh-hans/p/cheddar-1/")


def test_with_a_model_they_are_promised_until_all_are_stopped(shop: Dairy) -> None:
    assert promised("/", "/p/cheddar/") == set(PROMISES)
    KillSwitch.objects.create(scope="global", key="", is_active=True, at=utc_now())
    forget_serving()
    assert promised("/", "/p/cheddar/") == set()


def test_home_says_when_food_comes_before_prices(shop: Dairy) -> None:
    page = read(browse_as(None))
    order = [page.find(one) for one in ("If you order now:", "<h2", "Everybody sees the same")]
    assert min(order) > 0
    assert order == sorted(order)
    assert 'class="band"' not in page
