"""Search for the allowed combination of offers that is best for the shopper.

In a combination, benefits on units and lines come first, then those on sets, then those on the
cart, then gifts, delivery and points; within a stage higher priority first, then the older offer.
The best combination takes most money off; ties go to more gifts, more points, fewer offers, then
the lower offer ids. So the result is a function of the sets of lines and offers, not of their
order. Which combinations are allowed: `stacking_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from promotions.engine.core.benefits.lines import OpenLine
from promotions.engine.core.benefits.terms import Delivery
from promotions.engine.core.carts import CartValue
from promotions.engine.core.conditions.leaves import Failure
from promotions.engine.core.conditions.tree import ALWAYS
from promotions.engine.core.limits import Tally, Use
from promotions.engine.core.stacking.effects import Candidate, cut_fee
from promotions.engine.core.stacking.rules import (
    GroupMode,
    exclude_each_other,
    keep_first_of_ordered,
)
from promotions.engine.core.stacking.search import Entry, Search
from promotions.engine.core.stacking.steps import (
    CART,
    DELIVERY,
    NOTHING,
    Plan,
    Prepared,
    is_whole,
    open_lines,
    place_of,
    prepare,
)
from promotions.engine.core.stacking.units import Memory, apply_all, list_wishes, stand_together
from promotions.engine.core.values import Benefit, OfferValue, Target


def is_bound(mine: OfferValue, other: OfferValue) -> bool:
    """Return whether what one offer gives may keep the other one from giving as much."""
    if mine.offer_id == other.offer_id:
        return False
    one, two = place_of(mine), place_of(other)
    if exclude_each_other(one, two):
        return True
    if one.category is not None and one.category == two.category:
        return one.category.max_offers is not None
    limits = {room.limit.limit_id for room in mine.rooms}
    if any(room.limit.limit_id in limits for room in other.rooms):
        return True
    return mine.left_minor is not None and mine.campaign_id == other.campaign_id


def is_by_line(offer: OfferValue) -> bool:
    """Return whether the offer lowers each line by itself while its budget lasts."""
    benefit = offer.benefit
    is_free = offer.audience != "personal" and not offer.rooms
    # Whatever a benefit may say beyond this looks at several lines
    plain = Benefit(benefit.kind, Target.LINE, benefit.percent, benefit.amount_minor)
    return is_free and benefit == plain and offer.condition == ALWAYS


def shuts_out_others(offer: OfferValue, others: Sequence[OfferValue]) -> bool:
    """Return whether the offer and another one, which covers other products, never apply both."""
    place = place_of(offer)
    is_free = place.category is None and all(group.mode is GroupMode.STACK for group in place.path)
    return any(
        other.scopes != offer.scopes and exclude_each_other(place, place_of(other))
        for other in others
        if not (is_free and not other.path and other.category is None)
    )


def say_percent(cap: int) -> str:
    """Return hundredths of a percent as people write percents.

    >>> say_percent(3_000), say_percent(1_250)
    ('30', '12.5')
    """
    return f"{cap / 100:g}"


def find_cut_lines(plan: Plan, cart: CartValue) -> frozenset[tuple[int, str]]:
    """Return the offers, each with a line, that would have taken more off it without the cap.

    The cut itself is made where offers are applied (`OpenLine.personal_minor`), so that budgets,
    proration and the choice of the best combination know it.
    """
    audiences = {effect.candidate.offer.audience for effect in plan.effects}
    if cart.personal_cap is None or "personal" not in audiences:
        return frozenset()
    wishes = list_wishes(plan, cart, lambda one: replace(one, is_personal=False))
    return frozenset(
        (wish.prepared.place.offer_id, line.line_id)
        for wish, effect in wishes
        for line, wanted, part in zip(cart.lines, wish.taken, effect.taken, strict=True)
        if wanted > part
    )


def is_cut_to_nothing(candidate: Candidate, cart: CartValue) -> bool:
    """Return whether only the cap keeps the candidate from giving anything on this cart."""
    if cart.personal_cap is None or candidate.offer.audience != "personal":
        return False
    alone = apply_all([prepare(candidate, replace(cart, personal_cap=None))], cart)
    return alone is not None and any(effect.is_used for effect in alone.effects)


def best_plan(candidates: Sequence[Candidate], cart: CartValue) -> Plan:
    """Return the best allowed combination of `candidates` on `cart` (lines in canonical order).

    What gives nothing alone is left out: no other offer makes it worth more. The rest is searched
    by branch and bound, exactly for up to six offers and for more within a bounded number of
    steps; then what is found is improved by single changes.
    """
    if len(candidates) == 1 and candidates[0].offer.category is None:
        return (
            apply_candidates(candidates, cart) or NOTHING
        )  # most products: nothing to choose from
    entries = _entries(candidates, cart)
    if not entries:
        return NOTHING
    prepared = [entry.prepared for entry in entries]
    spoils = _may_spoil(prepared)
    can_hurt = spoils or any(map(_is_limited, prepared))
    memory = Memory()
    if not any(entry.conflicts or entry.category for entry in entries):
        together = apply_all(prepared, cart, memory)
        if together is not None and together.is_best:
            # No unit is given better, every limit has room for all: nothing is worth leaving out
            if not spoils and _is_unbound(together, prepared):
                return together
            if len(_list_blocks(prepared)) < 2:
                return together
        can_hurt = True
    return Search(entries, cart, memory, can_hurt=can_hurt).best()


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


def _list_blocks(prepared: Sequence[Prepared]) -> list[list[Prepared]]:
    """Return the offers on products as they are applied, a group that chooses by unit at once."""
    return [block for block in stand_together(prepared) if block[0].stage <= CART]


def _may_spoil(prepared: Sequence[Prepared]) -> bool:
    """Return whether applying one candidate could make the others worth less than it adds.

    Uncapped reductions of single lines only ever lower a line, and what follows never turns a
    lower line into a higher one. One reduction that is spread over some lines may follow, and
    then only such as depend on the sum of all lines; so may a group that chooses by unit, within
    which none is given what another one takes more of. Offers for chosen
    shoppers share what their cap leaves: one may use it up where another would take more, once a
    third offer or a spread comes in between.
    """
    blocks = _list_blocks(prepared)
    spread = [any(map(_spreads, block)) for block in blocks]
    personal = [any(one.is_personal for one in block) for block in blocks]
    if sum(personal) > 1 or (any(personal) and any(spread) and len(blocks) > 1):
        return True
    return any(any(spread[:n]) and not all(map(is_whole, block)) for n, block in enumerate(blocks))


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
