"""The best division of a cart's units among offers that choose unit by unit: all of them tried."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

from promotions.engine.core.carts import CartLineValue, CartValue
from promotions.engine.core.conditions.tree import ALWAYS
from promotions.engine.core.limits import Counted, Entity, LimitValue, Room
from promotions.engine.core.stacking.rules import Group, GroupMode
from promotions.engine.core.values import OfferValue
from tests.factories.basket_lines import SETS, plain_turn
from tests.factories.basket_takings import (
    LATE,
    fewer_sets,
    most_of,
    most_on_sets,
    personal_rooms,
    take,
)
from tests.factories.basket_units import list_units
from tests.factories.baskets import draw_offer
from tests.factories.promotions import make_cart, make_line

WEEK = (Group("week", GroupMode.BEST_UNIT),)
NO_BOUND = 10**9
Counts = tuple[int, ...]


def find_best_division(cart: CartValue, offers: list[OfferValue]) -> int:
    """Return the most money that any division of the units takes off.

    Offers of one campaign share its budget; they stand together.
    """
    together = sorted(offers, key=lambda offer: offer.campaign_id)
    savings = [_list_savings(cart, offer) for offer in together]

    @cache
    def best(n: int, free: Counts, spent: int) -> int:
        if n == len(together):
            return 0
        offer = together[n]
        is_new = not n or together[n - 1].campaign_id != offer.campaign_id
        left = (offer.left_minor or NO_BOUND) - (0 if is_new else spent)
        found = 0
        for mine, saved in savings[n].items():
            if all(count <= most for count, most in zip(mine, free, strict=True)):
                rest = tuple(most - count for count, most in zip(mine, free, strict=True))
                taken = min(saved, left)
                found = max(found, taken + best(n + 1, rest, taken + (0 if is_new else spent)))
        return found

    return best(0, tuple(line.quantity for line in cart.lines), 0)


def _list_savings(cart: CartValue, offer: OfferValue) -> dict[Counts, int]:
    """Return what the offer takes off for every number of units of each line."""
    ways = product(*(_numbers(line, offer) for line in cart.lines))
    found = {way: _save(cart, offer, way) for way in ways}
    return {way: saved for way, saved in found.items() if saved or not any(way)}


def _numbers(line: CartLineValue, offer: OfferValue) -> range:
    return range(line.quantity + 1 if offer.covers(line) else 1)


def _save(cart: CartValue, offer: OfferValue, way: Counts) -> int:
    some = tuple(
        replace(line, quantity=count) for line, count in zip(cart.lines, way, strict=True) if count
    )
    part = replace(cart, lines=some)
    left = {line.line_id: line.value_minor for line in some}
    personal, units = personal_rooms(part), _most_units(offer)
    if not isinstance(offer.benefit.terms, SETS):
        return sum(take(offer, part, left, personal, (NO_BOUND, units))[0].values())
    is_personal = offer.audience == "personal" and cart.personal_cap is not None
    lines = [line for line in some if offer.covers(line)]
    listed = list_units(offer, lines, left, personal if is_personal else None)
    terms = fewer_sets(offer.benefit.terms, units)
    bound = replace(offer, benefit=replace(offer.benefit, terms=terms))
    return min(most_on_sets(bound, listed), most_of(offer)) if listed else 0


def _most_units(offer: OfferValue) -> int:
    lefts = (room.left_uses for room in offer.rooms if room.limit.counted is Counted.UNITS)
    return min((left for left in lefts if left is not None), default=NO_BOUND)


def draw_division(
    rng: random.Random, *, most_units: int = 9, most_offers: int = 4
) -> tuple[CartValue, list[OfferValue]]:
    """Return a small cart, and offers of one group that chooses by unit: of any kind on products,
    some of them bounded, limited or with budgets."""
    lines, left = list[CartLineValue](), rng.randint(2, most_units)
    while left:
        quantity = rng.randint(1, min(left, 4))
        lines.append(_draw_line(rng, len(lines), quantity))
        left -= quantity
    offers = list(_draw_offers(rng, rng.randint(1, most_offers)))
    budgets = {offer.campaign_id: rng.choice((None, None, None, 400)) for offer in offers}
    return make_cart(*lines), [
        replace(offer, left_minor=budgets[offer.campaign_id]) for offer in offers
    ]


def _draw_line(rng: random.Random, i: int, quantity: int) -> CartLineValue:
    unit = rng.choice((rng.randint(1, 3_000), rng.randint(1, 6) * 250, 999))
    return make_line(
        f"line-{i}",
        variant_id=i,
        product_id=i // 2,
        category_ids=(rng.randint(1, 3),),
        brand_id=rng.randint(1, 3),
        quantity=quantity,
        unit_minor=unit,
        floor_minor=rng.choice((0, 0, 0, unit // 2, unit * 9 // 10)),
    )


def _draw_offers(rng: random.Random, most: int) -> Iterator[OfferValue]:
    offer_id = 0
    while offer_id < most:
        offer = draw_offer(rng, offer_id + 1)
        if offer.benefit.kind in LATE or plain_turn(offer) > 1 or offer.benefit.cheapest_first:
            continue
        offer_id += 1
        room = Room(LimitValue(offer_id, Entity.GLOBAL, counted=Counted.UNITS), rng.randint(1, 4))
        rooms = (room,) if rng.random() < 0.15 else ()
        yield replace(
            offer, condition=ALWAYS, stacking="stack", groups=WEEK, category=None, rooms=rooms
        )
