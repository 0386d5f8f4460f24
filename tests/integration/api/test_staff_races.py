"""Two systems that write one campaign at once, on real connections: one of them is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.publishing.core.values import Meant, name_setter
from pricing.publishing.services import price_gate
from pricing.publishing.services.price_gate import PriceChangesSpent
from pricing.publishing.services.products import Ask, set_list_prices
from promotions.models import Campaign, CampaignRevision
from promotions.planning.services.campaign_documents import CampaignChanged
from shop.doors.api.v1.views import staff
from shop.doors.product_lists.api import bound_token
from shop.doors.product_lists.services import documents
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.services import loading
from shop.ground.kernel.clock import utc_now
from tests.factories.races import race
from tests.factories.staff_tokens import make_staff_client
from tests.fixtures_api import ApiClient
from tests.integration.api.test_staff_campaigns import URL, document, put

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS = 4


@pytest.fixture
def writers() -> list[ApiClient]:
    """Systems of one shop, each with a token of its own."""
    return [make_staff_client(f"ann{n}") for n in range(WRITERS)]


def _statuses(writers: list[ApiClient], version: str = "") -> list[int]:
    def write(n: int) -> int:
        body = {**document(), "name": f"Name {n}"}
        return int(put(writers[n], body, f"key-{version}-{n}", version).status_code)

    return sorted(race(write, WRITERS, WRITERS))


def test_one_of_many_creates_and_one_of_many_changes(writers: list[ApiClient]) -> None:
    assert _statuses(writers) == [200] + [428] * (WRITERS - 1)
    version = writers[0].get(URL).json()["version"]
    assert _statuses(writers, version) == [200] + [412] * (WRITERS - 1)
    campaign = Campaign.objects.get()
    numbers = CampaignRevision.objects.order_by("number").values_list("number", flat=True)
    assert (campaign.revision, list(numbers)) in [(2, [1, 2]), (1, [1])]


def test_positive_control_writes_are_lost_without_the_lock(
    writers: list[ApiClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real on this machine: without the lock several writers think they are first."""
    put(writers[0], document(), "first")
    version = writers[0].get(URL).json()["version"]

    def compare_only(code: str, expected: str | None) -> Any:
        campaign_id = Campaign.objects.get(code=code).pk
        is_same = staff.find_version(campaign_id) == expected
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
        if not is_same:
            raise CampaignChanged("It has changed.")
        return campaign_id

    monkeypatch.setattr(staff, "require_version", compare_only)
    assert _statuses(writers, version).count(200) > 1


PACK = "/api/v1/staff/products/trek-pack"


def _put_product(client: ApiClient, n: int, version: str) -> int:
    body = {
        "title": f"Pack {n}",
        "category": ["Packs"],
        "variants": [{"sku": "TP", "price_minor": 1000 + n}],
    }
    headers = {"If_Match": f'"{version}"'} if version else {}
    answer = client.put(PACK, body, Idempotency_Key=f"product-{version}-{n}", **headers)
    return int(answer.status_code)


def test_one_writer_creates_a_product_and_one_changes_it(
    writers: list[ApiClient],
) -> None:
    made = race(lambda n: _put_product(writers[n], n, ""), WRITERS, WRITERS)
    assert made.count(200) == 1, made
    assert set(made) <= {200, 412, 428}, made
    assert Product.objects.get().revision == 0
    changed = sorted(race(lambda n: _put_product(writers[n], n + 9, "0"), WRITERS, WRITERS))
    assert changed == [200] + [412] * (WRITERS - 1)


def test_positive_control_revisions_that_nobody_compares_lose_writes(
    writers: list[ApiClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_product(writers[0], 0, "")
    monkeypatch.setattr(loading, "require_unchanged", lambda _revisions: None)
    monkeypatch.setattr(documents, "require_revision", lambda _known, _given: None)
    changed = race(lambda n: _put_product(writers[n], n + 9, "0"), WRITERS, WRITERS)
    assert changed == [200] * WRITERS


def _change_two_at_once(client: ApiClient) -> list[bool]:
    """Let a token that may change one list price change two at once; return who was let."""
    variants = [{"sku": f"TP-{n}", "price_minor": 1000, "options": {"Back": n}} for n in "AB"]
    body = {"title": "Pack", "category": ["Packs"], "variants": variants}
    assert client.put(PACK, body, Idempotency_Key="first").status_code == 200
    ids = list(Variant.objects.order_by("sku").values_list("pk", flat=True))
    meant = Meant(set_by=name_setter(token_id=1), bound=bound_token(1, most=1))

    def change(n: int) -> bool:
        try:
            set_list_prices(asks={ids[n]: Ask(1100)}, market="us", now=utc_now(), meant=meant)
        except PriceChangesSpent:
            return False
        return True

    return sorted(race(change, 2, 2))


def test_two_at_once_pass_no_bound_of_their_token(writers: list[ApiClient]) -> None:
    assert _change_two_at_once(writers[0]) == [False, True]
    assert PriceLedgerEntry.objects.exclude(set_by="").count() == 1


def test_positive_control_without_its_lock_a_bound_is_passed(
    writers: list[ApiClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(price_gate, "WAIT_FOR_OTHERS", "SELECT %s")
    count = price_gate.list_moments_of

    def count_and_wait(**asked: Any) -> Any:
        moments = count(**asked)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.5)")
        return moments

    monkeypatch.setattr(price_gate, "list_moments_of", count_and_wait)
    assert _change_two_at_once(writers[0]) == [True, True]
