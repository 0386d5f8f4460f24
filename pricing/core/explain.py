"""Why a price is what it is: parts that sum exactly, and prices with one factor taken away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.decide import Decisions
from pricing.core.quote import VariantTerms, quote_prices
from pricing.core.signals import FACTOR_OF, ShopperSignals, SignalWeights, strengths
from pricing.core.values import FloatArray, IntArray, Policy

FACTORS = ("interest", "deals")


@dataclass(frozen=True, slots=True)
class Parts:
    """What makes up the quoted prices of m variants, arrays (m,) of signed minor units.

    public + interest + deals + trial + hold + guard = quoted, exactly. `trial` is what chance did:
    the drawn price against the one expected to be best.
    """

    public: IntArray
    interest: IntArray
    deals: IntArray
    trial: IntArray
    hold: IntArray
    guard: IntArray

    def of(self, position: int) -> list[tuple[str, int]]:
        """Return the parts of one variant, the public price first, parts of zero left out."""
        named = (
            ("public", self.public),
            ("interest", self.interest),
            ("deals", self.deals),
            ("trial", self.trial),
            ("hold", self.hold),
            ("guard", self.guard),
        )
        parts = [(name, int(values[position])) for name, values in named]
        return [(name, amount) for name, amount in parts if amount or name == "public"]


def split_price(
    signals: ShopperSignals,
    terms: VariantTerms,
    weights: SignalWeights,
    decided: Decisions,
    expected_minor: IntArray | None = None,
) -> Parts:
    """Return the parts of each decided price of one shopper.

    The discount is shared out by the strength of the factors; what is left over by rounding goes
    to interest, which every personal price has. `expected_minor` (m,) is the model's price if no
    elasticity had been drawn; without it nothing was.

    >>> from pricing.core.decide import Held, decide
    >>> from pricing.core.quote import example_terms
    >>> one, three = np.array([[80.0]]), np.array([[3.0]])
    >>> seen = ShopperSignals(three, one, 0 * one, three, three, 0 * one)
    >>> terms, weights, policy = example_terms(), SignalWeights(), Policy()
    >>> decided = decide(seen, terms, weights, policy, held=Held.nothing(1), now_ms=0)
    >>> split_price(seen, terms, weights, decided).of(0)
    [('public', 400), ('interest', -17), ('deals', -4)]
    """
    public = terms.public_minor
    expected = decided.model_minor if expected_minor is None else expected_minor
    discount = public - expected
    after_hold = np.minimum(decided.model_minor, decided.limit_minor)
    deals = np.floor(discount * _share(signals, weights, "deals")[0] + 0.5).astype(np.int64)
    return Parts(
        public=public,
        interest=deals - discount,
        deals=-deals,
        trial=decided.model_minor - expected,
        hold=after_hold - decided.model_minor,
        guard=decided.quoted_minor - after_hold,
    )


def _share(signals: ShopperSignals, weights: SignalWeights, factor: str) -> FloatArray:
    parts = strengths(signals, weights)
    total = sum(parts.values())
    part = sum(values for name, values in parts.items() if FACTOR_OF[name] == factor)
    share: FloatArray = np.where(total > 0.0, part / np.where(total > 0.0, total, 1.0), 0.0)
    return share


def counterfactuals(
    signals: ShopperSignals,
    terms: VariantTerms,
    weights: SignalWeights,
    policy: Policy,
    place: IntArray | None = None,
) -> dict[str, IntArray]:
    """Return the prices the model would quote with one factor removed and the same draw, each (m,).

    Recomputed by the same function as the price itself, not estimated; earlier promises are left
    out, since they come from the factor that is thought away.

    >>> from pricing.core.quote import example_terms
    >>> none, three = np.zeros((1, 1)), np.array([[3.0]])
    >>> seen = ShopperSignals(three, none, none, three, three, none)
    >>> prices = counterfactuals(seen, example_terms(), SignalWeights(), Policy())
    >>> {name: int(price[0]) for name, price in prices.items()}
    {'without_interest': 400, 'without_deals': 389}
    """
    return {
        f"without_{factor}": quote_prices(
            signals.without(factor), terms, weights, policy, place=place
        ).quoted_minor[0]
        for factor in FACTORS
    }
