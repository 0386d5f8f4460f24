"""Explanation of a price: the decision computed again, with inputs removed in order.

The inputs of a decision act on each other: purchases on offer count only where there is interest,
a draw moves only a price that a signal lets move. So no share of one input "alone" adds up. Inputs
are taken away one after the other, in the fixed order of INPUTS, and each row is the difference
that one makes to the price with all inputs after it: the rows sum exactly, and the price without
the first k inputs differs from the price by exactly their rows. Both come from deciding again with
the function that decided; nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.optimum.core.decide import Decisions, HeldQuotes, decide_price_points, settle
from pricing.optimum.core.quote import (
    PricePointTable,
    VariantTerms,
    build_price_points,
    choose_price_points,
    example_terms,
)
from pricing.optimum.core.signals import ShopperSignals, SignalWeights, sensitivity_boost
from shop.ground.kernel.translation import gettext_noop, translate

# In the order in which they are taken away: the latest cause first, so that what is left is a
# decision that could have been made. A prepared price stands in for signals where these are lost.
INPUTS = ("hold", "test", "offers", "deals", "interest", "book")
SIGNAL_INPUTS = ("offers", "deals", "interest")


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """Everything that prices of m variants were decided from, for one shopper.

    `draw` (m,) are the drawn quantiles, None where nothing was drawn; `book_minor` (m,) the
    prepared prices that stood in for the model, 0 where none did.
    """

    signals: ShopperSignals
    terms: VariantTerms
    weights: SignalWeights
    policy: Policy
    held: HeldQuotes
    now_ms: int
    draw: IntArray | None
    is_held_out: bool
    book_minor: IntArray | None

    def decide(self) -> Decisions:
        """Return the decisions, made by the function that serves prices."""
        return decide_price_points(
            self.terms,
            build_price_points(self.terms, self.policy, self.draw),
            sensitivity_boost(self.signals, self.weights),
            self.policy,
            held=self.held,
            now_ms=self.now_ms,
            is_allowed=True,
            is_stale=False,
            is_held_out=self.is_held_out,
            book_minor=self.book_minor,
        )

    def without(self, name: str) -> DecisionInputs:
        """Return the inputs as if one of INPUTS had never been."""
        if name in SIGNAL_INPUTS:
            return replace(self, signals=self.signals.without(name))
        if name == "hold":
            return replace(self, held=HeldQuotes.nothing(len(self.terms)))
        return replace(self, draw=None) if name == "test" else replace(self, book_minor=None)

    def has(self, name: str) -> bool:
        """Return whether taking this input away can change anything at all."""
        if name == "hold":
            return bool(self.held.quoted_minor.any())
        if name == "test":
            return self.draw is not None and self.policy.exploration > 0.0
        if name == "book":
            return self.book_minor is not None and bool(self.book_minor.any())
        return self.signals.has(name)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The prices of m variants as inputs are taken away: (m,) each, the quoted price first.

    `without_minor[k]` is the price without the first k + 1 of INPUTS; the last is the public price.
    """

    public_minor: IntArray
    quoted_minor: IntArray
    without_minor: tuple[IntArray, ...]

    def amounts(self) -> dict[str, IntArray]:
        """Return what each input adds to the price, (m,) each; with the public price they sum to
        the quoted one."""
        before = (self.quoted_minor, *self.without_minor)
        return {name: before[at] - before[at + 1] for at, name in enumerate(INPUTS)}

    def rows(self, position: int) -> list[tuple[str, int]]:
        """Return the rows of one variant, the public price first; an input that did nothing has
        none."""
        amounts = {name: int(values[position]) for name, values in self.amounts().items()}
        last = [(name, amounts[name]) for name in reversed(INPUTS) if amounts[name]]
        return [("public", int(self.public_minor[position])), *last]

    def counterfactuals(self, position: int) -> list[tuple[str, int]]:
        """Return the price of one variant after each input that did something is taken away, with
        those before it."""
        return list(self._steps(position))

    def _steps(self, position: int) -> Iterator[tuple[str, int]]:
        price = int(self.quoted_minor[position])
        for name, values in zip(INPUTS, self.without_minor, strict=True):
            if int(values[position]) != price:
                price = int(values[position])
                yield f"without_{name}", price


def explain_prices(inputs: DecisionInputs, decided: Decisions | None = None) -> Explanation:
    """Return the explanation of every price decided from `inputs`; `decided` if it is known.

    >>> explain_prices(example_inputs()).rows(0)
    [('public', 400), ('interest', -11), ('deals', -10)]
    >>> explain_prices(example_inputs()).counterfactuals(0)
    [('without_deals', 389), ('without_interest', 400)]
    """
    quoted = (decided or inputs.decide()).quoted_minor
    prices, price = list[IntArray](), quoted
    for name in INPUTS:
        if inputs.has(name):
            inputs = inputs.without(name)
            price = inputs.decide().quoted_minor
        prices.append(price)
    return Explanation(inputs.terms.public_minor, quoted, tuple(prices))


@dataclass(frozen=True, slots=True)
class Moved:
    """Which prices a test moved and which an earlier promise keeps, (m,): those whose explanation
    has a row for it."""

    by_test: BoolArray
    by_hold: BoolArray


def find_moved(
    terms: VariantTerms,
    rungs: PricePointTable,
    boost: FloatArray,
    policy: Policy,
    decided: Decisions,
    *,
    is_held_out: bool,
) -> Moved:
    """Return what moved the prices decided from `rungs` and `boost`; the request path asks this.

    >>> one = example_inputs()
    >>> rungs, boost = build_price_points(one.terms, one.policy), np.array([[0.5]])
    >>> find_moved(one.terms, rungs, boost, one.policy, one.decide(), is_held_out=False).by_test
    array([False])
    """

    def serve(model_minor: IntArray) -> IntArray:
        nothing = HeldQuotes.nothing(len(terms))
        return settle(
            model_minor, terms, policy, held=nothing, now_ms=0, is_held_out=is_held_out
        ).minor

    unheld = serve(decided.model_minor)
    by_test = np.zeros(len(terms), dtype=np.bool_)
    if rungs.draw is not None:
        by_test = unheld != serve(choose_price_points(terms, replace(rungs, draw=None), boost)[0])
    return Moved(by_test=by_test, by_hold=decided.quoted_minor != unheld)


def example_inputs() -> DecisionInputs:
    """Return the inputs of one price of somebody who looked around and bought on offer."""
    three = np.array([[3.0]])
    return DecisionInputs(
        signals=ShopperSignals(three, np.array([[80.0]]), 0 * three, three, three, 0 * three),
        terms=example_terms(),
        weights=SignalWeights(),
        policy=Policy(),
        held=HeldQuotes.nothing(1),
        now_ms=0,
        draw=None,
        is_held_out=False,
        book_minor=None,
    )


# code -> what held the price; behind a prefix: why a rule gave way, or what to be careful about
_SENTENCES: Mapping[str, str] = {
    "floor": gettext_noop(
        "Held by the price floor: cost with the least margin, or a minimum price"
    ),
    "ceiling": gettext_noop("Held by the price ceiling"),
    "observational": gettext_noop(
        "No randomized prices back this elasticity: a price point beyond the prices of four weeks "
        "at most"
    ),
    "cooldown": gettext_noop("The price changed recently and is on hold"),
    "step_cap": gettext_noop("Held by the largest step a day"),
    "competitor_band": gettext_noop("Held by the distance to the lowest competitor"),
    "target_margin": gettext_noop("Held by the target margin"),
    "no_feasible_price": gettext_noop("Floor and ceiling leave no price: nothing was changed"),
    "scarce_stock": gettext_noop(
        "The stock would not last until the next delivery: a unit is worth more"
    ),
    "clearing": gettext_noop("The stock must be gone by a day: the price only falls, as planned"),
    "not_credible": gettext_noop("A better price is likely, but not likely enough"),
    "relaxed:step_cap": gettext_noop(
        "No price within a day's step: the price goes there step by step"
    ),
    "relaxed:competitor_band": gettext_noop(
        "No price within the distance to competitors: that rule gave way"
    ),
    "relaxed:target_margin": gettext_noop("No price reaches the target margin: that rule gave way"),
    "relaxed:no_feasible_price": gettext_noop(
        "Floor and ceiling leave no price: nothing was changed"
    ),
    "gate:not_a_price": gettext_noop("The proposal was no price: nothing was changed"),
    "gate:absurd": gettext_noop("The proposal was implausibly far away: nothing was changed"),
    "gate:stale_model": gettext_noop("The demand model is too old: nothing was changed"),
    "gate:not_allowed": gettext_noop("There is no demand model: nothing was changed"),
    "gate:below_floor": gettext_noop("Raised to the floor"),
    "gate:above_ceiling": gettext_noop("Lowered to the ceiling"),
    "gate:above_emergency_cap": gettext_noop("Lowered to the legal cap of an emergency"),
    "gate:step_cap": gettext_noop("Goes there step by step: a day allows no more"),
    "gate:hold": gettext_noop("The last price must hold for its minimum time"),
    "gate:too_many_changes": gettext_noop("No more changes today"),
    "badge:cost_unknown": gettext_noop("Cost unknown: assumed as a share of the list price"),
    "badge:below_cost": gettext_noop("Sold for less than cost and the least margin"),
    "badge:not_a_number": gettext_noop("The model returned an invalid number: the price stays"),
    "badge:no_model": gettext_noop("No demand model: the price stays"),
    "badge:no_sales": gettext_noop(
        "Too few sales for an elasticity of its own: that of its family is used"
    ),
    "badge:new_item": gettext_noop("New: starts at the list price"),
    "badge:one_price": gettext_noop("Never had another price: nothing is known of its elasticity"),
    "badge:lone_in_category": gettext_noop("Alone in its category: nothing to learn from siblings"),
    "badge:feed_currency": gettext_noop("A competitor's price in another currency was not used"),
    "badge:feed_outlier": gettext_noop("A competitor's price was implausible and was not used"),
    "badge:observational": gettext_noop("Elasticity from observation, not from randomized prices"),
}


def say_rule(code: str, language: str) -> str:
    """Return the sentence of a rule, "relaxed:" rule or "badge:" code; else the code itself.

    >>> say_rule("ceiling", "en"), say_rule("ceiling", "zh-hans")
    ('Held by the price ceiling', '受最高价限制')
    """
    return translate(_SENTENCES[code], language) if code in _SENTENCES else code


def say_why(
    bound: Iterable[str], relaxed: Iterable[str], badges: Iterable[str], language: str
) -> list[str]:
    """Return the sentences behind a proposal: what bound, what gave way, what to be careful about.

    A badge that says what a rule has said already is left out.

    >>> say_why(["ceiling"], ["step_cap"], [], "en")[0]
    'Held by the price ceiling'
    >>> len(say_why(["observational"], [], ["observational", "no_sales"], "en"))
    2
    """
    held = list(bound)
    doubts = (f"badge:{one}" for one in badges if one not in held)
    codes = [*held, *(f"relaxed:{one}" for one in relaxed), *doubts]
    return [say_rule(code, language) for code in codes]
