"""A price seen holds: until it expires for certain, a day long against personal factors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.base.core.values import Policy
from pricing.optimum.core.decide import (
    HOUR_MS,
    MINUTE_MS,
    Decisions,
    HeldQuotes,
    decide_price_points,
)
from pricing.optimum.core.quote import VariantTerms, build_price_points
from pricing.optimum.core.signals import ShopperSignals, SignalWeights, sensitivity_boost
from tests.factories.pricing import make_signals, make_terms

WEIGHTS, POLICY = SignalWeights(), Policy()


def decide(
    signals: ShopperSignals,
    terms: VariantTerms,
    *,
    held: HeldQuotes,
    now_ms: int,
    is_allowed: bool = True,
    is_stale: bool = False,
) -> Decisions:
    """Return the decisions for one shopper, as the request path makes them."""
    return decide_price_points(
        terms,
        build_price_points(terms, POLICY),
        sensitivity_boost(signals, WEIGHTS),
        POLICY,
        held=held,
        now_ms=now_ms,
        is_allowed=is_allowed,
        is_stale=is_stale,
    )


def decide_one(
    public: int, views: float, held: HeldQuotes, now_ms: int, **changes: bool
) -> Decisions:
    """Return the decision about one variant for a shopper with so much interest."""
    signals = make_signals(1, 1, activity=views, family=views, category=views)
    terms = make_terms([public])
    return decide(signals, terms, held=held, now_ms=now_ms, **changes)


def ask(public: int, views: float, held: HeldQuotes, now_ms: int, **changes: bool) -> int:
    """Return the price that is decided."""
    return int(decide_one(public, views, held, now_ms, **changes).quoted_minor[0])


def hold(quoted: int, public: int, at_ms: int, discount: int | None = None) -> HeldQuotes:
    kept = public - quoted if discount is None else discount
    arrays = (quoted, public, kept, at_ms, at_ms + 60 * MINUTE_MS)
    return HeldQuotes(*(np.array([v], dtype=np.int64) for v in arrays))


steps = st.lists(
    st.tuples(st.integers(1, 26 * 60), st.floats(0, 12), st.sampled_from([0, 0, 0, 9, -9, 20])),
    min_size=2,
    max_size=12,
)


@settings(deadline=None, max_examples=200)
@given(st.integers(100, 2_000), steps)
def test_personal_factors_never_raise_a_price_within_a_day(
    public: int, journey: list[tuple[int, float, int]]
) -> None:
    held, now, seen = HeldQuotes.nothing(1), 0, []
    for minutes, views, change in journey:
        now += minutes * MINUTE_MS
        public = max(60, public + change)
        made = decide_one(public, views, held, now)
        price = int(made.quoted_minor[0])
        for at, before, before_public in seen:
            if now - at < 24 * HOUR_MS:
                assert price <= before + max(0, public - before_public)
        assert price <= public
        # A kept promise was made at an older public price: what that rises by may pass on later.
        seen.append((now, price, int(held.public_minor[0]) if made.is_kept[0] else public))
        if not made.is_kept[0]:
            held = hold(price, public, now, int(made.discount_minor[0]))


def test_a_valid_quote_stands_although_the_public_price_rises() -> None:
    assert ask(440, 0.0, hold(369, 400, 0), 59 * MINUTE_MS) == 369
    assert ask(440, 0.0, hold(369, 400, 0), 61 * MINUTE_MS) == 409
    assert ask(440, 0.0, hold(369, 400, 0), 26 * HOUR_MS) == 440


def test_a_lower_public_price_wins_and_the_discount_stays() -> None:
    assert ask(350, 0.0, hold(369, 400, 0), MINUTE_MS) == 319
    assert ask(300, 0.0, hold(369, 400, 0), MINUTE_MS) == 270


def test_more_interest_lowers_a_valid_quote() -> None:
    assert ask(400, 30.0, hold(389, 400, 0), MINUTE_MS) < 389


def test_a_withdrawn_consent_ends_the_promise_at_once() -> None:
    assert ask(400, 30.0, hold(369, 400, 0), MINUTE_MS, is_allowed=False) == 400


def test_an_answer_that_stands_is_kept_and_not_asked_again() -> None:
    signals = make_signals(1, 1, activity=3.0, family=3.0)
    terms = make_terms([400])
    first = decide(signals, terms, held=HeldQuotes.nothing(1), now_ms=0)
    quoted = int(first.quoted_minor[0])
    again = decide(signals, terms, held=hold(quoted, 400, 0), now_ms=MINUTE_MS)
    later = decide(signals, terms, held=hold(quoted, 400, 0), now_ms=HOUR_MS)
    moved = decide(
        signals,
        replace(terms, public_minor=np.array([quoted])),
        held=hold(quoted, 400, 0),
        now_ms=MINUTE_MS,
    )
    kept = [bool(made.is_kept[0]) for made in (first, again, later, moved)]
    assert kept == [False, True, False, False]
