"""Price that one more unit of a product adds to a cart, as product cards show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from promotions.engine.core.benefits.apply import WITHOUT_LINES
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf
from promotions.engine.core.carts import CartLineValue, CartValue, Scope, sort_lines
from promotions.engine.core.conditions.leaves import Circumstances
from promotions.engine.core.conditions.tree import ALWAYS
from promotions.engine.core.evaluate import EvaluationInput, find_coupon_failure, find_failures
from promotions.engine.core.stacking.plans import Candidate, Plan, best_plan, is_bound, is_by_line
from promotions.engine.core.values import BenefitKind, CouponValue, OfferValue


class OfferIndex:
    """Offers by the products their scopes name; those that name none are always looked at.

    >>> from promotions.engine.core.carts import Scope
    >>> OfferIndex(()).touching(())
    []
    """

    def __init__(self, offers: Sequence[OfferValue]) -> None:
        self._offers = offers
        self._wide: set[int] = set()
        self._by_variant: dict[int, set[int]] = defaultdict(set)
        self._by_product: dict[int, set[int]] = defaultdict(set)
        self._by_category: dict[int, set[int]] = defaultdict(set)
        self._by_brand: dict[int, set[int]] = defaultdict(set)
        for position, offer in enumerate(offers):
            for scope in offer.scopes:
                self._add(position, scope)

    def touching(self, lines: Iterable[CartLineValue]) -> list[OfferValue]:
        """Return the offers that cover one of `lines`, in the order given to the index."""
        return [self._offers[position] for position in self.list_positions(lines)]

    def list_positions(self, lines: Iterable[CartLineValue]) -> list[int]:
        """Return where the offers that cover one of `lines` stand in what the index was given."""
        known = list(lines)
        found = set(self._wide)
        for line in known:
            found |= self._by_variant.get(line.variant_id, _NONE)
            found |= self._by_product.get(line.product_id, _NONE)
            found |= self._by_brand.get(line.brand_id, _NONE)
            for category_id in line.category_ids:
                found |= self._by_category.get(category_id, _NONE)
        return [at for at in sorted(found) if any(map(self._offers[at].covers, known))]

    def _add(self, position: int, scope: Scope) -> None:
        if scope.variant_ids is not None:
            tables = [(self._by_variant, scope.variant_ids)]
        else:
            tables = [
                (self._by_product, scope.product_ids),
                (self._by_category, scope.category_ids),
                (self._by_brand, scope.brand_ids),
            ]
            if not any(ids for _, ids in tables):
                self._wide.add(position)
        for table, ids in tables:
            for each in ids:
                table[each].add(position)


_NONE: frozenset[int] = frozenset()

MOST_KEPT = 20_000
NEW_LINE = "+"
NO_BUDGET = 2**63
# Up to so many offers the best combination is found exactly, whatever the floor
EXACT = 6


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one more unit adds to the price of a cart, and the offers that lower it there.

    A discount on the order as a whole is no price of a product: `amount_minor` and `offer_ids` are
    without it. `reached_minor` is what such discounts take off that begin to apply with this unit.
    `amount_minor` may be nothing or less: a unit may complete a set. `barred_ids` are offers that
    would make the unit cheaper in an empty cart and do not in this one. `own_minor` is what is left
    of the unit's own price, without what it changes for others. `is_sure`: the best combination was
    found by looking at all of them. `taken` is what each offer on products takes off, minor units
    by offer id; below 0 where one ends on other products of the cart.
    """

    amount_minor: int
    own_minor: int
    taken: tuple[tuple[int, int], ...] = ()
    barred_ids: tuple[int, ...] = ()
    is_sure: bool = True
    reached_minor: int = 0

    @property
    def offer_ids(self) -> tuple[int, ...]:
        """Return the offers that lower the unit, in the order applied."""
        return tuple(offer_id for offer_id, minor in self.taken if minor > 0)


Memory = dict[object, UnitPrice]


def is_plain(offer: OfferValue) -> bool:
    """Return whether nothing about a cart decides if the offer applies, but that it covers it."""
    return offer.condition == ALWAYS and offer.benefit.terms is None


def is_multibuy(offer: OfferValue) -> bool:
    """Return whether the offer asks for several units and makes them cheaper."""
    benefit = offer.benefit
    is_set = isinstance(benefit.terms, BuyGet | GroupOf | Bundle)
    return is_set or benefit.kind is BenefitKind.QUANTITY_TIERS


class UnitPrices:
    """Prices of one more unit each in the cart of `asked`, as `evaluate_offers` finds them.

    What a unit adds is the price of the cart with it less the price of the cart without. Where
    nothing that touches the unit is in touch with the rest of the cart, that is its price in an
    empty cart, and `memory` of the book of offers may know it.
    """

    def __init__(self, asked: EvaluationInput, now: datetime, memory: Memory) -> None:
        self._now, self._memory, self._known = now, memory, Memory()
        cart = replace(asked.cart, lines=sort_lines(asked.cart.lines))
        codes = frozenset(coupon.code for coupon in asked.coupons)
        self._given = Circumstances(cart, asked.shopper, now, codes)
        self._inside = {line.variant_id for line in cart.lines}
        self._entries = list(_list_entries(asked, now))
        self._offers = [entry.offer for entry in self._entries]
        self._is_plain = [is_plain(offer) for offer in self._offers]
        self._has_late = any(one.benefit.kind in WITHOUT_LINES for one in self._offers)
        self._added: tuple[CartLineValue, Circumstances] | None = None
        self._settled: dict[int, bool] = {}
        self._apart_up_to: dict[tuple[int, ...], int] = {}
        self._index = OfferIndex(self._offers)
        self._touched = self._index.list_positions(cart.lines)
        self._before = self._list_applying(None, self._touched)
        self._plan = best_plan(self._take(self._before), cart)
        self._paid_minor = _price(self._plan, cart)

    def find_fitting(self, line: CartLineValue) -> list[OfferValue]:
        """Return the offers that apply to the cart with one unit of `line` more, and cover it."""
        line = self._as_there(line)
        applying = self._list_applying(line, self._list_covering(line))
        return [self._offers[at] for at in applying]

    def find_multibuys(self, line: CartLineValue) -> list[OfferValue]:
        """Return the offers on several units that one more of `line` is part of, and that apply
        once there are enough."""
        line = self._as_there(line)
        covering = [self._entries[at] for at in self._list_covering(line)]
        wanted = [
            one.offer for one in covering if one.coupon_code is None and is_multibuy(one.offer)
        ]
        if not wanted:
            return []
        given = self._add(line)
        return [
            offer
            for offer in wanted
            if all(failure.is_near for failure in find_failures(offer, given, self._now))
        ]

    def price(self, line: CartLineValue) -> UnitPrice:
        """Return what one unit of `line` more adds; if the variant is in the cart, at its price."""
        line = self._as_there(line)
        covering = self._list_covering(line)
        applying = self._list_applying(line, sorted({*covering, *self._touched}))
        fit = [at for at in applying if at in covering]
        if self._is_apart(applying, fit, line):
            return self._price_alone(self._take(fit), line)
        own = line.variant_id if line.variant_id in self._inside else 0
        key = (own, tuple(applying), *self._key(self._take(fit), line))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._price_in(applying, fit, line)
        return found

    def _as_there(self, line: CartLineValue) -> CartLineValue:
        """Return the unit at the price of its line, if the variant is in the cart."""
        if line.variant_id not in self._inside:
            return line
        lines = self._given.cart.lines
        return next(one for one in lines if one.variant_id == line.variant_id)

    def _take(self, places: Iterable[int]) -> list[Candidate]:
        return [self._entries[at] for at in places]

    def _list_covering(self, line: CartLineValue) -> list[int]:
        return self._index.list_positions((line,))

    def _add(self, line: CartLineValue) -> Circumstances:
        """Return the cart with one unit more; of the line last asked about it is remembered."""
        if self._added is not None and self._added[0] is line:
            return self._added[1]
        lines = list(self._given.cart.lines)
        if line.variant_id in self._inside:
            at = next(i for i, one in enumerate(lines) if one.variant_id == line.variant_id)
            lines[at] = replace(lines[at], quantity=lines[at].quantity + 1)
        else:
            lines.append(replace(line, line_id=NEW_LINE, quantity=1))
        cart = replace(self._given.cart, lines=sort_lines(lines))
        self._added = line, replace(self._given, cart=cart)
        return self._added[1]

    def _list_applying(self, line: CartLineValue | None, places: Iterable[int]) -> list[int]:
        """Return which of `places` apply to the cart with `line`; all cover something of it."""
        found, unlocked = [], set[int]()
        for at in places:
            offer = self._offers[at]
            if offer.offer_id not in unlocked and self._applies(at, offer, line):
                found.append(at)
                unlocked.add(offer.offer_id)
        return found

    def _applies(self, at: int, offer: OfferValue, line: CartLineValue | None) -> bool:
        applies = self._settled.get(at)
        if applies is None:
            given = self._given if line is None else self._add(line)
            applies = not find_failures(offer, given, self._now)
            if self._is_plain[at]:  # the same for all it covers
                self._settled[at] = applies
        return applies

    def _is_apart(self, applying: Sequence[int], fit: Sequence[int], line: CartLineValue) -> bool:
        """Return whether the rest of the cart costs the same whether the unit is there or not."""
        if line.variant_id in self._inside or self._has_late:
            return False
        if not fit:
            return applying == self._before
        if applying != sorted({*self._before, *fit}):
            return False
        key = tuple(fit)
        found = self._apart_up_to.get(key)
        if found is None:
            found = self._apart_up_to[key] = self._find_apart(fit)
        return self._given.cart.value_minor + line.unit_minor <= found

    def _find_apart(self, fit: Sequence[int]) -> int:
        """Return up to which value of the cart the rest of it is nothing to the offers of `fit`.

        An offer on products of the cart, too, gives each line its own, unless it or an offer on
        one of its lines looks at several, or has a budget that is less than all of the cart.
        """
        offers = self._offers
        if any(is_bound(offers[at], offers[other]) for at in fit for other in self._before):
            return -1
        shared = [at for at in fit if at in self._touched]
        lines = [
            line for line in self._given.cart.lines if any(offers[at].covers(line) for at in shared)
        ]
        beside = [at for at in self._before if any(map(offers[at].covers, lines))]
        joined = [offers[at] for at in {*fit, *beside}] if shared else []
        if not all(map(is_by_line, joined)):
            return -1
        budgets = (offer.left_minor for offer in joined if offer.left_minor is not None)
        return min(budgets, default=NO_BUDGET)

    def _key(self, fit: Sequence[Candidate], line: CartLineValue) -> tuple[object, ...]:
        """Return what the price of a unit depends on once it is known what applies to the cart."""
        covers = tuple(
            tuple(scope.covers(line) for scope in each.offer.scopes)
            for each in fit
            if each.offer.benefit.terms is not None
        )
        names = tuple((each.offer.offer_id, each.coupon_code) for each in fit)
        return names, covers, line.unit_minor, line.floor_minor, line.public_minor

    def _price_alone(self, fit: Sequence[Candidate], line: CartLineValue) -> UnitPrice:
        """Return the price of a unit in an empty cart. A budget with room for the whole price is as
        good as any greater one."""
        if not fit:
            return UnitPrice(line.unit_minor, line.unit_minor)
        cap, unit = self._given.cart.personal_cap, line.unit_minor
        left = tuple(
            (each.offer.left_minor and min(each.offer.left_minor, unit), each.offer.rooms)
            for each in fit
        )
        key = (cap, left, *self._key(fit, line))
        # Codes may bring offers that the book does not hold
        known = self._known if any(each.coupon_code for each in fit) else self._memory
        found = known.get(key)
        if found is None:
            if len(known) >= MOST_KEPT:
                known.clear()
            alone = replace(self._given.cart, lines=(replace(line, quantity=1),))
            plan = best_plan(fit, alone)
            found = known[key] = UnitPrice(
                amount_minor=_price(plan, alone),
                own_minor=alone.value_minor - sum(sum(effect.taken) for effect in plan.effects),
                taken=tuple((one, minor) for one, minor in _taken_by_offer(plan).items() if minor),
                is_sure=len(fit) <= EXACT,
                reached_minor=sum(_taken_off_order(plan).values()),
            )
        return found

    def _price_in(
        self, applying: Sequence[int], fit: Sequence[int], line: CartLineValue
    ) -> UnitPrice:
        cart = self._add(line).cart
        plan = best_plan(self._take(applying), cart)
        amount = _price(plan, cart) - self._paid_minor
        before, after = _taken_by_offer(self._plan), _taken_by_offer(plan)
        changes = ((one, after.get(one, 0) - before.get(one, 0)) for one in {**after, **before})
        taken = tuple((one, minor) for one, minor in changes if minor)
        used = [one for one, minor in taken if minor > 0]
        alone = self._price_alone(self._take(at for at in fit if self._is_plain[at]), line)
        barred = alone.offer_ids if alone.amount_minor < amount else ()
        reached, already = _taken_off_order(plan), _taken_off_order(self._plan)
        own = amount if (left := _left_of(NEW_LINE, plan, cart)) is None else left
        return UnitPrice(
            amount_minor=amount,
            own_minor=own,
            taken=taken,
            barred_ids=tuple(one for one in barred if one not in {*used, *plan.full_ids}),
            is_sure=len(fit) <= EXACT,
            reached_minor=sum(taken for one, taken in reached.items() if not already.get(one)),
        )


def _list_entries(asked: EvaluationInput, now: datetime) -> Iterator[Candidate]:
    """Yield all that may apply, in the order in which the evaluator asks."""
    for offer in sorted(asked.offers, key=lambda offer: offer.offer_id):
        if not offer.requires_coupon:
            yield Candidate(offer)
    for coupon in sorted(asked.coupons, key=lambda coupon: coupon.code):
        if coupon.offer is not None and find_coupon_failure(coupon, now) is None:
            yield Candidate(coupon.offer, coupon.code, coupon.coupon_id)


def drop_idle(
    offers: list[OfferValue], coupons: list[CouponValue]
) -> tuple[list[OfferValue], list[CouponValue]]:
    """Return both without gifts, delivery and points, if those keep nothing from other offers."""
    every = [*offers, *(coupon.offer for coupon in coupons if coupon.offer is not None)]
    late = [offer for offer in every if offer.benefit.kind in WITHOUT_LINES]
    if any(is_bound(mine, other) for mine in late for other in every):
        return offers, coupons
    idle = {offer.offer_id for offer in late}
    return (
        [offer for offer in offers if offer.offer_id not in idle],
        [one for one in coupons if one.offer is None or one.offer.offer_id not in idle],
    )


def _price(plan: Plan, cart: CartValue) -> int:
    """Return what the products cost, without what is taken off the order as a whole."""
    return cart.value_minor - sum(_taken_by_offer(plan).values())


def _left_of(line_id: str, plan: Plan, cart: CartValue) -> int | None:
    """Return what is left of the line's price; None: there is no such line."""
    for at, line in enumerate(cart.lines):
        if line.line_id == line_id:
            return line.value_minor - sum(effect.taken[at] for effect in plan.effects)
    return None


def _taken_by_offer(plan: Plan) -> dict[int, int]:
    """Return what each offer on products takes off."""
    return _list_taken(plan, is_on_order=False)


def _taken_off_order(plan: Plan) -> dict[int, int]:
    """Return what each offer on the order as a whole takes off."""
    return _list_taken(plan, is_on_order=True)


def _list_taken(plan: Plan, *, is_on_order: bool) -> dict[int, int]:
    return {
        effect.candidate.offer.offer_id: sum(effect.taken)
        for effect in plan.effects
        if effect.candidate.offer.benefit.is_on_order is is_on_order
    }
