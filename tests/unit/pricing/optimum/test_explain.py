"""Why this price: rows that sum exactly, and prices without inputs that are decided again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pricing.base.core.texts import say, say_without
from pricing.base.core.values import Policy
from pricing.optimum.core.decide import HeldQuotes
from pricing.optimum.core.explain import INPUTS, DecisionInputs, explain_prices, find_moved
from pricing.optimum.core.quote import build_price_points
from pricing.optimum.core.signals import FACTOR_OF, RAW_SIGNALS, ShopperSignals, SignalWeights
from pricing.optimum.core.signals import sensitivity_boost as boost_of
from tests.factories.pricing import make_terms

WEIGHTS, POLICY = SignalWeights(deals=0.9), Policy(exploration=0.5)
COUNT, NOW_MS = 1_000, 10_000_000


def make_inputs(seed: int, **changes: object) -> DecisionInputs:
    """A thousand decisions: weak and strong signals, draws, promises alive, remembered and over."""
    rng = np.random.default_rng(seed)
    signals = {name: rng.gamma(0.6, 6.0, (1, COUNT)) for name in RAW_SIGNALS}
    signals |= {name: rng.gamma(0.6, 6.0, (1, 1)) for name in ("activity", "deals", "offers")}
    public = rng.integers(60, 4_000, COUNT)
    some = rng.random(COUNT) < 0.4
    held = HeldQuotes(
        quoted_minor=np.where(some, np.ceil(public * 0.93).astype(np.int64), 0),
        public_minor=np.where(some, public, 0),
        discount_minor=np.where(some, public - np.ceil(public * 0.93).astype(np.int64), 0),
        issued_ms=np.zeros(COUNT, dtype=np.int64),
        expires_ms=np.where(some, rng.integers(0, 200_000_000, COUNT) - 90_000_000, 0),
    )
    inputs = DecisionInputs(
        signals=ShopperSignals(**signals),
        terms=make_terms(public, elasticity=2.6),
        weights=WEIGHTS,
        policy=POLICY,
        held=held,
        now_ms=NOW_MS,
        draw=rng.integers(0, 100, COUNT),
        is_held_out=False,
        book_minor=None,
    )
    return replace(inputs, **changes)  # type: ignore[arg-type]  # tests name fields freely


def blank(inputs: DecisionInputs, name: str) -> DecisionInputs:
    """Take an input away by hand, not by the code under test."""
    if name == "hold":
        return replace(inputs, held=HeldQuotes.nothing(COUNT))
    if name == "test":
        return replace(inputs, policy=replace(inputs.policy, exploration=0.0))
    if name == "book":
        return replace(inputs, book_minor=np.zeros(COUNT, dtype=np.int64))
    zeros = {one: np.zeros((1, COUNT)) for one, owner in FACTOR_OF.items() if owner == name}
    return replace(inputs, signals=replace(inputs.signals, **zeros))


def prepared(inputs: DecisionInputs) -> DecisionInputs:
    """The same shopper with Redis lost: no signals, but prices prepared for them."""
    none = ShopperSignals(**{name: np.zeros((1, COUNT)) for name in RAW_SIGNALS})
    low = np.ceil(inputs.terms.public_minor * 0.95).astype(np.int64)
    return replace(inputs, signals=none, draw=None, book_minor=low)


@pytest.mark.parametrize("kind", ["personal", "prepared", "held out"])
def test_a_thousand_explanations_repeat_the_decision_without_its_inputs(
    kind: str,
) -> None:
    inputs = make_inputs(1, is_held_out=kind == "held out")
    inputs = prepared(inputs) if kind == "prepared" else inputs
    found = explain_prices(inputs)
    assert (found.quoted_minor == inputs.decide().quoted_minor).all()
    left, amounts = inputs, found.amounts()
    for name, price in zip(INPUTS, found.without_minor, strict=True):
        before, left = left.decide().quoted_minor, blank(left, name)
        assert (price == left.decide().quoted_minor).all()
        assert (amounts[name] == before - price).all()
    assert (found.without_minor[-1] == inputs.terms.public_minor).all()
    moved = [name for name in INPUTS if amounts[name].any()]
    expected = {
        "personal": ["hold", "test", "offers", "deals", "interest"],
        "prepared": ["hold", "book"],
        "held out": ["hold"],
    }
    assert moved == expected[kind]


def test_explained_rows_sum_to_the_quoted_price() -> None:
    inputs = make_inputs(2)
    found, quoted = explain_prices(inputs), inputs.decide().quoted_minor
    lengths = set()
    for at in range(COUNT):
        rows, prices = found.rows(at), found.counterfactuals(at)
        assert rows[0] == ("public", inputs.terms.public_minor[at])
        assert sum(amount for _, amount in rows) == quoted[at]
        assert all(amount for _, amount in rows[1:])
        # Read from below, each row leads to the next price.
        names = [name.removeprefix("without_") for name, _ in prices]
        assert names == [name for name, _ in reversed(rows[1:])]
        steps = [int(quoted[at]), *(price for _, price in prices)]
        assert [a - b for a, b in pairwise(steps)] == [amount for _, amount in reversed(rows[1:])]
        lengths.add(len(rows))
    assert lengths >= {1, 2, 3, 4, 5}


def test_only_a_test_raises_a_price_never_above_public() -> None:
    inputs = make_inputs(3)
    found = explain_prices(inputs)
    amounts = found.amounts()
    assert (found.quoted_minor <= inputs.terms.public_minor).all()
    assert all((values <= 0).all() for name, values in amounts.items() if name != "test")
    assert (amounts["test"] > 0).any()
    assert (amounts["test"] < 0).any()


def test_request_path_and_explanation_agree_on_tested_prices() -> None:
    for is_held_out in (False, True):
        inputs = make_inputs(4, is_held_out=is_held_out)
        price_points = build_price_points(inputs.terms, POLICY, inputs.draw)
        moved = find_moved(
            inputs.terms,
            price_points,
            boost_of(inputs.signals, WEIGHTS),
            POLICY,
            inputs.decide(),
            is_held_out=is_held_out,
        )
        amounts = explain_prices(inputs).amounts()
        assert (moved.by_test == (amounts["test"] != 0)).all()
        assert (moved.by_hold == (amounts["hold"] != 0)).all()
        assert moved.by_test.any() != is_held_out


def test_a_shopper_without_purchases_is_told_of_none() -> None:
    inputs = make_inputs(5, held=HeldQuotes.nothing(COUNT), draw=None)
    none = np.zeros((1, 1))
    guest = replace(inputs, signals=replace(inputs.signals, deals=none))
    found = explain_prices(guest)
    names = {name for at in range(COUNT) for name, _ in found.rows(at)}
    assert names == {"public", "interest", "offers"}


def test_every_sentence_exists_in_both_languages() -> None:
    assert say("hold", "zh-hans") != say("hold", "en")
    for name in INPUTS:
        assert say(name, "en") != name
        assert say_without([f"without_{name}"], "en").startswith("Without ")
    purchases = ("bought", "purchase", "buy")
    assert not any(word in say("interest", "en") for word in purchases)
