"""Effect of one candidate on a cart: reductions, a gift, cheaper delivery or points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from promotions.engine.core.benefits.lines import OpenLine, percent_of
from promotions.engine.core.benefits.terms import Delivery, Gift, Points
from promotions.engine.core.carts import CartValue, DeliveryFee, GiftStock
from promotions.engine.core.limits import Use
from promotions.engine.core.values import Benefit, OfferValue

MOST_MATCHES = 500


class GiftWish(NamedTuple):
    """What an offer could give, in its order, so many pieces of it, and what the shopper chose."""

    givable: tuple[GiftStock, ...]
    quantity: int
    wanted: int | None


def wish_for(offer: OfferValue, benefit: Benefit, cart: CartValue) -> GiftWish | None:
    """Return the gifts of `offer` in its order: those in stock that its caps and limits allow.

    Where a limit has room for none of them all that are in stock are returned: the limit then
    refuses the offer with its own reason. None: the offer gives no gift.

    >>> from promotions.engine.core.values import BenefitKind
    >>> mug, pen = GiftStock(1, 900, available=0), GiftStock(2, 100, available=5)
    >>> benefit = Benefit(BenefitKind.GIFT, terms=Gift((1, 2)))
    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> offer = OfferValue(7, 1, "x", {"en": "Gift"}, benefit, noon, noon)
    >>> cart = CartValue((), "USD", "us", "online", gifts=(mug, pen))
    >>> [gift.variant_id for gift in wish_for(offer, benefit, cart).givable]
    [2]
    """
    terms = benefit.terms
    if not isinstance(terms, Gift):
        return None
    known = {gift.variant_id: gift for gift in cart.gifts}
    cap = benefit.cap_minor
    there = [
        known[variant_id]
        for variant_id in terms.variant_ids
        if variant_id in known
        and known[variant_id].available >= terms.quantity
        and (cap is None or known[variant_id].unit_minor * terms.quantity <= cap)
    ]
    fitting = [gift for gift in there if _fits(offer, gift, terms.quantity)]
    wanted = cart.gift_choices.get(offer.offer_id)
    return GiftWish(tuple(fitting or there), terms.quantity, wanted)


def match_gifts(wishes: Sequence[GiftWish]) -> list[GiftStock | None]:
    """Return which gift each offer gives; None: there is none left.

    As many offers as can be give one. Then most choices of the shopper are kept; then each offer,
    the first one first, gives the first of its list. Of more than `MOST_MATCHES` ways only so many
    are compared, beginning with that which serves one offer after the other.

    >>> mug, pen = GiftStock(1, 900, available=1), GiftStock(2, 100, available=1)
    >>> match_gifts([GiftWish((mug, pen), 1, None), GiftWish((mug,), 1, None)]) == [pen, mug]
    True
    """
    best: list[GiftStock | None] = []
    best_rank: tuple[int, int] = (-1, -1)
    left: dict[int, int] = {}
    ways = 0

    def visit(given: list[GiftStock | None], count: int, kept: int) -> None:
        nonlocal best, best_rank, ways
        if len(given) == len(wishes):
            ways += 1
            if (count, kept) > best_rank:
                best, best_rank = given, (count, kept)
            return
        wish = wishes[len(given)]
        for gift in sorted(wish.givable, key=lambda each: each.variant_id != wish.wanted):
            there = left.get(gift.variant_id, gift.available)
            if there >= wish.quantity and ways < MOST_MATCHES:
                left[gift.variant_id] = there - wish.quantity
                is_kept = gift.variant_id == wish.wanted
                visit([*given, gift], count + 1, kept + is_kept)
                left[gift.variant_id] = there
        if count + len(wishes) - len(given) - 1 >= best_rank[0] and ways < MOST_MATCHES:
            visit([*given, None], count, kept)

    visit([], 0, 0)
    return best


def list_choices(wishes: Sequence[GiftWish], n: int, given: int) -> tuple[GiftStock, ...]:
    """Return what offer `n` of `wishes` could give while so many offers give something."""
    wish = wishes[n]
    if len(wishes) < 2:
        return wish.givable
    return tuple(
        gift
        for gift in wish.givable
        if given
        == len(wishes)
        - match_gifts([*wishes[:n], wish._replace(givable=(gift,)), *wishes[n + 1 :]]).count(None)
    )


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

    def __init__(
        self, lines: Sequence[OpenLine], cart: CartValue, late: Iterable[tuple[Candidate, Benefit]]
    ) -> None:
        self.lines, self.cart = lines, cart
        self.full = {fee.code: fee.price_for(cart.full_minor) for fee in cart.deliveries}
        self.fees = dict(self.full)
        offers = [(candidate.offer, benefit) for candidate, benefit in late]
        wishes = [(offer, wish_for(offer, benefit, cart)) for offer, benefit in offers]
        self.wishes = {offer.offer_id: wish for offer, wish in wishes if wish is not None}
        self.gifts = dict(zip(self.wishes, match_gifts(list(self.wishes.values())), strict=True))

    def effect_of(
        self,
        benefit: Benefit,
        touched: Sequence[int],
        effect: Effect,
    ) -> Effect:
        """Return what a step does besides lowering lines, and note what it used up."""
        terms = benefit.terms
        if isinstance(terms, Gift):
            return self._give(terms, effect)
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

    def _give(self, terms: Gift, effect: Effect) -> Effect:
        offer_id = effect.candidate.offer.offer_id
        gift = self.gifts[offer_id]
        if gift is None:
            return effect
        given = sum(each is not None for each in self.gifts.values())
        wishes, n = list(self.wishes.values()), list(self.wishes).index(offer_id)
        choices = list_choices(wishes, n, given)
        return replace(effect, gift=gift, gift_quantity=terms.quantity, givable=choices)

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
