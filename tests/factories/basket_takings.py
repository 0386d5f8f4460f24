"""What one offer takes off each line of a cart, unit by unit: the other way, for the oracle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from promotions.engine.core.benefits.apply import reduce_units
from promotions.engine.core.benefits.lines import OpenLine
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf, pools_of
from promotions.engine.core.carts import CartLineValue, CartValue, Scope, sort_lines
from promotions.engine.core.limits import Entity
from promotions.engine.core.stacking.rules import GroupMode
from promotions.engine.core.values import Benefit, BenefitKind, OfferValue
from shop.ground.kernel.money import share_minor
from tests.factories.basket_lines import SETS, plain_turn, take_some, take_whole
from tests.factories.basket_units import Unit, list_units, try_all_units

Kind = BenefitKind
LATE = (Kind.GIFT, Kind.DELIVERY, Kind.POINTS)


def unit_group_of(offer: OfferValue) -> str:
    """Return the group that chooses the offer unit by unit, or ""."""
    is_by_unit = bool(offer.path) and offer.path[-1].mode is GroupMode.BEST_UNIT
    is_product = offer.benefit.kind not in LATE and plain_turn(offer) < 2
    return offer.path[-1].code if is_by_unit and is_product else ""


def turn_of(offer: OfferValue) -> float:
    """Return the stage: single lines, groups by unit, sets of units, the whole cart."""
    return 0.5 if unit_group_of(offer) else plain_turn(offer)


def most_of(offer: OfferValue) -> int:
    """Return the most the offer may give in this order."""
    own = [room.left_minor for room in offer.rooms if room.limit.entity is Entity.SHOPPER]
    caps = (offer.benefit.cap_minor, *own)
    return min((cap for cap in caps if cap is not None), default=10**12)


def personal_rooms(cart: CartValue) -> dict[str, int]:
    """Return what personal offers may take off each line, reckoned unit by unit."""
    rooms = {}
    for line in cart.lines:
        public = max(line.public_minor, line.unit_minor)
        cap = 10_000 if cart.personal_cap is None else cart.personal_cap
        lowest = -((-public * (10_000 - cap)) // 10_000)
        rooms[line.line_id] = sum(max(0, line.unit_minor - lowest) for _ in range(line.quantity))
    return rooms


def take(
    offer: OfferValue,
    cart: CartValue,
    left: dict[str, int],
    personal: dict[str, int],
    most: tuple[int, int] = (10**12, 10**9),
) -> tuple[dict[str, int], int]:
    """Return what the offer takes off each line, given the lines' prices so far, and of how many
    units, where budgets and limits leave `most` money and units.

    `personal` is what the cap leaves to offers for chosen shoppers; where it counts, it is lowered.
    """
    is_personal = offer.audience == "personal" and cart.personal_cap is not None
    most = (min(most[0], most_of(offer)), most[1])
    taken, units = _take(offer, cart, left, personal if is_personal else None, most)
    for line_id, part in taken.items() if is_personal else ():
        personal[line_id] -= part
    return taken, units


def _take(
    offer: OfferValue,
    cart: CartValue,
    left: dict[str, int],
    personal: dict[str, int] | None,
    most: tuple[int, int],
) -> tuple[dict[str, int], int]:
    lines = [line for line in sort_lines(cart.lines) if offer.covers(line)]
    if isinstance(offer.benefit.terms, SETS):
        return _take_on_sets(offer, lines, left, personal, most)
    if offer.benefit.counts_units or most[1] < sum(line.quantity for line in lines):
        return take_some(offer, lines, left, personal, most)
    taken = take_whole(offer, lines, left, personal, most[0])
    return taken, sum(line.quantity for line in lines if taken[line.line_id])


def _take_on_sets(
    offer: OfferValue,
    lines: list[CartLineValue],
    left: dict[str, int],
    personal: dict[str, int] | None,
    most: tuple[int, int],
) -> tuple[dict[str, int], int]:
    """Return what the engine takes off each line, once its sum is the most any units can save.

    Which of equally good units are taken is the engine's choice; how much they save is not.
    """
    rooms = None if personal is None else [personal[line.line_id] for line in lines]
    open_ = [
        OpenLine(
            line.line_id,
            line.quantity,
            left[line.line_id],
            line.floor_minor * line.quantity,
            line.value_minor,
            None if rooms is None else rooms[i],
        )
        for i, line in enumerate(lines)
    ]
    pools = [sorted(pool) for pool in pools_of(offer.benefit.terms, offer.scope, lines)]
    benefit = replace(offer.benefit, cap_minor=most[0])
    found = reduce_units(
        benefit, open_, pools, is_personal=personal is not None, most_units=most[1]
    )
    units = list_units(offer, lines, left, personal)
    fewer = replace(offer, benefit=replace(benefit, terms=fewer_sets(benefit.terms, most[1])))
    assert sum(found.parts) == min(most_on_sets(fewer, units), most[0]), (offer, lines)
    parts = {line.line_id: part for line, part in zip(lines, found.parts, strict=True)}
    return parts, sum(found.units) if sum(found.parts) else 0


def fewer_sets(terms: Any, most_units: int) -> Any:
    """Return terms of no more sets than so many units make."""
    size = terms.buy + terms.get if isinstance(terms, BuyGet) else terms.size
    return replace(terms, max_sets=min(terms.max_sets or 10**9, most_units // size))


def most_on_sets(offer: OfferValue, units: list[Unit]) -> int:
    """Return the most that sets of any of `units` save within the room of these units."""
    benefit, terms = offer.benefit, offer.benefit.terms
    if isinstance(terms, Bundle):
        wish, used = _best_bundles(benefit, terms, units)
    elif isinstance(terms, BuyGet) and terms.get_scope is not None:
        wish, used = _buy_and_get(benefit, terms, units, offer.scope)
    else:
        assert isinstance(terms, BuyGet | GroupOf)
        wish, used = _blocks(benefit, terms, units)
    if wish <= sum(unit.room for unit in used):
        return wish
    return try_all_units(offer, units)


def _blocks(benefit: Benefit, terms: BuyGet | GroupOf, units: list[Unit]) -> tuple[int, list[Unit]]:
    size = terms.buy + terms.get if isinstance(terms, BuyGet) else terms.size
    blocks = [units[i : i + size] for i in range(0, len(units), size)][: terms.max_sets]
    wish, used = 0, list[Unit]()
    for block in blocks:
        if isinstance(terms, BuyGet):
            cheaper = block[terms.buy :]
            saved = sum(share_minor(unit.price, benefit.percent or 0) for unit in cheaper)
            full = bool(cheaper)
        elif terms.free:
            full = len(block) == size
            saved = sum(
                share_minor(u.price, benefit.percent or 0) for u in block[size - terms.free :]
            )
        else:
            saved = sum(unit.price for unit in block) - (benefit.amount_minor or 0)
            full = len(block) == size and saved > 0
        if full:
            wish, used = wish + saved, used + block
    return wish, used


def _buy_and_get(
    benefit: Benefit, terms: BuyGet, units: list[Unit], scope: Scope
) -> tuple[int, list[Unit]]:
    assert terms.get_scope is not None
    got = [unit for unit in units if terms.get_scope.covers(unit.line)]
    bought = [u for u in units if scope.covers(u.line) and not terms.get_scope.covers(u.line)]
    wish, used = 0, list[Unit]()
    sets = len(bought) // terms.buy
    for n in range(sets if terms.max_sets is None else min(sets, terms.max_sets)):
        cheaper = got[n * terms.get : (n + 1) * terms.get]
        if cheaper:
            wish += sum(share_minor(unit.price, benefit.percent or 0) for unit in cheaper)
            used += [*bought[n * terms.buy : (n + 1) * terms.buy], *cheaper]
    return wish, used


def _best_bundles(benefit: Benefit, terms: Bundle, units: list[Unit]) -> tuple[int, list[Unit]]:
    best, used = 0, list[Unit]()
    slots = [part.scope for part in terms.parts for _ in range(part.quantity)]
    most = len(units) // len(slots)
    for n in range(1, (most if terms.max_sets is None else min(most, terms.max_sets)) + 1):
        # A unit's worth where it fits, minus infinity where not; earlier units win ties as in
        # the engine by a nudge far below a cent
        worth = np.array(
            [
                [u.price + 1 - i * 1e-6 if scope.covers(u.line) else -1e9 for scope in slots * n]
                for i, u in enumerate(units)
            ]
        )
        rows, columns = linear_sum_assignment(worth, maximize=True)
        if worth[rows, columns].min() < 0:
            break
        chosen = [units[row] for row in rows]
        value = sum(unit.price for unit in chosen)
        if benefit.amount_minor is None:
            saved = share_minor(value, benefit.percent or 0)
        else:
            saved = value - n * benefit.amount_minor
        if saved > best:
            best, used = saved, chosen
    return best, used
