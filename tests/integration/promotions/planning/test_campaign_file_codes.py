"""Codes in files of campaigns: shared ones with limits, batches by their rule, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promotions.coupons.services.codes import make_waiting_codes, stop_batch
from promotions.models import (
    Campaign,
    CampaignEvent,
    CampaignRevision,
    CodeBatch,
    Coupon,
    Offer,
)
from promotions.planning.selectors import campaign_codes
from promotions.planning.services.campaign_files import (
    ImportReport,
    export_campaigns,
    import_campaigns,
)
from tests.factories.campaigns import NOON, make_draft, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
PLACE = "offers[0].coupons"


@pytest.fixture
def offer(db: None) -> Offer:
    """A draft with two shared codes, a batch that is made and one that was stopped half-way."""
    offer: Offer = make_draft("spring").offers.get()
    Offer.objects.filter(pk=offer.pk).update(requires_coupon=True)
    Coupon.objects.create(code="SPRING5", offer=offer, max_redemptions=100, per_shopper_limit=2)
    Coupon.objects.create(code="OLD5", offer=offer, per_shopper_limit=None, is_active=False)
    CodeBatch.objects.create(offer=offer, name="Flyer", pattern="FLY-######", amount=3)
    make_waiting_codes(now=NOON)
    half = CodeBatch.objects.create(offer=offer, name="Half", pattern="H-########", amount=9)
    CodeBatch.objects.filter(pk=half.pk).update(made=2)
    stop_batch(batch_id=half.pk)
    return offer


def _export(**options: Any) -> str:
    ids = Campaign.objects.values_list("pk", flat=True)
    return export_campaigns(ids, **{"with_codes": True, **options})


def _load(text: str, *, is_dry: bool = False, **options: Any) -> ImportReport:
    known = {"file_format": "json", "may_change_codes": True, "by_id": None}
    return import_campaigns(text=text, is_dry=is_dry, now=NOON, language="en", **known | options)


def _with(**coupon: Any) -> str:
    tree = json.loads(_export())
    tree["campaigns"][0]["offers"][0]["coupons"] = [coupon]
    return json.dumps(tree)


@pytest.mark.parametrize("file_format", ["json", "csv"])
def test_a_file_with_codes_is_exported_equally_after_import(offer: Offer, file_format: str) -> None:
    made = set(Coupon.objects.filter(batch__isnull=False).values_list("code", flat=True))
    text = _export(file_format=file_format)
    assert len(made) == 3
    assert not [code for code in made if code in text]
    Coupon.objects.all().delete()
    CodeBatch.objects.all().delete()
    offer.delete()
    Campaign.objects.all().delete()
    dry = _load(text, is_dry=True, file_format=file_format)
    assert [one.verdict for one in dry.outcomes] == ["new"]
    assert (Coupon.objects.count(), CodeBatch.objects.count()) == (0, 0)
    assert _load(text, file_format=file_format).outcomes == dry.outcomes
    assert make_waiting_codes(now=NOON) == 3 + 2
    assert not made & set(Coupon.objects.values_list("code", flat=True))
    assert _export(file_format=file_format) == text
    assert [one.verdict for one in _load(text, file_format=file_format).outcomes] == ["same"]


def test_codes_are_told_only_to_those_who_may_see_them(offer: Offer) -> None:
    told = _export(with_codes=False)
    assert [word for word in ("SPRING5", "FLY-", "coupons") if word in told] == []
    assert json.loads(_export())["campaigns"][0]["offers"][0]["coupons"] == [
        {"code": "OLD5", "max_redemptions": None, "per_shopper_limit": None, "is_active": False},
        {"code": "SPRING5", "max_redemptions": 100, "per_shopper_limit": 2, "is_active": True},
    ]
    refused = _load(_with(code="NEW5"), may_change_codes=False).refused
    assert refused[0].sentences == ("offers[0]: you may not change codes: leave them out.",)
    assert not Coupon.objects.filter(code="NEW5").exists()


def test_a_dry_run_lists_changes_and_omitted_codes_stay(offer: Offer) -> None:
    text = _with(code=" spring 5", max_redemptions=200)
    dry = _load(text, is_dry=True)
    assert dry.outcomes[0].verdict == "changed"
    assert dry.outcomes[0].sentences == ("Code SPRING5: most redemptions 100 → 200",)
    assert Coupon.objects.get(code="SPRING5").max_redemptions == 100
    ann = make_person("ann")
    assert _load(text, by_id=ann).outcomes == dry.outcomes
    kept = Coupon.objects.filter(batch__isnull=True).order_by("code")
    assert list(kept.values_list("code", "max_redemptions", "per_shopper_limit")) == [
        ("OLD5", None, None),
        ("SPRING5", 200, 2),
    ]
    event = CampaignEvent.objects.get(step="codes")
    assert (event.by_id, event.reason) == (ann, "1 changes of codes")
    kept_versions = json.dumps(list(CampaignRevision.objects.values_list("snapshot", flat=True)))
    assert "SPRING" not in kept_versions


def test_bad_codes_are_refused_with_their_place(offer: Offer) -> None:
    other: Offer = make_draft("autumn").offers.get()
    Coupon.objects.create(code="TAKEN", offer=other)
    Coupon.objects.filter(code="SPRING5").update(redeemed=7)
    batch_code = Coupon.objects.filter(batch__isnull=False).first()
    assert batch_code is not None
    lists: list[tuple[dict[str, Any], str]] = [
        ({"coupons": [{"code": "TAKEN"}]}, f'{PLACE}[0].code: "TAKEN" does not fit: another offer'),
        ({"coupons": [{"code": "A1"}, {"code": "a1"}]}, f"{PLACE}[1].code: "),
        ({"coupons": [{"code": batch_code.code}]}, "belongs to a batch"),
        (
            {"coupons": [{"code": "SPRING5", "max_redemptions": 5}]},
            f"{PLACE}[0].max_redemptions: 5 does not fit: the code was used 7 times already",
        ),
        ({"coupons": [{"code": "N1", "uses": 5}]}, f"{PLACE}[0]: nobody knows the field “uses”"),
        ({"coupons": [{"max_redemptions": 5}]}, f"{PLACE}[0].code: null does not fit: it is need"),
        ({"coupons": "N1"}, f'{PLACE}: "N1" does not fit: expected a list of objects with code.'),
        (
            {"code_batches": [{"name": "Flyer", "pattern": "FLY-######", "amount": 4}]},
            "offers[0].code_batches[0].amount: 4 does not fit: codes were made with 3",
        ),
        (
            {"code_batches": [{"name": "Weak", "pattern": "W-##", "amount": 9}]},
            'offers[0].code_batches[0].pattern: "W-##" does not fit: 9 codes need at least',
        ),
        (
            {"requires_coupon": False},
            "offers[0].requires_coupon: false does not fit: an offer with codes needs true",
        ),
    ]
    spring = next(one for one in json.loads(_export())["campaigns"] if one["code"] == "spring")
    [said] = spring["offers"]
    documents = [{**spring, "offers": [{**said, **wrong}]} for wrong, _ in lists]
    before = _export()
    report = _load(json.dumps({"format": 2, "campaigns": documents}))
    assert len(report.refused) == len(lists)
    for outcome, (_, expected) in zip(report.outcomes, lists, strict=True):
        assert expected in outcome.sentences[0]
    assert _export() == before


def test_too_many_codes_are_left_out_and_counted(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_codes, "MOST_CODES", 1)
    text = _export()
    said = json.loads(text)["campaigns"][0]["offers"][0]
    assert (said["codes_left_out"], "coupons" in said) == (2, False)
    outcome = _load(text).outcomes[0]
    assert (outcome.verdict, outcome.sentences) == (
        "same",
        ("Offer “spring-offer”: 2 codes are not in this file: send them as their own.",),
    )
