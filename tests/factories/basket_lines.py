"""What one offer takes off whole lines, or off some of their units: for the oracle."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from promotions.engine.core.benefits.lines import spread
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf, Tiers
from promotions.engine.core.carts import CartLineValue
from promotions.engine.core.values import Benefit, BenefitKind, OfferValue, Target
from shop.ground.kernel.money import prorate, share_minor

Kind = BenefitKind
SETS = (BuyGet, GroupOf, Bundle)


def plain_turn(offer: OfferValue) -> int:
    """Return the stage without groups: single lines, sets of units, the whole cart."""
    if isinstance(offer.benefit.terms, SETS):
        return 1
    on_cart = offer.benefit.target is Target.CART
    return 2 if on_cart and offer.benefit.kind is not Kind.QUANTITY_TIERS else 0


def take_some(
    offer: OfferValue,
    lines: list[CartLineValue],
    left: dict[str, int],
    personal: dict[str, int] | None,
    most: tuple[int, int],
) -> tuple[dict[str, int], int]:
    """Take units one by one while the offer may, always from the line that it then lowers most."""
    benefit = offer.benefit
    whole, cap = _bear(offer, lines, left, personal)
    chosen = {line.line_id: 0 for line in lines}
    bound = min(most[1], 10**9 if benefit.most_units is None else benefit.most_units)
    each = 10**9 if benefit.most_units_line is None else benefit.most_units_line

    def gain(line: CartLineValue) -> Fraction:
        count, saved = chosen[line.line_id], Fraction(whole[line.line_id], line.quantity)
        is_open = count < min(line.quantity, each)
        return min(saved, cap - count * saved) if is_open else Fraction(0)

    if benefit.cheapest_first:
        cheap_first = sorted(lines, key=lambda line: line.unit_minor)
        units = [line for line in cheap_first if line.unit_minor for _ in range(line.quantity)]
        for line in units:
            is_open = chosen[line.line_id] < each and sum(chosen.values()) < bound
            chosen[line.line_id] += is_open
        bound = 0
    while sum(chosen.values()) < bound and lines and gain(best := max(lines, key=gain)) > 0:
        chosen[best.line_id] += 1
    some = [line for line in lines if chosen[line.line_id]]
    counts = {line.line_id: line.quantity for line in lines}
    fewer = [replace(line, quantity=chosen[line.line_id]) for line in some]
    prices = {key: prorate(left[key], [1] * counts[key]) for key in counts}
    cheap = {key: sum(sorted(each)[: chosen[key]]) for key, each in prices.items()}
    own = None
    if personal is not None:
        own = {key: personal[key] * chosen[key] // counts[key] for key in counts}
    taken = take_whole(offer, fewer, cheap, own, most[0], counts=counts)
    units = sum(chosen[key] for key, part in taken.items() if part)
    return {line.line_id: taken.get(line.line_id, 0) for line in lines}, units


def _bear(
    offer: OfferValue, lines: list[CartLineValue], left: dict[str, int], personal: Any
) -> tuple[dict[str, int], int]:
    """Return what each line as a whole could bear, and the most the offer takes off a line."""
    benefit = replace(offer.benefit, cap_minor=None, cap_line_minor=None)
    cap = 10**12 if offer.benefit.cap_line_minor is None else offer.benefit.cap_line_minor
    if benefit.kind is Kind.FIXED_AMOUNT and benefit.target is Target.LINE:
        cap = min(cap, benefit.amount_minor or 0)
        benefit = replace(benefit, amount_minor=10**12)
    return take_whole(replace(offer, benefit=benefit), lines, left, personal, 10**12), cap


def take_whole(
    offer: OfferValue,
    lines: list[CartLineValue],
    left: dict[str, int],
    personal: dict[str, int] | None,
    most: int,
    *,
    counts: dict[str, int] | None = None,
) -> dict[str, int]:
    """Return what the offer takes off whole lines; steps count `counts` (None: their units)."""
    benefit, most_line = offer.benefit, offer.benefit.cap_line_minor
    room = {
        line.line_id: max(0, left[line.line_id] - line.floor_minor * line.quantity)
        for line in lines
    }
    if personal is not None:
        room = {key: min(value, personal[key]) for key, value in room.items()}
    if most_line is not None:
        room = {key: min(value, most_line) for key, value in room.items()}
    if plain_turn(offer) == 2:
        total = min(_wish_of_cart(benefit, lines, left), most, sum(room.values()))
        parts = spread(total, [left[key] for key in room], list(room.values()))
        return dict(zip(room, parts, strict=True))
    taken = {}
    for line in lines:
        pieces = counts or {each.line_id: each.quantity for each in lines}
        count = sum(pieces.values()) if benefit.target is Target.CART else pieces[line.line_id]
        wish = _wish_of_line(benefit, line, left[line.line_id], count)
        taken[line.line_id] = max(0, min(wish, room[line.line_id]))
    if sum(taken.values()) > most:
        parts = prorate(most, list(taken.values()))
        taken = dict(zip(taken, parts, strict=True))
    return taken


def _wish_of_line(benefit: Benefit, line: CartLineValue, left: int, count: int) -> int:
    measure: Any = benefit
    each = benefit.target is Target.UNIT
    price = benefit.amount_minor if benefit.kind is Kind.SET_PRICE else None
    if isinstance(benefit.terms, Tiers):
        reached = [step for step in benefit.terms.steps if step.at_least <= count]
        if not reached:
            return 0
        measure, each = reached[-1], True
        price = measure.price_minor
    if price is not None:
        return left - price * line.quantity
    if measure.percent is not None:
        prices = prorate(left, [1] * line.quantity)
        return sum(share_minor(price, measure.percent or 0) for price in prices)
    return measure.amount_minor * (line.quantity if each else 1)


def _wish_of_cart(benefit: Benefit, lines: list[CartLineValue], left: dict[str, int]) -> int:
    quoted = sum(line.value_minor for line in lines)
    measure: Any = benefit
    if isinstance(benefit.terms, Tiers):
        reached = [step for step in benefit.terms.steps if step.at_least <= quoted]
        if not reached:
            return 0
        measure = reached[-1]
    if measure.percent is not None:
        return share_minor(sum(left[line.line_id] for line in lines), measure.percent)
    return measure.amount_minor
