"""Which allowed combination of offers is best for the shopper.

In a combination, benefits on units and lines come first, then those on sets, then those on the
cart, then gifts, delivery and points; within a stage higher priority first, then the older offer.
The best combination takes most money off; ties go to more gifts, more points, fewer offers, then
the lower offer ids. So the result is a function of the sets of lines and offers, not of their
order. Which combinations are allowed: `stacking_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from promotions.core.carts import CartValue
from promotions.core.circumstances import Failure
from promotions.core.limits import Use
from promotions.core.open_lines import OpenLine
from promotions.core.stacking_effects import Candidate, cut_fee
from promotions.core.stacking_rules import exclude_each_other, keep_first_of_ordered
from promotions.core.stacking_search import Entry, Search
from promotions.core.stacking_steps import (
    CART,
    DELIVERY,
    NOTHING,
    Plan,
    Prepared,
    is_whole,
    open_lines,
    prepare,
)
from promotions.core.stacking_units import apply_all
from promotions.core.tally import Tally
from promotions.core.terms import Delivery


def best_plan(candidates: Sequence[Candidate], cart: CartValue) -> Plan:
    """Return the best allowed combination of `candidates` on `cart` (lines in canonical order).

    What gives nothing alone is left out: no other offer makes it worth more. The rest is searched
    by branch and bound, exactly for up to six offers and for more within a bounded number of
    steps; then what is found is improved by single changes.
    """
    if len(candidates) == 1 and candidates[0].offer.category is None:
        return apply_candidates(candidates, cart) or NOTHING  # most goods: nothing to choose from
    entries = _entries(candidates, cart)
    if not entries:
        return NOTHING
    prepared = [entry.prepared for entry in entries]
    spoils = _may_spoil(prepared)
    can_hurt = spoils or any(map(_is_limited, prepared))
    if not any(entry.conflicts or entry.category for entry in entries):
        together = apply_all(prepared, cart)
        if together is not None and not spoils and _is_unbound(together, prepared):
            return together  # nothing is worth leaving out, and every limit has room for all
        can_hurt = True
    return Search(entries, cart, can_hurt=can_hurt).best()


def apply_candidates(candidates: Iterable[Candidate], cart: CartValue) -> Plan | None:
    """Return what `candidates` do together, or None if a budget or use limit is exceeded."""
    return apply_all([prepare(candidate, cart) for candidate in candidates], cart)


def find_full_limit(candidate: Candidate, cart: CartValue) -> Failure:
    """Return which limit is too small for what the offer would give on this cart."""
    offer = candidate.offer
    unlimited = replace(candidate, offer=replace(offer, rooms=(), left_minor=None))
    plan = apply_candidates((unlimited,), cart)
    for effect in () if plan is None else plan.effects:
        use = Use(effect.count, effect.amount_minor)
        refusals = [room.refusal(use) for room in offer.rooms]
        return next(filter(None, refusals), Failure("budget_spent"))
    return Failure("budget_spent")


def _entries(candidates: Sequence[Candidate], cart: CartValue) -> list[Entry]:
    """Return what may be combined, in the order of applying, with all that excludes each other."""
    prepared = sorted(
        (prepare(candidate, cart) for candidate in candidates), key=lambda one: one.sequence
    )
    lines = open_lines(cart)
    alone = [_alone_minor(one, cart, lines) for one in prepared]
    able = {i for i, one in enumerate(prepared) if alone[i] or _gives_else(one, cart)}
    kept = sorted(_in_turn(prepared, able, cart))
    masks = _conflicts([prepared[i] for i in kept])
    return [Entry(prepared[i], alone[i], mask) for i, mask in zip(kept, masks, strict=True)]


def _alone_minor(one: Prepared, cart: CartValue, lines: Sequence[OpenLine]) -> int:
    """Return the most money the candidate can take off, whatever else is applied.

    Every benefit takes less of less, so what it takes of the untouched cart bounds it; of
    delivery it is the dearest fee it could spare.
    """
    terms = one.benefit.terms
    if one.stage == DELIVERY and isinstance(terms, Delivery):
        fees = [
            cut_fee(one.benefit, terms, fee.price_minor)
            for fee in cart.deliveries
            if not terms.methods or fee.code in terms.methods
        ]
        return max(fees, default=0)
    return sum(one.reduce(lines, Tally()).taken)


def _gives_else(one: Prepared, cart: CartValue) -> bool:
    if one.stage <= CART or one.stage == DELIVERY:
        return False
    return bool((alone := apply_all([one], cart)) and alone.effects)


def _in_turn(prepared: Sequence[Prepared], able: set[int], cart: CartValue) -> set[int]:
    """Return those that could give something and whose turn it is.

    An ordered group has a turn for the first member that gives something alone and fits all limits.
    """
    places = [one.place for one in prepared]
    ordered = {i for i in able if any(group.mode == "ordered" for group in places[i].path)}
    idle = {
        i for i in ordered if not (alone := apply_all([prepared[i]], cart)) or not alone.effects
    }
    return able & keep_first_of_ordered(places, able - idle)


def _conflicts(kept: Sequence[Prepared]) -> list[int]:
    masks = [0] * len(kept)
    if not any(one.place.path or one.place.category for one in kept):
        return masks
    for i, one in enumerate(kept):
        for j in range(i):
            if exclude_each_other(one.place, kept[j].place):
                masks[i] |= 1 << j
                masks[j] |= 1 << i
    return masks


def _may_spoil(prepared: Sequence[Prepared]) -> bool:
    """Return whether applying one candidate could make the others worth less than it adds.

    Uncapped reductions of single lines only ever lower a line, and what follows never turns a
    lower line into a higher one. One reduction that is spread over some lines may follow, and
    then only such as depend on the sum of all lines. Offers for chosen
    shoppers share what their cap leaves: one may use it up where another would take more, once a
    third offer or a spread comes in between.
    """
    if _share_a_cap(prepared):
        return True
    is_spread = False
    for one in prepared:
        if one.stage > CART:
            continue
        if is_spread and not is_whole(one):
            return True
        is_spread |= _spreads(one)
    return False


def _share_a_cap(prepared: Sequence[Prepared]) -> bool:
    on_goods = [one for one in prepared if one.stage <= CART]
    personal = sum(one.is_personal for one in on_goods)
    return personal > 1 or (personal == 1 and any(map(_spreads, on_goods)))


def _spreads(one: Prepared) -> bool:
    """Return whether what it takes is spread over lines and not reckoned on each by itself."""
    is_shared = one.benefit.cap_minor is not None or one.shares_units
    return one.is_set or one.stage == CART or is_shared


def _is_unbound(plan: Plan, prepared: Sequence[Prepared]) -> bool:
    """Return whether no limit kept an offer of `prepared` from giving all it means."""
    if not any(map(_is_limited, prepared)):
        return True
    return len(plan.effects) == len(prepared) and not any(e.is_short for e in plan.effects)


def _is_limited(one: Prepared) -> bool:
    return bool(one.rooms)


__all__ = ["NOTHING", "Candidate", "Plan", "apply_candidates", "best_plan", "find_full_limit"]
