"""Two systems that write one campaign at once, on real connections: one of them is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from promotions.models import Campaign, CampaignRevision
from promotions.planning.services.campaign_documents import CampaignChanged
from shop.doors.api.v1.views import staff
from shop.doors.product_lists.services import documents
from shop.ground.catalog.models import Product
from shop.ground.catalog.services import loading
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
