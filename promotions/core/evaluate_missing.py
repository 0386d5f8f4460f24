"""What a cart still needs before a benefit on sets or tiers gives anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

from promotions.core.carts import CartLineValue
from promotions.core.circumstances import Failure
from promotions.core.terms import Bundle, BuyGet, GroupOf, Tiers, pools_of
from promotions.core.values import BenefitKind, OfferValue, Target


def find_missing(offer: OfferValue, lines: Sequence[CartLineValue]) -> tuple[Failure, ...]:
    """Return the near failure of a set that is not full or a first step not reached, if any."""
    terms = offer.benefit.terms
    if not isinstance(terms, BuyGet | GroupOf | Bundle | Tiers):
        return ()
    pools = pools_of(terms, offer.scope, lines)
    if offer.benefit.kind is BenefitKind.SPEND_TIERS:
        missing_minor = _first(offer) - sum(lines[i].value_minor for i in pools[0])
        return (Failure("cart_value_below", missing_minor),) if missing_minor > 0 else ()
    missing = _missing_units(offer, lines, pools)
    return (Failure("cart_quantity_below", 0, missing),) if missing > 0 else ()


def _first(offer: OfferValue) -> int:
    terms = offer.benefit.terms
    return terms.steps[0].at_least if isinstance(terms, Tiers) else 0


def _missing_units(
    offer: OfferValue, lines: Sequence[CartLineValue], pools: Sequence[Collection[int]]
) -> int:
    terms = offer.benefit.terms
    if isinstance(terms, Bundle):
        return _missing_in_bundle(terms, lines, pools)
    counts = [sum(lines[i].quantity for i in pool) for pool in pools]
    if isinstance(terms, BuyGet):
        if terms.get_scope is not None:
            return max(0, terms.buy - counts[0]) + max(0, 1 - counts[1])
        return terms.buy + 1 - counts[0]
    if isinstance(terms, GroupOf):
        return terms.size - counts[0]
    if offer.benefit.target is not Target.CART:
        counts = [max((lines[i].quantity for i in pools[0]), default=0)]
    return _first(offer) - counts[0]


def _missing_in_bundle(
    bundle: Bundle, lines: Sequence[CartLineValue], pools: Sequence[Collection[int]]
) -> int:
    """Return how many units one bundle lacks: the worst any of its parts together are short."""
    worst = 0
    for size in range(1, len(bundle.parts) + 1):
        for chosen in combinations(range(len(bundle.parts)), size):
            wanted = sum(bundle.parts[part].quantity for part in chosen)
            fitting = frozenset().union(*(pools[part] for part in chosen))
            worst = max(worst, wanted - sum(lines[i].quantity for i in fitting))
    return worst
