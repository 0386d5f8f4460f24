"""Why this price: parts that sum exactly, and counterfactuals that are true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.core.decide import Held, decide
from pricing.core.explain import FACTORS, counterfactuals, split_price
from pricing.core.quote import quote_prices
from pricing.core.signals import FACTOR_OF, RAW_SIGNALS, ShopperSignals, SignalWeights
from pricing.core.texts import _EN, _ZH, say
from pricing.core.values import Policy
from tests.factories.pricing import make_terms

WEIGHTS, POLICY = SignalWeights(deals=0.9), Policy()


def draw(m: int, seed: int) -> tuple[ShopperSignals, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return ShopperSignals(**{name: rng.gamma(0.6, 6.0, (1, m)) for name in RAW_SIGNALS}), rng


def test_a_thousand_prices_are_the_sum_of_their_parts() -> None:
    signals, rng = draw(1_000, 1)
    public = rng.integers(60, 4_000, 1_000)
    terms = make_terms(public)
    held = Held(
        quoted_minor=np.where(rng.random(1_000) < 0.4, (public * 0.93).astype(np.int64), 0),
        public_minor=public,
        discount_minor=(public * 0.07).astype(np.int64),
        issued_ms=np.zeros(1_000, dtype=np.int64),
        expires_ms=rng.integers(0, 20_000_000, 1_000),
    )
    made = decide(signals, terms, WEIGHTS, POLICY, held=held, now_ms=10_000_000)
    parts = split_price(signals, terms, WEIGHTS, made)
    for place in range(1_000):
        listed = parts.of(place)
        assert sum(amount for _, amount in listed) == made.quoted_minor[place]
        assert listed[0] == ("public", public[place])
        assert all(amount < 0 for name, amount in listed[1:] if name != "guard")


def test_a_thousand_counterfactuals_are_what_would_be_quoted_without_the_factor() -> None:
    signals, rng = draw(1_000, 2)
    terms = make_terms(rng.integers(60, 4_000, 1_000))
    found = counterfactuals(signals, terms, WEIGHTS, POLICY)
    for factor in FACTORS:
        blank = {name: np.zeros((1, 1_000)) for name, owner in FACTOR_OF.items() if owner == factor}
        again = quote_prices(replace(signals, **blank), terms, WEIGHTS, POLICY)
        assert (found[f"without_{factor}"] == again.quoted_minor[0]).all()
    assert (found["without_interest"] == terms.public_minor).all()
    assert (found["without_deals"] > quoted(signals, terms)).any()


def quoted(signals: ShopperSignals, terms: object) -> np.ndarray:
    return quote_prices(signals, terms, WEIGHTS, POLICY).quoted_minor[0]


def test_every_sentence_exists_in_both_languages() -> None:
    assert _EN.keys() == _ZH.keys()
    assert say("hold", "zh-hans") != say("hold", "en")
