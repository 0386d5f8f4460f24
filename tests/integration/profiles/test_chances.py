"""Chances from real tables: learned in the night, worn as tags, shown to staff with reasons."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from profiles.accounts.selectors import read_shopper
from profiles.events.core import EventRecord
from profiles.events.services.table import store_records
from profiles.models import SegmentVersion, Shopper, ShopperProfile
from profiles.segments.selectors.online import compute_feature_rows
from profiles.segments.selectors.segments import forget_segments, get_segment_model
from profiles.segments.services import segments
from profiles.segments.services.segments import refit_segments, refresh_profiles
from profiles.shoppers.selectors.shoppers import load_shopper_columns
from profiles.values import ShopperValue
from shop.ground.kernel.arrays import pack_arrays, unpack_arrays
from tests.factories.profiles import NOON, RYE, make_guest
from tests.integration.profiles.test_learning import order

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(
    small_catalog: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[ShopperValue], list[ShopperValue]]:
    """Thirty who order every week, and fifty who order every two months on average."""
    monkeypatch.setattr(segments, "GRID", (2, 3))
    rng = np.random.default_rng(8)
    weekly, rare = [], []
    records: list[EventRecord] = []
    for _ in range(30):
        weekly.append(make_guest())
        first = float(rng.uniform(0.1, 6.9))
        for week in range(40):
            records += order(weekly[-1], first + 7 * week, RYE, offer=False)
    for _ in range(50):
        rare.append(make_guest())
        day = float(rng.exponential(60))
        while day < 300:
            records += order(rare[-1], day, RYE, offer=False)
            day += float(rng.exponential(60))
    store_records(records, now=NOON)
    return weekly, rare


def tags_of(shoppers: list[ShopperValue]) -> list[tuple[str, ...]]:
    rows = compute_feature_rows([shopper.id for shopper in shoppers], NOON)
    return [tuple(tag for tag in row.tags if tag in {"will_buy", "may_lapse"}) for row in rows]


def test_a_likely_behaviour_is_a_tag_with_proof_and_reasons(
    crowd: tuple[list[ShopperValue], list[ShopperValue]],
) -> None:
    weekly, rare = crowd
    assert refit_segments(now=NOON) == 80
    assert tags_of(weekly) == [("will_buy",)] * 30
    assert sum("may_lapse" in tags for tags in tags_of(rare)) >= 8
    assert not any("will_buy" in tags for tags in tags_of(rare))

    proofs = SegmentVersion.objects.get(is_active=True).metrics["chances"]
    assert set(proofs) == {"will_buy", "may_lapse", "on_offer", "new_category"}
    for code in ("will_buy", "may_lapse"):
        proof = proofs[code]
        assert proof["is_served"]
        assert 0 < proof["low"] < proof["gain"] < proof["high"]
        assert sum(fifth["rows"] for fifth in proof["reliability"]) == proof["rows"]
        assert 1 <= len(proof["counts_most"]) <= 3

    refresh_profiles(now=NOON)
    english = read_shopper(shopper_id=weekly[0].id).chances
    chinese = read_shopper(shopper_id=weekly[0].id, language="zh-hans").chances
    assert [line.is_likely for line in english] == [True, False]
    assert (english[0].name, chinese[0].name) == ("likely to buy this week", "本周可能购买")
    assert (english[0].meaning, chinese[0].meaning) == (
        "orders in the next 7 days",
        "未来 7 天内下单",
    )
    assert english[0].reasons[0] == "orders often"
    assert chinese[0].reasons[0] == "下单频繁"
    assert english[0].chance > 0.9


def test_who_agrees_to_nothing_is_neither_learned_from_nor_tagged(
    crowd: tuple[list[ShopperValue], list[ShopperValue]],
) -> None:
    silent = crowd[0][0].id
    Shopper.objects.filter(pk=silent).update(
        consent_price=False, consent_recommendations=False, consent_analytics=False
    )
    assert refit_segments(now=NOON) == 79
    assert SegmentVersion.objects.get().metrics["chances"]["will_buy"]["households"] == 72
    refresh_profiles(now=NOON)
    assert not ShopperProfile.objects.filter(pk=silent).exists()
    assert read_shopper(shopper_id=silent).chances == ()
    assert ShopperProfile.objects.filter(tags__contains=["will_buy"]).count() == 29


def test_an_audience_counts_who_wears_such_a_tag(
    crowd: tuple[list[ShopperValue], list[ShopperValue]],
) -> None:
    refit_segments(now=NOON)
    refresh_profiles(now=NOON)
    market = Shopper.objects.values_list("market_code", flat=True).first()
    table = load_shopper_columns(market_code=str(market), tags=["will_buy"])
    assert int(table.tags["will_buy"].sum()) == 30


def test_a_prediction_no_better_than_the_base_rate_tags_nobody(
    crowd: tuple[list[ShopperValue], list[ShopperValue]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = [shopper.id for shopper in crowd[1]]
    Shopper.objects.filter(pk__in=rare).update(
        consent_price=False, consent_recommendations=False, consent_analytics=False
    )
    monkeypatch.setattr(segments, "LEAST_SHOPPERS", 30)
    assert refit_segments(now=NOON) == 30  # all of them order every week: nothing to learn
    assert SegmentVersion.objects.get().metrics["chances"] == {
        code: {"is_served": False} for code in ("will_buy", "may_lapse", "on_offer", "new_category")
    }
    assert tags_of(crowd[0]) == [()] * 30


def test_a_fit_of_before_gives_its_segments_and_no_chances(
    crowd: tuple[list[ShopperValue], list[ShopperValue]],
) -> None:
    refit_segments(now=NOON)
    fit = SegmentVersion.objects.get()
    kept = {k: v for k, v in unpack_arrays(fit.arrays).items() if not k.startswith("chance_")}
    SegmentVersion.objects.update(arrays=pack_arrays(kept))
    forget_segments()
    model = get_segment_model()
    assert model is not None
    assert model.chances == ()
    assert tags_of(crowd[0]) == [()] * 30
    assert refit_segments(now=NOON + timedelta(minutes=1)) == 80
