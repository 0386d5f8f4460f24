"""Looks at public prices change elasticities: each hour once, as soon as it is counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from pricing.models import OnlineEvidence, PriceShock, PublicPrice
from pricing.selectors.evidence import add_evidence, load_evidence
from pricing.selectors.versions import load_active_model
from pricing.services import turn_price_shocks
from pricing.services.learning import learn_online
from pricing.services.look_counts import drain_looks
from shop.catalog.models import Category
from tests.factories.looks import buy_shown, look_and_buy, show
from tests.factories.pricing import NOON, Dairy, make_shopper, open_dairy
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")


def at(minutes: float, start: datetime = NOON) -> datetime:
    return start + timedelta(minutes=minutes)


def counts() -> tuple[int, int, int, int]:
    row = OnlineEvidence.objects.get(is_current=True)
    return row.exposures, row.purchases, row.pending_exposures, row.pending_purchases


def test_an_hour_of_looks_counts_for_now_and_then_once_for_good(dairy: Dairy) -> None:
    open_dairy()
    alice = make_shopper()
    for minute in (5, 55):
        views = show(None, [dairy.brie, dairy.rye], now=at(minute))
    buy_shown(alice, views[dairy.brie], "order-1", now=at(55))
    drain_looks()
    learn_online(now=at(57))
    assert counts() == (0, 0, 4, 1)
    # The first look can no longer be bought at, the last one of the hour can.
    learn_online(now=at(100))
    assert counts() == (0, 0, 4, 1)
    show(None, [dairy.rye], now=at(65))
    drain_looks()
    learn_online(now=at(151))
    assert counts() == (4, 1, 1, 0)
    learn_online(now=at(211))
    assert counts() == (5, 1, 0, 0)
    learn_online(now=at(212))
    assert counts() == (5, 1, 0, 0)


def test_a_look_says_how_often_everybody_buys(dairy: Dairy) -> None:
    open_dairy()
    for number in range(6):
        view = show(None, [dairy.brie, dairy.rye])[dairy.brie]
        buy_shown(make_shopper(), view, f"order-{number}")
    drain_looks()
    learn_online(now=at(3))
    known = load_evidence(PLACE)
    assert known is not None
    level = dict(zip(known.variant_id.tolist(), known.level.tolist(), strict=True))
    assert level[dairy.brie] > level[dairy.rye] + 1.0
    price = PublicPrice.objects.get(variant_id=dairy.brie)
    row = known.variant_id.tolist().index(dairy.brie)
    assert known.reference[row] == pytest.approx(np.log(price.public_minor))
    assert known.anchor_minor[row] == price.anchor_minor


def test_what_the_weeks_draw_did_to_sales_is_learned() -> None:
    teas = make_teas(24)
    open_tea_shop(teas)
    before = dict.fromkeys(teas, 4)
    look_and_buy(teas, at(-30, MONDAY), before)
    turn_price_shocks(now=MONDAY)
    shocked = dict(PriceShock.objects.values_list("variant_id", "direction"))
    # Down a rung (4 %) and twice the sales: nobody is that keen, which is the point.
    after = {tea: {-1: 8, 0: 4, 1: 2}[shocked.get(tea, 0)] for tea in teas}
    look_and_buy(teas, at(5, MONDAY), after)
    drain_looks()
    learn_online(now=at(20, MONDAY))
    family = np.full(len(teas), Category.objects.get(depth=0).pk)
    model = load_active_model()
    learned = add_evidence(model, PLACE)
    assert model is not None
    assert learned is not None
    ids = np.array(sorted(teas))
    believed, now = (one[1].elasticities(ids, family) for one in (model, learned))
    assert (now[0] > believed[0] + 0.01).all()
    moved = np.isin(ids, list(shocked))
    assert now[0][moved].min() > now[0][~moved].max()
    assert (now[1] < believed[1]).all()
    assert learn_online(now=at(21, MONDAY)).pending == 2 * 12 * len(teas)
