"""Batches, files and guesses of codes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promotions.coupons.core import BadCodeFile, code_space
from promotions.coupons.selectors.coupons import find_coupons, stream_codes
from promotions.coupons.services import codes as under_test
from promotions.coupons.services.codes import (
    TooManyWrongCodes,
    check_space,
    count_wrong_code,
    import_codes,
    make_codes,
    make_waiting_codes,
    stop_batch,
)
from promotions.engine.core.carts import ShopperView
from promotions.models import CodeBatch, Coupon, Offer, RefusedCode
from promotions.offers.selectors.evaluation import evaluate_cart
from tests.factories.promotions import NOON, make_campaign, make_cart
from tests.factories.races import race

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


@pytest.fixture
def offer() -> Offer:
    return make_campaign("spring", amount_minor=500, code="SINGLE").offers.get()


def _batch(offer: Offer, amount: int = 100, **fields: Any) -> CodeBatch:
    pattern = fields.pop("pattern", "SPRING-####-####")
    return CodeBatch.objects.create(
        offer=offer, name="spring", pattern=pattern, amount=amount, **fields
    )


def test_a_batch_is_made_whole_and_only_once(offer: Offer) -> None:
    batch = _batch(offer)
    assert [make_codes(batch_id=batch.pk, now=NOON) for _ in range(2)] == [100, 0]
    batch.refresh_from_db()
    assert (batch.made, batch.status, batch.finished_at) == (100, "done", NOON)
    rows = Coupon.objects.filter(batch=batch)
    assert {(row.offer_id, row.max_redemptions, row.per_shopper_limit) for row in rows} == {
        (offer.pk, 1, 1)
    }
    shape = re.compile(r"SPRING-[2-9A-HJ-KM-NP-Z]{4}-[2-9A-HJ-KM-NP-Z]{4}")
    assert all(shape.fullmatch(row.code) for row in rows)


def test_a_run_that_was_interrupted_goes_on_where_it_stopped(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "STEP", 40)
    batch = _batch(offer)
    assert make_codes(batch_id=batch.pk, now=NOON, steps=1) == 40
    batch.refresh_from_db()
    assert (batch.made, batch.status) == (40, "running")
    assert make_waiting_codes(now=NOON) == 60
    assert Coupon.objects.filter(batch=batch).count() == 100


def test_a_code_drawn_twice_or_known_already_is_drawn_again(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = _batch(offer, amount=3)
    drawn = iter([["SINGLE", "AA", "AA"], ["AA", "BB"], ["CC"]])
    monkeypatch.setattr(under_test, "draw_codes", lambda *asked: next(drawn))
    assert make_codes(batch_id=batch.pk, now=NOON) == 3
    assert set(Coupon.objects.filter(batch=batch).values_list("code", flat=True)) == {
        "AA",
        "BB",
        "CC",
    }


def test_a_stopped_batch_keeps_its_codes_and_makes_no_more(offer: Offer) -> None:
    batch = _batch(offer)
    assert (stop_batch(batch_id=batch.pk), stop_batch(batch_id=batch.pk)) == (True, False)
    assert make_codes(batch_id=batch.pk, now=NOON) == 0


@pytest.mark.django_db(transaction=True)
def test_several_workers_make_no_code_too_many(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "STEP", 50)
    batch = _batch(offer, amount=400)
    race(lambda n: make_codes(batch_id=batch.pk, now=NOON, steps=2) > 0, 12, workers=4)
    batch.refresh_from_db()
    assert (batch.made, batch.status) == (400, "done")
    assert Coupon.objects.filter(batch=batch).count() == 400


def test_weak_patterns_and_offers_without_codes_are_refused(offer: Offer) -> None:
    weak = CodeBatch(offer=offer, name="x", pattern="x-###", amount=10)
    with pytest.raises(ValidationError, match="need at least 5 places"):
        weak.full_clean()
    automatic = make_campaign("tenth", percent="10").offers.get()
    with pytest.raises(ValidationError, match="without a code"):
        CodeBatch(offer=automatic, name="x", pattern="#" * 9, amount=10).full_clean()


def test_a_batch_may_end_before_its_campaign_and_says_so(offer: Offer) -> None:
    batch = _batch(offer, amount=1, ends_at=NOON + timedelta(days=2))
    make_codes(batch_id=batch.pk, now=NOON)
    code = Coupon.objects.get(batch=batch).code

    def say(days: int) -> list[tuple[str, str]]:
        found = evaluate_cart(
            cart=make_cart(),
            codes=(code,),
            shopper=ShopperView(None),
            now=NOON + timedelta(days=days),
            language="en",
            locale="en_US",
        )
        return [(r.reason_code, r.message) for r in found.rejected]

    assert (say(1), say(2)) == ([], [("code_ended", "This code was valid until 2026-11-27.")])


def test_reading_a_code_takes_one_statement_that_uses_indexes_only(offer: Offer) -> None:
    batch = _batch(offer, amount=2_000)
    make_codes(batch_id=batch.pk, now=NOON)
    code = Coupon.objects.filter(batch=batch).values_list("code", flat=True)[7]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE promotions_coupon")
    asked: dict[str, Any] = {"codes": [code], "variant_ids": [1], "shopper_id": 1, "now": NOON}
    find_coupons(**asked)  # what a process keeps in memory is read first
    with CaptureQueriesContext(connection) as captured:
        find_coupons(**asked)
    assert len(captured) == 1
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + captured[0]["sql"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on promotions_coupon" not in plan


def test_a_batch_is_sent_as_a_file_line_by_line(offer: Offer) -> None:
    batch = _batch(offer, amount=3, max_redemptions=None)
    make_codes(batch_id=batch.pk, now=NOON)
    codes = Coupon.objects.filter(batch=batch).order_by("pk").values_list("code", flat=True)
    assert list(stream_codes(batch_id=batch.pk)) == [
        "code,max_redemptions,per_shopper_limit,redeemed,is_active\r\n",
        *(f"{code},,1,0,True\r\n" for code in codes),
    ]


FILE = """code,max_redemptions,per_shopper_limit
new one,5,1
NEWONE,5,1
single,,
,1,1
OTHER,many,1
ZERO,0,1
THREE
{long},1,1
""".format(long="X" * 41)
REASONS = {
    "bad_number": 2,
    "code_too_long": 1,
    "exists": 1,
    "no_code": 1,
    "twice_in_file": 1,
}


def test_a_dry_run_reports_what_a_file_would_do(offer: Offer) -> None:
    asked: dict[str, Any] = {"offer_id": offer.pk, "file_name": "mine.csv", "now": NOON}
    tried = import_codes(lines=FILE.splitlines(), is_dry_run=True, **asked)
    assert (tried.good, tried.bad, tried.reasons) == (2, 6, REASONS)
    assert Coupon.objects.count() == 1
    assert list(RefusedCode.objects.values_list("line", "text", "reason"))[:3] == [
        (3, "NEWONE,5,1", "twice_in_file"),
        (4, "single,,", "exists"),
        (5, ",1,1", "no_code"),
    ]
    real = import_codes(lines=FILE.splitlines(), is_dry_run=False, **asked)
    assert (real.good, real.bad, real.reasons) == (2, 6, REASONS)
    assert list(
        Coupon.objects.exclude(code="SINGLE").values_list(
            "code", "max_redemptions", "per_shopper_limit"
        )
    ) == [("NEWONE", 5, 1), ("THREE", None, None)]
    again = import_codes(lines=FILE.splitlines(), is_dry_run=False, **asked)
    assert (again.good, again.reasons["exists"]) == (0, 3)


@pytest.mark.parametrize("first", ["", "colour,max", "colour"])
def test_a_file_without_known_columns_is_refused(offer: Offer, first: str) -> None:
    with pytest.raises(BadCodeFile):
        import_codes(offer_id=offer.pk, file_name="x.csv", lines=[first], is_dry_run=True, now=NOON)


def test_wrong_codes_close_their_own_shape_for_a_while(settings: Any) -> None:
    settings.API_RATES = {"wrong_codes": "3/h"}
    for n in range(3):
        check_space(f"SPRING-AAAA-000{n}")
        count_wrong_code(f"SPRING-AAAA-000{n}")
    with pytest.raises(TooManyWrongCodes) as refusal:
        check_space("SPRING-AAAA-9999")
    assert 0 < refusal.value.detail["retry_after_seconds"] <= 1_200
    check_space("SUMMER-AAAA-9999")
    check_space("WELCOME5")
    assert code_space("SPRING-AAAA-9999") != code_space("SPRING-AAAA-99999")
