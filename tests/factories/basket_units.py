"""Every choice of single units for sets, all of them tried: how much the best one saves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf
from promotions.engine.core.carts import CartLineValue
from promotions.engine.core.values import OfferValue
from shop.ground.kernel.money import prorate, share_minor

Fill = tuple[int, ...]


class Unit(NamedTuple):
    """A single unit: its price so far, its line, and how much may be taken off it."""

    price: int
    line: CartLineValue
    room: int


def list_units(
    offer: OfferValue,
    lines: Iterable[CartLineValue],
    left: dict[str, int],
    personal: dict[str, int] | None,
) -> list[Unit]:
    """Return every single unit, dearest first."""
    units, most_line = [], offer.benefit.cap_line_minor
    for line in lines:
        count = [1] * line.quantity
        most = 10**12 if most_line is None else most_line
        own = [10**12] * line.quantity
        if personal is not None:
            own = prorate(personal[line.line_id], count)
        for price, cap in zip(prorate(left[line.line_id], count), own, strict=True):
            room = max(0, min(price - line.floor_minor, cap, most))
            most -= room
            units.append(Unit(price, line, room))
    return sorted(units, key=lambda unit: -unit.price)


def try_all_units(offer: OfferValue, units: list[Unit]) -> int:
    """Return the most that any choice of `units` saves: what is promised, within their room.

    Per way of filling the sets every sum that can be promised is kept with the most room that
    goes with it; nothing else is left out.
    """
    terms = offer.benefit.terms
    assert isinstance(terms, BuyGet | GroupOf | Bundle)
    start = (0,) * (len(terms.parts) if isinstance(terms, Bundle) else 2)
    known: dict[Fill, dict[int, int]] = {start: {0: 0}}
    for unit in units:
        grown = {fill: dict(sums) for fill, sums in known.items()}
        for fill, sums in known.items():
            for place, gain in _places(offer, fill, unit):
                more = (*fill[:place], fill[place] + 1, *fill[place + 1 :])
                to = grown.setdefault(more, {})
                for promised, room in sums.items():
                    to[promised + gain] = max(to.get(promised + gain, -1), room + unit.room)
        known = grown
    return max(
        min(_promise(offer, promised, fill), room)
        for fill, sums in known.items()
        if _is_whole(terms, fill)
        for promised, room in sums.items()
    )


def _places(offer: OfferValue, fill: Fill, unit: Unit) -> Iterator[tuple[int, int]]:
    """Yield where a unit may go, each with what is promised for it there."""
    benefit, terms = offer.benefit, offer.benefit.terms
    share = share_minor(unit.price, benefit.percent or 0)
    if isinstance(terms, Bundle):
        yield from (
            (i, unit.price) for i, part in enumerate(terms.parts) if part.scope.covers(unit.line)
        )
    elif isinstance(terms, BuyGet) and terms.get_scope is not None:
        if terms.get_scope.covers(unit.line):
            yield 1, share
        elif offer.scope.covers(unit.line):
            yield 0, 0
    elif isinstance(terms, BuyGet | GroupOf):
        size, paid = _block(terms)
        is_priced = isinstance(terms, GroupOf) and not terms.free
        yield 0, unit.price if is_priced else share * (fill[0] % size >= paid)


def _promise(offer: OfferValue, promised: int, fill: Fill) -> int:
    """Return what a whole filling is promised: for a price of the set that comes off its worth."""
    benefit, terms = offer.benefit, offer.benefit.terms
    price = benefit.amount_minor
    if isinstance(terms, Bundle):
        if price is None:
            return share_minor(promised, benefit.percent or 0)
        return promised - fill[0] // terms.parts[0].quantity * price
    if isinstance(terms, GroupOf) and not terms.free:
        return promised - fill[0] // terms.size * (price or 0)
    return promised


def _is_whole(terms: BuyGet | GroupOf | Bundle, fill: Fill) -> bool:
    """Return whether sets of such a filling can be made, no more than allowed."""
    most = 10**9 if terms.max_sets is None else terms.max_sets
    if isinstance(terms, Bundle):
        counts = {n / part.quantity for n, part in zip(fill, terms.parts, strict=True)}
        return len(counts) == 1 and (n := counts.pop()) == int(n) and n <= most
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        sets = -(-fill[1] // terms.get)
        return fill[0] == sets * terms.buy and sets <= most
    size, paid = _block(terms)
    full, rest = divmod(fill[0], size)
    is_partial = isinstance(terms, BuyGet) and rest > paid
    return full + is_partial <= most and (rest == 0 or is_partial)


def _block(terms: BuyGet | GroupOf) -> tuple[int, int]:
    if isinstance(terms, BuyGet):
        return terms.buy + terms.get, terms.buy
    return terms.size, terms.size - terms.free
