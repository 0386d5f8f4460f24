"""Random carts with offers of every kind, anywhere in the stacking tree."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

from promotions.engine.core.benefits.terms import (
    Bundle,
    BuyGet,
    Delivery,
    Gift,
    GroupOf,
    Part,
    Points,
    Step,
    Tiers,
)
from promotions.engine.core.carts import (
    CartLineValue,
    CartValue,
    DeliveryFee,
    GiftStock,
    Scope,
    ShopperFacts,
)
from promotions.engine.core.conditions.tree import ALWAYS, CartHas
from promotions.engine.core.limits import Counted, Entity, LimitValue, Room
from promotions.engine.core.stacking.rules import Category, CategoryMode, Group, GroupMode
from promotions.engine.core.values import Benefit, BenefitKind, OfferValue, Stacking, Target
from tests.factories.promotions import ALICE, make_line, make_offer

Kind = BenefitKind
LATE = (Kind.GIFT, Kind.DELIVERY, Kind.POINTS)
OF_UNITS = {
    (Kind.PERCENTAGE, Target.LINE),
    (Kind.FIXED_AMOUNT, Target.UNIT),
    (Kind.SET_PRICE, Target.UNIT),
    (Kind.QUANTITY_TIERS, Target.LINE),
    (Kind.QUANTITY_TIERS, Target.CART),
}
GROUPS = [
    (Group("week", GroupMode.BEST),),
    (Group("turn", GroupMode.ORDERED),),
    (Group("alone", GroupMode.EXCLUSIVE),),
    (Group("all", GroupMode.STACK), Group("one", GroupMode.BEST, 1)),
    (Group("turn", GroupMode.ORDERED), Group("pair", GroupMode.STACK, 1)),
    (Group("week", GroupMode.BEST), Group("both", GroupMode.STACK)),
]
CATEGORIES = [
    Category("card", CategoryMode.EXCLUSIVE),
    Category("club", CategoryMode.JOINT, 1),
    Category("seed", CategoryMode.EXCLUSIVE, 1),
]
SHARED = (Room(LimitValue(99, Entity.ORDER, counted=Counted.UNITS), left_uses=8),)


def draw_basket(rng: random.Random, *, most_offers: int = 6) -> tuple[CartValue, list[OfferValue]]:
    """Return a cart of up to five lines and up to `most_offers` offers."""
    lines = tuple(_draw_line(rng, i) for i in range(rng.randint(1, 5)))
    deliveries = (
        DeliveryFee("standard", 499, rng.choice((None, 3_500))),
        DeliveryFee("express", 999),
        DeliveryFee("store", 0, needs_address=False),
    )
    cart = CartValue(
        lines,
        "USD",
        "us",
        "online",
        gifts=(GiftStock(50, 350, rng.randint(0, 2)), GiftStock(51, 900, 1)),
        deliveries=deliveries if rng.random() < 0.5 else (),
        delivery_code=rng.choice((None, "standard", "express")),
        gift_choices=rng.choice(({}, {}, {1: 50, 2: 51}, {2: 50, 3: 51, 4: 7})),
    )
    offers = [draw_offer(rng, n) for n in range(1, rng.randint(0, most_offers) + 1)]
    budgets = {o.campaign_id: rng.choice((None, None, None, 400, 5_000)) for o in offers}
    return cart, [replace(offer, left_minor=budgets[offer.campaign_id]) for offer in offers]


def draw_personal_basket(rng: random.Random) -> tuple[CartValue, list[OfferValue], ShopperFacts]:
    """Return a basket under a cap on personal discounts, and the shopper most offers are for.

    Prices for everybody stand at or above the quoted ones, some further than the cap allows.
    """
    cart, offers = draw_basket(rng)
    lines = tuple(
        replace(line, public_minor=line.unit_minor * rng.choice((100, 100, 105, 112, 160)) // 100)
        for line in cart.lines
    )
    cart = replace(cart, lines=lines, personal_cap=rng.choice((0, 1_000, 2_000, 3_000, 3_333)))
    audiences = {
        offer.campaign_id: rng.choice(("personal", "personal", "public")) for offer in offers
    }
    offers = [replace(offer, audience=audiences[offer.campaign_id]) for offer in offers]
    return cart, offers, replace(ALICE, campaign_ids=frozenset(audiences))


def draw_offer(rng: random.Random, offer_id: int) -> OfferValue:
    """Return an offer of any kind, anywhere in the stacking tree."""
    benefit = draw_benefit(rng)
    scope = Scope() if benefit.kind in (Kind.BUNDLE, Kind.GIFT, Kind.DELIVERY) else _scope(rng)
    kind = rng.random()
    return make_offer(
        offer_id,
        benefit,
        campaign_id=rng.choice((100, offer_id * 100)),
        scope=scope,
        condition=rng.choice((ALWAYS, ALWAYS, ALWAYS, CartHas(min_value_minor=2_000))),
        stacking=Stacking.EXCLUSIVE if kind < 0.08 else Stacking.STACK,
        groups=rng.choice(GROUPS) if 0.08 <= kind < 0.5 else (),
        category=rng.choice(CATEGORIES) if rng.random() < 0.25 else None,
        priority=rng.randint(-1, 1),
        rooms=rng.choice(((), (), (), (), _room(rng, offer_id, Entity.SHOPPER), SHARED)),
    )


def _room(rng: random.Random, limit_id: int, entity: Entity) -> tuple[Room, ...]:
    left = rng.choice((None, 700))
    return (Room(LimitValue(limit_id, entity), left_uses=rng.randint(1, 2), left_minor=left),)


def draw_benefit(rng: random.Random) -> Benefit:
    """Return a benefit of any kind."""
    kind = rng.choice(list(Kind))
    percent = Decimal(rng.randint(1, 10_000)) / 100
    fields: dict[str, Any] = {"target": Target.CART}
    if kind is Kind.PERCENTAGE:
        fields = {"target": rng.choice((Target.LINE, Target.CART)), "percent": percent}
    elif kind is Kind.FIXED_AMOUNT:
        fields = {"target": rng.choice(list(Target)), "amount_minor": rng.randint(1, 2_500)}
    elif kind is Kind.SET_PRICE:
        size = rng.choice((None, 2, 3))
        fields["amount_minor"] = rng.randint(1, 1_500) * (size or 1)
        fields["target"] = Target.UNIT if size is None else Target.CART
        fields["terms"] = None if size is None else GroupOf(size, max_sets=rng.choice((None, 1)))
    elif kind is Kind.BUNDLE:
        fields |= rng.choice(({"percent": percent}, {"amount_minor": rng.randint(1, 4_000)}))
        fields["terms"] = _bundle(rng)
    elif kind in (Kind.BUY_GET, Kind.CHEAPEST_FREE):
        fields |= {"percent": rng.choice((percent, Decimal(100))), "terms": _sets(rng, kind)}
    elif kind is Kind.DELIVERY:
        fields |= _delivery(rng, percent)
    else:
        fields |= _other(rng, kind)
    if kind not in LATE:
        fields["cap_minor"] = rng.choice((None, None, None, rng.randint(1, 2_000)))
        fields["cap_line_minor"] = rng.choice((None, None, None, rng.randint(1, 900)))
    return bound_units(Benefit(kind, **fields))


def bound_units(benefit: Benefit) -> Benefit:
    """Return the benefit, a third of those on single units with a most of units.

    Drawn by what the benefit is, so that all else of a seed stays as it was.
    """
    rng = random.Random(repr(benefit))
    if (benefit.kind, benefit.target) not in OF_UNITS or benefit.terms.__class__ is GroupOf:
        return benefit
    if rng.random() < 0.66:
        return benefit
    most = rng.choice(((1, None), (2, None), (None, 1), (None, 3), (None, 6), (2, 3)))
    is_cheapest = most[1] is not None and rng.random() < 0.3
    return replace(benefit, most_units_line=most[0], most_units=most[1], cheapest_first=is_cheapest)


def draw_set_offer(rng: random.Random, offer_id: int) -> OfferValue:
    """Return an offer on sets of units, without caps."""
    kind = rng.choice((Kind.SET_PRICE, Kind.BUNDLE, Kind.BUY_GET, Kind.CHEAPEST_FREE))
    percent = rng.choice((Decimal(100), Decimal(rng.randint(1, 10_000)) / 100))
    fields: dict[str, Any] = {"percent": percent}
    if kind is Kind.SET_PRICE:
        size = rng.choice((2, 3, 4))
        terms: Any = GroupOf(size, max_sets=rng.choice((None, 1, 2)))
        fields = {"amount_minor": rng.randint(30, 1_500) * size}
    elif kind is Kind.BUNDLE:
        terms = _bundle(rng)
        if rng.random() < 0.5:
            fields = {"amount_minor": rng.randint(30, 1_500) * terms.size}
    else:
        terms = _sets(rng, kind)
    scope = Scope() if kind is Kind.BUNDLE else _scope(rng)
    return make_offer(offer_id, Benefit(kind, Target.CART, terms=terms, **fields), scope=scope)


def _draw_line(rng: random.Random, i: int) -> CartLineValue:
    unit = rng.randint(0, 3_000)
    line = make_line(
        f"line-{i}",
        variant_id=i,
        product_id=i // 2,
        category_ids=(rng.randint(1, 3),),
        brand_id=rng.randint(1, 3),
        quantity=rng.randint(1, 5),
        unit_minor=unit,
        floor_minor=rng.choice((0, 0, unit // 2, unit * 9 // 10, unit + 5)),
    )
    return reduce_some(line)


def reduce_some(line: CartLineValue) -> CartLineValue:
    """Return the line, every third one sold below its list price. Drawn by what it is."""
    is_reduced = random.Random(repr(line)).random() < 0.33
    listed = line.everybodys_minor
    return replace(line, list_minor=listed * 5 // 4 + 1 if is_reduced else listed)


def _scope(rng: random.Random) -> Scope:
    one = frozenset({rng.randint(1, 3)})
    drawn = rng.choice(
        (Scope(), Scope(category_ids=one), Scope(brand_ids=one), Scope(except_brand_ids=one))
    )
    own = random.Random(f"{drawn} {one}{rng.getstate()[1][:3]}")
    by_price = own.choice(
        ({}, {}, {"is_unreduced": True}, {"from_minor": 900}, {"to_minor": 1_800})
    )
    return replace(drawn, **by_price)


def _sets(rng: random.Random, kind: Kind) -> BuyGet | GroupOf:
    most = rng.choice((None, None, 1))
    if kind is Kind.CHEAPEST_FREE:
        size = rng.randint(2, 4)
        return GroupOf(size, rng.randint(1, size - 1), most)
    got = rng.choice((None, Scope(category_ids=frozenset({rng.randint(1, 3)}))))
    return BuyGet(rng.randint(1, 3), rng.randint(1, 2), got, most)


def _bundle(rng: random.Random) -> Bundle:
    parts = tuple(Part(_scope(rng), rng.randint(1, 2)) for _ in range(rng.randint(2, 3)))
    return Bundle(parts, rng.choice((None, None, 1)))


def _delivery(rng: random.Random, percent: Decimal) -> dict[str, Any]:
    methods = rng.choice((frozenset[str](), frozenset({"standard"}), frozenset({"express"})))
    return rng.choice(
        (
            {"percent": percent, "terms": Delivery(methods)},
            {"amount_minor": rng.randint(1, 800), "terms": Delivery(methods)},
            {"terms": Delivery(methods, rng.randint(0, 600))},
        )
    )


def _other(rng: random.Random, kind: Kind) -> dict[str, Any]:
    if kind is Kind.GIFT:
        return {"terms": Gift(rng.choice(((50,), (51, 50))), rng.randint(1, 2))}
    if kind is Kind.POINTS:
        return {"terms": Points(rng.randint(1, 50), rng.choice((None, 100)))}
    if kind is Kind.SPEND_TIERS:
        return {"terms": Tiers((Step(1_500, amount_minor=100), Step(4_000, amount_minor=700)))}
    return {
        "target": rng.choice((Target.LINE, Target.CART)),
        "terms": rng.choice(
            (
                Tiers((Step(2, percent=Decimal(5)), Step(5, percent=Decimal("12.5")))),
                Tiers((Step(3, amount_minor=50), Step(6, amount_minor=90))),
                Tiers((Step(2, price_minor=900), Step(4, price_minor=700))),
            )
        ),
    }
