"""Price tests are named, labelled and switched off; explanations are what serving decides again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pricing.api import (
    drain_quotes,
    get_quote,
    publish_price_book,
    quote_listing,
    quote_variants,
    replay_quote,
    set_kill_switch,
    turn_price_shocks,
)
from pricing.base.core.values import PriceView
from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.core.record import PUBLIC_TEST, is_test_code
from pricing.ledger.models.quotes import Quote
from pricing.optimum.core.explain import INPUTS
from pricing.quoting.selectors.serving import FRESH_SECONDS, Serving, forget_serving
from pricing.quoting.services import quoting
from pricing.quoting.services.deciding import read_shopper_state
from pricing.quoting.services.returns import HEARD
from profiles.values import ShopperValue
from tests.factories.pricing import NOON, look_at, make_model, make_treated, visit
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
LATER = NOON + timedelta(hours=2)
NEW_YORK = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."


@dataclass
class Knowing:
    """Stands between serving and Redis: what shoppers bought and opened, and what is forgotten."""

    extra: dict[str, dict[str, float]] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)

    def __call__(self, **asked: Any) -> Any:
        state = read_shopper_state(**asked)
        assert state.features is not None
        values = {**state.features.values, **self.extra.get(asked["pseudonym"], {})}
        own, kinds = state.features.variant_affinity, state.features.category_affinity
        if "deals" in self.forgotten:
            values["discounted"] = 0.0
        if "offers" in self.forgotten:
            values["offer_clicks"] = 0.0
        if "interest" in self.forgotten:
            own, kinds = {}, {}
        features = replace(
            state.features, values=values, variant_affinity=own, category_affinity=kinds
        )
        return replace(
            state, features=features, held={} if "hold" in self.forgotten else state.held
        )


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> Knowing:
    told = Knowing()
    monkeypatch.setattr(quoting, "read_shopper_state", told)
    monkeypatch.setattr(
        Serving, "has_tests_off", lambda _self, _market: "test" in told.forgotten, raising=True
    )
    return told


def open_shop(count: int = 40) -> list[int]:
    """Teas whose elasticity is uncertain, so that draws differ; chance moves no public price."""
    teas = make_teas(count)
    open_tea_shop(teas, shock_share=0.0)
    make_model(dict.fromkeys(teas, 2.4), trained_at=NOON - timedelta(hours=1), deals=0.9)
    publish_price_book(now=NOON, everything=True)
    return teas


def ask(shopper: ShopperValue, teas: list[int], now: datetime = LATER, **changes: Any) -> Any:
    return quote_variants(context=visit(shopper, now, **changes), variant_ids=teas).prices


def test_a_thousand_explained_quotes_match_serving_without_their_inputs(
    knowing: Knowing,
) -> None:
    teas, rng = open_shop(), np.random.default_rng(7)
    checked, seen = 0, set[str]()
    for number in range(25):
        shopper = make_treated()
        look_at(shopper, rng.choice(teas, rng.integers(1, 9)).tolist())
        # Every other shopper was promised a price when more was known of them.
        if number % 2:
            knowing.extra[shopper.pseudonym] = {"discounted": 300.0, "offer_clicks": 30.0}
            ask(shopper, teas, NOON + timedelta(minutes=5))
        knowing.extra[shopper.pseudonym] = {
            "discounted": float(rng.choice([0.0, 30.0])),
            "offer_clicks": float(rng.choice([0.0, 4.0])),
        }
        views = ask(shopper, teas)
        drain_quotes()
        left = [amounts_without(knowing, shopper, teas, INPUTS[: at + 1]) for at in range(6)]
        for at, tea in enumerate(teas):
            steps = [views[tea].quoted_minor, *(prices[at] for prices in left)]
            rows = check_trace(get_quote(views[tea].quote_id), steps)
            seen |= rows.keys()
            checked += bool(rows)
        assert replay_quote(quote_id=views[teas[0]].quote_id).is_identical
    assert checked >= 1_000 - 40
    assert seen == {"public", "hold", "test", "offers", "deals", "interest"}


def check_trace(trace: Any, steps: list[int]) -> dict[str, int]:
    """Compare a stored explanation with the prices that serving gave; return its rows, none for a
    promise that itself stands, with the explanation it was made with."""
    if trace.issued_at != LATER:
        return {}
    moved = [k for k in range(len(INPUTS)) if steps[k] != steps[k + 1]]
    rows = {one.code: one.amount_minor for one in trace.reasons}
    assert rows == {
        "public": trace.public_minor,
        **{INPUTS[k]: steps[k] - steps[k + 1] for k in moved},
    }
    assert sum(rows.values()) == trace.quoted_minor == steps[0]
    prices = [(one.code, one.quoted_minor) for one in trace.counterfactuals]
    assert prices == [(f"without_{INPUTS[k]}", steps[k + 1]) for k in moved]
    by_test = "test" in rows or rests_on_test(trace)
    assert is_test_code(trace.label_code) == (trace.is_personal and by_test)
    return rows


def amounts_without(
    knowing: Knowing, shopper: ShopperValue, teas: list[int], names: tuple[str, ...]
) -> list[int]:
    """Ask the serving function for prices with some of its inputs gone; it stores nothing."""
    knowing.forgotten = set(names)
    found = quote_listing(context=visit(shopper, LATER), variant_ids=np.array(teas))
    knowing.forgotten = set()
    return found.tolist()


def rests_on_test(trace: Any) -> bool:
    """Whether an earlier promise holds whose price a test had moved."""
    if "hold" not in {one.code for one in trace.reasons}:
        return False
    earlier = Quote.objects.filter(
        shopper_hash=trace.shopper_hash, variant_id=trace.variant_id, issued_at__lt=trace.issued_at
    ).latest("issued_at")
    return is_test_code(earlier.label_code)


LABELS = {
    "US-NY": (
        f"{NEW_YORK} It is part of a price test.",
        f"{NEW_YORK} 此价格由算法使用您的个人数据设定，属于价格测试。",
    ),
    "DE": (
        "Personalised price, set automatically, part of a price test",
        "个性化价格，由系统自动设定，属于价格测试",
    ),
    "CN": ("Personalised price, part of a price test", "个性化价格，属于价格测试"),
    "US-other": (
        "Personal price, set automatically and part of a price test",
        "个人专属价格，由系统自动设定，属于价格测试",
    ),
}


def split(views: dict[int, PriceView]) -> tuple[list[PriceView], list[PriceView]]:
    """Return the personal prices that a test moved, and the others."""
    personal = [one for one in views.values() if one.is_personal]
    return [one for one in personal if is_test_code(one.label_code)], [
        one for one in personal if not is_test_code(one.label_code)
    ]


def test_a_price_moved_by_a_test_is_labelled_everywhere(knowing: Knowing) -> None:
    teas = open_shop()
    shopper = make_treated()
    look_at(shopper, teas[:3])
    for code, (english, chinese) in LABELS.items():
        tested, untested = split(ask(shopper, teas, jurisdiction_code=code))
        assert tested, code
        assert untested, code
        assert {one.label for one in tested} == {english}
        assert not {one.label for one in untested} & {english}
        again, _ = split(ask(shopper, teas, jurisdiction_code=code, language="zh-hans"))
        assert {one.label for one in again} == {chinese}
        assert all(one.quoted_minor <= one.public_minor for one in tested)
        assert not any("activity" in one.label for one in tested)


def throw(market: str, at: datetime, *, is_active: bool = True) -> None:
    set_kill_switch(
        scope="tests", key=market, is_active=is_active, reason="test", by_id=None, now=at
    )
    forget_serving()


def test_a_switch_ends_price_tests_but_no_personal_prices() -> None:
    teas = make_teas()
    open_tea_shop(teas)
    turn_price_shocks(now=MONDAY)
    now = MONDAY + timedelta(minutes=1)
    everybody = quote_variants(context=visit(None, now), variant_ids=teas).prices
    moved = set(PriceShock.objects.filter(is_applied=True).values_list("variant_id", flat=True))
    assert {one for one, view in everybody.items() if view.label_code == PUBLIC_TEST} == moved
    assert {view.label for one, view in everybody.items() if one in moved} == {
        "Price test: the same price for everybody"
    }
    assert {view.label for one, view in everybody.items() if one not in moved} == {""}
    alice, berta = make_treated(now), make_treated(now)
    for shopper in (alice, berta):
        look_at(shopper, teas[:8], now)
    throw("elsewhere", now)  # nothing happens here
    on_test = ask(alice, teas, now)
    assert all(is_test_code(on_test[one].label_code) for one in moved)
    throw("us", now)
    after = now + HEARD
    time.sleep(FRESH_SECONDS)
    everybody = quote_variants(context=visit(None, after), variant_ids=teas).prices
    assert {(one.public_minor, one.label_code) for one in everybody.values()} == {(459, "")}
    calm = ask(berta, teas, after)
    assert any(one.is_personal for one in calm.values())
    assert not any(is_test_code(one.label_code) for one in calm.values())
    drain_quotes()
    drawn = Quote.objects.filter(issued_at=after).values_list("inputs__draw", flat=True)
    assert set(drawn) == {-1}
    # What was promised is kept: never dearer than before.
    kept = ask(alice, teas, after)
    assert all(kept[one].quoted_minor <= on_test[one].quoted_minor for one in teas)
    # The next book knows of the switch, and no week of tests begins while it is on.
    publish_price_book(now=after + timedelta(minutes=5))
    PriceShock.objects.all().delete()
    assert turn_price_shocks(now=MONDAY + timedelta(days=7)) is not None
    assert not PriceShock.objects.exists()


def test_a_price_kept_low_after_a_test_keeps_its_label(knowing: Knowing) -> None:
    teas, kept = open_shop(), 0
    for impressions in range(1, 6):
        shopper = make_treated()
        look_at(shopper, teas[:impressions])
        knowing.forgotten = set()
        tested, _ = split(ask(shopper, teas))
        knowing.forgotten = {"test"}
        # The quotes have expired; their discounts stay for a day.
        later = ask(shopper, teas, LATER + timedelta(hours=2))
        assert all(later[one.variant_id].quoted_minor <= one.quoted_minor for one in tested)
        calm = amounts_without(knowing, shopper, teas, ("hold", "test"))
        prices = dict(zip(teas, calm, strict=True))
        for one in tested:
            if one.quoted_minor < prices[one.variant_id]:
                assert is_test_code(later[one.variant_id].label_code)
                kept += 1
    assert kept
