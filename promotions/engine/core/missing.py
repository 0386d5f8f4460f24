"""Hints on what a cart still needs for an offer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from promotions.engine.core.benefits.terms import (
    Bundle,
    BuyGet,
    GroupOf,
    Step,
    Tiers,
    pools_of,
)
from promotions.engine.core.carts import CartLineValue, CartValue, sort_lines
from promotions.engine.core.conditions.leaves import Circumstances, Failure
from promotions.engine.core.stacking.plans import Candidate, Plan, best_plan
from promotions.engine.core.values import BenefitKind, OfferValue, Target


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


MAX_HINTS = 2
HALF = 50
MOST_TRIES = 6
MOST_LINES = 5

type Near = tuple[OfferValue, Failure]


@dataclass(frozen=True, slots=True)
class HintReach:
    """How far away the next step may be: a share of the cart, but at least `least_minor`.

    Nobody with products for 20.00 adds for 200.00 to get a gift: such a hint only gets in the way.

    >>> reach = HintReach(share_percent=50, least_minor=3_000)
    >>> reach.most_minor(2_000), reach.most_minor(12_000)
    (3000, 6000)
    """

    share_percent: int = HALF
    least_minor: int = 3_000

    def most_minor(self, cart_minor: int) -> int:
        """Return the largest gap worth a hint for products of `cart_minor`."""
        return max(cart_minor * self.share_percent // 100, self.least_minor)


# For who reads no hints: they cost a fifth of an evaluation.
NOWHERE = HintReach(0, 0)


def choose_hints(
    near: Sequence[Near],
    candidates: Sequence[Candidate],
    plan: Plan,
    given: Circumstances,
    reach: HintReach,
) -> list[Near]:
    """Return the closest of `near` and of the next steps of `candidates` that would give more.

    `plan` is what applies now. At most two, and none that is out of `reach`.
    """
    if reach == NOWHERE:
        return []
    steps = [
        (candidate.offer, failure)
        for candidate in candidates
        for failure in find_next_step(candidate.offer, given.cart.lines)
    ]
    most = reach.most_minor(given.cart.value_minor)
    within = [pair for pair in [*near, *steps] if _gap_of(*pair, given.cart) <= most]
    closest = sorted(within, key=lambda pair: (pair[1].missing_minor, pair[0].offer_id))
    found: list[Near] = []
    for offer, failure in closest[:MOST_TRIES]:
        if len(found) < MAX_HINTS and _gives_more(offer, failure, candidates, plan, given):
            found.append((offer, failure))
    return found


def _gap_of(offer: OfferValue, failure: Failure, cart: CartValue) -> int:
    """Return what is missing in money; pieces at the cheapest price the cart shows for them.

    Where it holds none of the products meant, its cheapest piece stands for them.
    """
    covered = [line for line in cart.lines if offer.covers(line)] or cart.lines
    unit_minor = min((line.unit_minor for line in covered), default=0)
    return failure.missing_minor + failure.missing_quantity * unit_minor


def _gives_more(
    offer: OfferValue,
    failure: Failure,
    candidates: Sequence[Candidate],
    plan: Plan,
    given: Circumstances,
) -> bool:
    """Return whether adding what is missing makes `offer` give more than it does in `plan`.

    True also where none of the products in the cart, added to, would make it hold: then it takes
    other products, and nobody can say what they will cost.
    """
    trials = _grow(offer, failure, given.cart)
    grown = next((cart for cart in trials if _holds(offer, cart, given)), None)
    if grown is None:
        return True
    others = [each for each in candidates if each.offer.offer_id != offer.offer_id]
    own = [each for each in candidates if each.offer.offer_id == offer.offer_id]
    then = best_plan([*others, *(own or [Candidate(offer)])], grown)
    says_most = offer.benefit.counts_units and not offer.rooms  # its own words name the most
    is_short = any(each.is_short for each in then.effects if each.candidate.offer == offer)
    if is_short and not says_most:
        return False  # a limit would cut what the hint promises
    return _worth_of(offer, then) > _worth_of(offer, plan)


def _grow(offer: OfferValue, failure: Failure, cart: CartValue) -> Iterator[CartValue]:
    """Yield the cart with what is missing added to one of the lines the offer covers."""
    covered = sorted(filter(offer.covers, cart.lines), key=lambda line: -line.quantity)
    for line in (covered or cart.lines)[:MOST_LINES]:
        more = [line]
        if failure.reason_code == "products_below":
            more += [_as_product(line, -n) for n in range(1, failure.missing_quantity + 1)]
        elif failure.missing_quantity:
            more = [replace(line, quantity=line.quantity + failure.missing_quantity)]
        if failure.missing_minor:
            more.append(_at_price(line, failure.missing_minor))
        rest = [each for each in cart.lines if each is not line]
        yield replace(cart, lines=sort_lines([*rest, *more]))


def _at_price(line: CartLineValue, unit_minor: int) -> CartLineValue:
    return replace(
        line,
        line_id=f"{line.line_id}+",
        quantity=1,
        unit_minor=unit_minor,
        public_minor=unit_minor,
        floor_minor=0,
    )


def _as_product(line: CartLineValue, key: int) -> CartLineValue:
    """Return one piece of another product of the same kind and price, which the cart lacks."""
    added = f"{line.line_id}{key}"
    return replace(line, line_id=added, variant_id=key, product_id=key, quantity=1)


def _holds(offer: OfferValue, cart: CartValue, given: Circumstances) -> bool:
    then = replace(given, cart=cart)
    return not offer.condition.failures(then) and not find_missing(offer, cart.lines)


def _worth_of(offer: OfferValue, plan: Plan) -> tuple[int, int]:
    """Return the money off (gifts at their price) and the points that come from `offer`."""
    own = [each for each in plan.effects if each.candidate.offer.offer_id == offer.offer_id]
    money = sum(effect.amount_minor for effect in own)
    return money, sum(effect.points for effect in own)
