"""What offers of a group that chooses unit by unit take off a cart together, for the oracle."""

from __future__ import annotations

from dataclasses import replace

from promotions.engine.core.benefits.lines import OpenLine
from promotions.engine.core.carts import CartValue, sort_lines
from promotions.engine.core.limits import Counted, Tally, Use
from promotions.engine.core.stacking.effects import Candidate
from promotions.engine.core.stacking.steps import prepare, rooms_of
from promotions.engine.core.stacking.units import reduce_together
from promotions.engine.core.values import OfferValue


def take_together(
    offers: list[OfferValue],
    cart: CartValue,
    left: dict[str, int],
    personal: dict[str, int],
    counted: tuple[dict[int, int], dict[int, int]],
) -> None:
    """Take off what a group by unit does, as the engine says; `test_best_per_unit` tries all ways.

    `counted` is the money spent by campaign and the units used by limit; both are raised.
    """
    spent, used = counted
    lines = sort_lines(cart.lines)
    tally = Tally()
    for room in {room for offer in offers for room in rooms_of(offer)}:
        number = room.limit.limit_id
        tally.take([room], Use(used.get(number, 0), spent.get(-number, 0)))
    open_ = [
        OpenLine(
            line.line_id,
            line.quantity,
            left[line.line_id],
            line.floor_minor * line.quantity,
            line.value_minor,
            None if cart.personal_cap is None else personal[line.line_id],
        )
        for line in lines
    ]
    sorted_cart = replace(cart, lines=lines)
    members = sorted((prepare(Candidate(o), sorted_cart) for o in offers), key=lambda p: p.sequence)
    for step in reduce_together(members, open_, tally):
        offer = step.prepared.candidate.offer
        for line, part in zip(lines, step.taken, strict=True):
            left[line.line_id] -= part
            personal[line.line_id] -= part if step.prepared.is_personal else 0
        spent[offer.campaign_id] += sum(step.taken)
        for room in offer.rooms:
            if room.limit.counted is Counted.UNITS and any(step.taken):
                number = room.limit.limit_id
                used[number] = used.get(number, 0) + sum(step.units)
