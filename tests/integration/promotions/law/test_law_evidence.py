"""What the law reads of many products is what it would read of each, and only what it asks for."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from pricing.base.core.reference import PriceSeries
from pricing.ledger.core.offered import OfferedCut, lower_series
from pricing.ledger.selectors import references as offered
from promotions.law.selectors.violations import judge_campaign
from promotions.models import PromotionLaw
from shop.ground.inventory import selectors as stock
from tests.factories.campaigns import NOON, make_draft
from tests.factories.orders import Shelf

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("few", [0, 1_000])
def test_stock_of_many_goods_is_that_of_each(
    shelf: Shelf, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "FEW", few)
    ids = sorted([shelf.cheddar, shelf.rye, shelf.merlot, 999_999])
    known = stock.available(ids)
    assert max(known.values()) > 0
    for some in (ids, ids[1:3], ids[3:], []):
        found = stock.count_available(np.array(some, dtype=np.int64))
        assert dict(zip(some, found.tolist(), strict=True)) == {one: known[one] for one in some}


def make_series(rng: random.Random, count: int) -> PriceSeries:
    """Return histories of products: some with none, most with several prices."""
    starts = [sorted(rng.sample(range(1_000), rng.randint(0, 5))) for _ in range(count)]
    flat = [moment for each in starts for moment in each]
    return PriceSeries(
        offsets=np.cumsum([0, *map(len, starts)]).astype(np.int64),
        start=np.array(flat, dtype=np.int64),
        amount=np.array([rng.randint(100, 999) for _ in flat], dtype=np.int64),
    )


def test_histories_are_lowered_as_if_all_goods_were_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = random.Random(5)
    for _ in range(60):
        ids = np.array(sorted(rng.sample(range(100), 12)), dtype=np.int64)
        series = make_series(rng, len(ids))
        cuts = [
            OfferedCut(
                variant_id=np.array(rng.sample(range(100), rng.randint(0, 25)), dtype=np.int64),
                starts=(begins := rng.randint(0, 900)),
                ends=begins + rng.randint(1, 300),
                percent=rng.choice((None, 10.0)),
                amount_minor=50,
                group=rng.choice(("", "a")),
            )
            for _ in range(rng.randint(0, 4))
        ]
        monkeypatch.setattr(offered, "list_cuts", lambda _market, _now, told=cuts: told)
        found = offered.lower_by_offers(series, ids, market="us", now=NOON)
        expected = lower_series(series, ids, cuts)
        for name in ("offsets", "start", "amount"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()


def test_past_offers_are_read_only_where_a_law_compares(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, everything = list[str](), dict[str, Any](offer={"scope": {}}, market_code="us")
    campaign = make_draft("all", **everything)
    monkeypatch.setattr(offered, "list_cuts", lambda market, _now: told.append(market) or [])
    PromotionLaw.objects.update(percent_is_claim=True)
    judge_campaign(campaign_id=campaign.pk, now=NOON)
    assert set(told) == {"us"}
    PromotionLaw.objects.update(percent_is_claim=False)
    told.clear()
    judge_campaign(campaign_id=campaign.pk, now=NOON)
    assert told == []
    campaign.claims = {"was_minor": 500}
    campaign.save()
    judge_campaign(campaign_id=campaign.pk, now=NOON)
    assert told == ["us"]
