"""What a cart still needs before a benefit on sets or tiers gives anything, or more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

from promotions.core.carts import CartLineValue
from promotions.core.circumstances import Failure
from promotions.core.terms import Bundle, BuyGet, GroupOf, Step, Tiers, pools_of
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


def find_next_step(offer: OfferValue, lines: Sequence[CartLineValue]) -> tuple[Failure, ...]:
    """Return how far it is to the next step of tiers whose first step is reached, if there is one.

    The failure's detail says what that step gives.
    """
    terms, kind = offer.benefit.terms, offer.benefit.kind
    if not isinstance(terms, Tiers) or find_missing(offer, lines):
        return ()
    covered = [line for line in lines if offer.scope.covers(line)]
    is_spend = kind is BenefitKind.SPEND_TIERS
    counts = [line.value_minor if is_spend else line.quantity for line in covered]
    on_cart = is_spend or offer.benefit.target is Target.CART
    count = sum(counts) if on_cart else max(counts, default=0)
    step = next((step for step in terms.steps if step.at_least > count), None)
    if step is None:
        return ()
    missing, gain = step.at_least - count, _gain_of(step, is_each=not is_spend)
    if is_spend:
        return (Failure("next_step_value", missing, detail=gain),)
    return (Failure("next_step_quantity", 0, missing, detail=gain),)


def _gain_of(step: Step, *, is_each: bool) -> dict[str, int | str]:
    if step.percent is not None:
        return {"percent": f"{step.percent.normalize():f}"}
    if step.price_minor is not None:
        return {"each_for_minor": step.price_minor}
    return {"each_off_minor" if is_each else "off_minor": step.amount_minor or 0}


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
