"""Effect of one candidate on a cart: reductions, a gift, cheaper delivery or points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from promotions.engine.core.benefits.lines import percent_of
from promotions.engine.core.benefits.open_lines import OpenLine
from promotions.engine.core.benefits.terms import Delivery, Gift, Points
from promotions.engine.core.carts import CartValue, DeliveryFee, GiftStock
from promotions.engine.core.limits import Use
from promotions.engine.core.values import Benefit, OfferValue


def list_givable(
    offer: OfferValue, benefit: Benefit, gifts: Sequence[GiftStock], stock: Mapping[int, int]
) -> tuple[GiftStock, ...]:
    """Return the gifts of `offer` in its order: those in `stock` that its caps and limits allow.

    Where a limit has room for none of them all that are in stock are returned: the limit then
    refuses the offer with its own reason.

    >>> from promotions.engine.core.values import BenefitKind
    >>> mug, pen = GiftStock(1, 900, available=0), GiftStock(2, 100, available=5)
    >>> benefit = Benefit(BenefitKind.GIFT, terms=Gift((1, 2)))
    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> offer = OfferValue(7, 1, "x", {"en": "Gift"}, benefit, noon, noon)
    >>> [gift.variant_id for gift in list_givable(offer, benefit, (mug, pen), {1: 0, 2: 5})]
    [2]
    """
    terms = benefit.terms
    if not isinstance(terms, Gift):
        return ()
    known = {gift.variant_id: gift for gift in gifts}
    cap = benefit.cap_minor
    there = [
        known[variant_id]
        for variant_id in terms.variant_ids
        if variant_id in known
        and stock[variant_id] >= terms.quantity
        and (cap is None or known[variant_id].unit_minor * terms.quantity <= cap)
    ]
    fitting = [gift for gift in there if _fits(offer, gift, terms.quantity)]
    return tuple(fitting or there)


def pick_gift(givable: Sequence[GiftStock], wanted: int | None) -> GiftStock | None:
    """Return the gift the shopper chose if it can be given, else the first; None: there is none.

    >>> mug, pen = GiftStock(1, 900, available=3), GiftStock(2, 100, available=5)
    >>> pick_gift((mug, pen), 2) == pen, pick_gift((mug, pen), 4) == mug, pick_gift((), 2)
    (True, True, None)
    """
    first = next(iter(givable), None)
    return next((gift for gift in givable if gift.variant_id == wanted), first)


def _fits(offer: OfferValue, gift: GiftStock, quantity: int) -> bool:
    worth = gift.unit_minor * quantity
    if offer.left_minor is not None and worth > offer.left_minor:
        return False
    return not any(room.refusal(Use(quantity, worth)) for room in offer.rooms)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer whose condition holds, with the coupon that unlocked it."""

    offer: OfferValue
    coupon_code: str | None = None
    coupon_id: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a candidate does: minor units per line, a gift, a cut per way of delivery, points.

    `units` are how many units of each line it lowers; `is_short`: a limit kept it from more.
    `gift` is one of `givable`.
    """

    candidate: Candidate
    taken: tuple[int, ...]
    units: tuple[int, ...] = ()
    is_short: bool = False
    gift: GiftStock | None = None
    gift_quantity: int = 0
    cuts: Mapping[str, int] = field(default_factory=dict)
    points: int = 0
    delivery_minor: int = 0
    givable: tuple[GiftStock, ...] = ()

    @property
    def gift_minor(self) -> int:
        """Return the worth of the gift."""
        return 0 if self.gift is None else self.gift.unit_minor * self.gift_quantity

    @property
    def amount_minor(self) -> int:
        """Return what counts against budgets."""
        return sum(self.taken) + self.gift_minor + self.delivery_minor

    @property
    def count(self) -> int:
        """Return how many units it lowers or gives away."""
        return sum(self.units) + self.gift_quantity

    @property
    def is_something(self) -> bool:
        """Return whether the shopper gets anything from it, or would with another delivery."""
        return self.is_used or any(self.cuts.values())

    @property
    def is_used(self) -> bool:
        """Return whether the shopper gets anything from it: only then it counts as a use."""
        gives = any(self.taken) or self.gift_quantity or self.points
        return bool(gives or self.delivery_minor)


class Ground:
    """What is left of fees and gifts while the late candidates have their turn."""

    def __init__(self, lines: Sequence[OpenLine], cart: CartValue) -> None:
        self.lines, self.cart = lines, cart
        self.full = {fee.code: fee.price_for(cart.full_minor) for fee in cart.deliveries}
        self.fees = dict(self.full)
        self.stock = {gift.variant_id: gift.available for gift in cart.gifts}

    def effect_of(
        self,
        benefit: Benefit,
        touched: Sequence[int],
        effect: Effect,
    ) -> Effect:
        """Return what a step does besides lowering lines, and note what it used up."""
        terms = benefit.terms
        if isinstance(terms, Gift):
            return self._give(benefit, terms, effect)
        if isinstance(terms, Delivery):
            return replace(effect, cuts=self._cut(benefit, terms))
        if isinstance(terms, Points):
            paid = sum(self.lines[i].left_minor for i in touched)
            return replace(effect, points=terms.earned(paid))
        return effect

    def choose_delivery(self) -> tuple[str, int]:
        """Return the way that counts, and its fee (of the default: the lowest) before offers."""
        chosen = find_delivery(self.cart.deliveries, self.cart.delivery_code, self.fees)
        if chosen is None:
            return "", 0
        if self.cart.delivery_code is not None:
            return chosen, self.full[chosen]
        default = find_delivery(self.cart.deliveries, None, self.full)
        return chosen, self.full[default or chosen]

    def _give(self, benefit: Benefit, terms: Gift, effect: Effect) -> Effect:
        candidate = effect.candidate
        givable = list_givable(candidate.offer, benefit, self.cart.gifts, self.stock)
        gift = pick_gift(givable, self.cart.gift_choices.get(candidate.offer.offer_id))
        if gift is None:
            return effect
        self.stock[gift.variant_id] -= terms.quantity
        return replace(effect, gift=gift, gift_quantity=terms.quantity, givable=givable)

    def _cut(self, benefit: Benefit, terms: Delivery) -> dict[str, int]:
        cuts = {}
        for code, fee in self.fees.items():
            if terms.methods and code not in terms.methods:
                continue
            cuts[code] = min(cut_fee(benefit, terms, fee), fee)
            self.fees[code] = fee - cuts[code]
        return cuts


def cut_fee(benefit: Benefit, terms: Delivery, fee_minor: int) -> int:
    """Return what the benefit takes off a fee, at most its cap.

    >>> from decimal import Decimal
    >>> from promotions.engine.core.values import BenefitKind, Target
    >>> half = Benefit(BenefitKind.DELIVERY, Target.CART, percent=Decimal(50), terms=Delivery())
    >>> cut_fee(half, Delivery(), 499)
    250
    """
    if terms.price_minor is not None:
        wanted = max(0, fee_minor - terms.price_minor)
    elif benefit.percent is not None:
        wanted = percent_of(benefit, fee_minor)
    else:
        wanted = min(fee_minor, benefit.amount_minor or 0)
    return wanted if benefit.cap_minor is None else min(wanted, benefit.cap_minor)


def find_delivery(
    deliveries: Sequence[DeliveryFee], code: str | None, fees: Mapping[str, int]
) -> str | None:
    """Return the code that counts: the chosen one, else the cheapest to the door at `fees`.

    A way that needs no address (a pick-up) counts only if there is no other.
    """
    if code is not None:
        return code if any(fee.code == code for fee in deliveries) else None
    doors = [fee for fee in deliveries if fee.needs_address] or list(deliveries)
    cheapest = min(doors, key=lambda fee: fees[fee.code], default=None)
    return None if cheapest is None else cheapest.code
