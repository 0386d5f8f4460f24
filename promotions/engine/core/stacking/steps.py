"""One offer after another on one cart: what each takes off, gives and grants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from promotions.engine.core.benefits.apply import Reduction, reduce_units
from promotions.engine.core.benefits.lines import OpenLine, keep_units
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf, pools_of
from promotions.engine.core.carts import EVERYTHING, CartValue
from promotions.engine.core.limits import Room, Tally, Use, budget_room
from promotions.engine.core.stacking.effects import Candidate, Effect, Ground
from promotions.engine.core.stacking.rules import OfferPosition
from promotions.engine.core.values import Benefit, BenefitKind, OfferValue, Target

LINES, UNITS, SETS, CART, GIFTS, DELIVERY, POINTS = range(7)
_LATE = {BenefitKind.GIFT: GIFTS, BenefitKind.DELIVERY: DELIVERY, BenefitKind.POINTS: POINTS}


@dataclass(frozen=True, slots=True)
class Plan:
    """A combination in the order applied. `total_minor`: money off products and delivery.

    `is_best`: its groups that choose by unit could not divide the units better.
    """

    effects: tuple[Effect, ...]
    total_minor: int
    is_best: bool = True

    @property
    def preference(self) -> tuple[int, int, int, int, tuple[int, ...]]:
        """Return the sort key: most money off, then gifts, points, fewest and oldest offers."""
        used = [effect for effect in self.effects if effect.is_used]
        ids = tuple(sorted(effect.candidate.offer.offer_id for effect in used))
        gifts = sum(effect.gift_minor for effect in self.effects)
        points = sum(effect.points for effect in self.effects)
        return -self.total_minor, -gifts, -points, len(ids), ids

    @property
    def full_ids(self) -> set[int]:
        """Return the offers that lower as many units as they may, and mean more."""
        offers = [effect.candidate.offer for effect in self.effects if effect.is_short]
        return {offer.offer_id for offer in offers if offer.benefit.counts_units}


NOTHING = Plan((), 0)


class Step(NamedTuple):
    """What a candidate took off each line, of how many units, and whether a limit cut it.

    `is_best`: no other way of giving units to it and to those applied with it saves more.
    """

    prepared: Prepared
    taken: tuple[int, ...]
    units: tuple[int, ...]
    is_short: bool = False
    is_best: bool = True


@dataclass(frozen=True, slots=True)
class Prepared:
    """A candidate on one cart: which lines it means, when its turn is, what it does alone.

    `rooms` are what its limits and the campaign's budget leave. `is_personal`: it is for chosen
    shoppers, and the cart has a cap on what these get. `shares_units`: it lowers only so many
    units of several lines. `known` remembers what was found for sets: a search asks again and
    again about the same units.
    """

    candidate: Candidate
    benefit: Benefit
    place: OfferPosition
    stage: int
    touched: tuple[int, ...]
    pools: tuple[tuple[int, ...], ...]
    rooms: tuple[Room, ...] = ()
    is_personal: bool = False
    shares_units: bool = False
    known: dict[object, Reduction] = field(default_factory=dict, compare=False, repr=False)

    @property
    def sequence(self) -> tuple[int, str, int, int]:
        """Return the order of applying: stage, then priority, then age; members of one group that
        chooses unit by unit stand together."""
        return self.stage, self.place.unit_group, -self.place.priority, self.place.offer_id

    @property
    def is_set(self) -> bool:
        """Return whether it lowers sets of units."""
        return isinstance(self.benefit.terms, BuyGet | Bundle | GroupOf)

    @property
    def is_limited(self) -> bool:
        """Return whether what it takes off one line may leave less of it for another."""
        benefit = self.benefit
        return bool(self.rooms) or benefit.cap_minor is not None or benefit.counts_units

    def bound(self, tally: Tally) -> Benefit:
        """Return the benefit with no more money than its limits and budget leave."""
        left = tally.left_minor(self.rooms) if self.rooms else None
        if left is None:
            return self.benefit
        cap = self.benefit.cap_minor
        return replace(self.benefit, cap_minor=left if cap is None else min(cap, left))

    def reduce(
        self,
        lines: Sequence[OpenLine],
        tally: Tally,
        free: Sequence[int] | None = None,
        lost: Sequence[int] = (),
    ) -> Step:
        """Return what it takes off `lines` as they stand, of their `free` units (None: all).

        `lost` is what another offer would take off a unit of each line.
        """
        taken, units = [0] * len(lines), [0] * len(lines)
        if self.stage > CART:
            return Step(self, tuple(taken), tuple(units))
        touched = [i for i in self.touched if free is None or free[i]]
        at = {self.touched.index(i): new for new, i in enumerate(touched)}
        most_units = tally.left_units(self.rooms) if self.rooms else None

        mine = [lines[i] if free is None else keep_units(lines[i], free[i]) for i in touched]
        pools = [tuple(at[i] for i in pool if i in at) for pool in self.pools]
        own = tuple(lost[i] for i in touched) if lost else ()

        def find(benefit: Benefit) -> Reduction:
            return self._find(benefit, mine, pools, most_units, own)

        bound = self.bound(tally)
        found = find(bound)
        for i, part, count in zip(touched, found.parts, found.units, strict=True):
            taken[i], units[i] = part, count
        is_short = found.is_short
        if bound.cap_minor != self.benefit.cap_minor and sum(taken) == bound.cap_minor:
            is_short = is_short or sum(find(self.benefit).parts) > sum(taken)
        return Step(self, tuple(taken), tuple(units), is_short)

    def _find(
        self,
        benefit: Benefit,
        mine: Sequence[OpenLine],
        pools: Sequence[tuple[int, ...]],
        most_units: int | None,
        lost: tuple[int, ...],
    ) -> Reduction:
        reduce = partial(
            reduce_units,
            benefit,
            mine,
            pools,
            is_personal=self.is_personal,
            most_units=most_units,
            lost=lost,
        )
        if not self.is_set:
            return reduce()
        states = tuple((x.line_id, x.quantity, x.left_minor, x.personal_minor) for x in mine)
        floors = tuple(line.floor_minor for line in mine)
        key = (benefit, self.is_personal, most_units, states, floors, lost)
        if key not in self.known:
            self.known[key] = reduce()
        return self.known[key]


def prepare(candidate: Candidate, cart: CartValue) -> Prepared:
    """Return the candidate ready for `cart`."""
    offer, benefit = candidate.offer, candidate.offer.benefit
    pools = pools_of(benefit.terms, offer.scope, cart.lines)
    touched = sorted(frozenset().union(*pools))
    at = {position: i for i, position in enumerate(touched)}
    variants = {cart.lines[position].variant_id for position in touched}
    is_shared = benefit.most_units_line is not None and len(variants) < len(touched)
    place = place_of(offer)
    return Prepared(
        candidate=candidate,
        benefit=benefit,
        place=place,
        stage=UNITS if place.unit_group else _stage_of(benefit),
        touched=tuple(touched),
        pools=tuple(tuple(at[position] for position in sorted(pool)) for pool in pools),
        rooms=rooms_of(offer),
        is_personal=cart.personal_cap is not None and offer.audience == "personal",
        shares_units=benefit.most_units is not None or is_shared,
    )


def rooms_of(offer: OfferValue) -> tuple[Room, ...]:
    """Return what use limits and the campaign's budget leave of the offer."""
    if offer.left_minor is None:
        return offer.rooms
    return (*offer.rooms, budget_room(offer.campaign_id, offer.left_minor))


def place_of(offer: OfferValue) -> OfferPosition:
    """Return where the offer stands among all others."""
    is_on_products = _stage_of(offer.benefit) in (LINES, SETS)
    return OfferPosition(offer.path, offer.category, offer.priority, offer.offer_id, is_on_products)


def open_lines(cart: CartValue) -> list[OpenLine]:
    """Return the lines of `cart` before any offer."""
    cap = cart.personal_cap
    return [
        OpenLine(
            line.line_id,
            line.quantity,
            line.value_minor,
            line.floor_minor * line.quantity,
            line.value_minor,
            None if cap is None else line.personal_room_minor(cap),
            line.variant_id,
        )
        for line in cart.lines
    ]


def finish(steps: Sequence[Step], lines: Sequence[OpenLine], cart: CartValue) -> Plan | None:
    """Return the plan of applied `steps`, with gifts, delivery and points on what is `left`.

    Candidates that give nothing are left out: they must not use up their coupons. None: a budget
    or use limit does not allow it.
    """
    late = ((step.prepared.candidate, step.prepared.benefit) for step in steps)
    ground, tally, effects = Ground(lines, cart, late), Tally(), []
    for step in steps:
        one = step.prepared
        benefit = one.bound(tally) if one.stage == DELIVERY else one.benefit
        effect = Effect(one.candidate, step.taken, step.units, step.is_short)
        effect = ground.effect_of(benefit, one.touched, effect)
        if benefit is not one.benefit and benefit.cap_minor in effect.cuts.values():
            effect = replace(effect, is_short=True)
        effects.append((one, effect))
        if effect.is_used and one.rooms:
            tally.take(one.rooms, Use(effect.count, effect.amount_minor))
    chosen, before = ground.choose_delivery()
    settled = tuple(
        (one, replace(effect, delivery_minor=effect.cuts.get(chosen, 0)) if effect.cuts else effect)
        for one, effect in effects
        if effect.is_something
    )
    if not _fits(settled):
        return None
    products = sum(sum(effect.taken) for _, effect in settled)
    total = products + before - ground.fees.get(chosen, 0)
    is_best = all(step.is_best for step in steps)
    return Plan(tuple(effect for _, effect in settled), total, is_best)


def _fits(effects: Iterable[tuple[Prepared, Effect]]) -> bool:
    """Return whether every campaign's budget and every use limit has room for all of them."""
    tally = Tally()
    return all(
        tally.take(one.rooms, Use(effect.count, effect.amount_minor))
        for one, effect in effects
        if effect.is_used and one.rooms
    )


def is_whole(prepared: Prepared) -> bool:
    """Return whether the benefit depends on the sum of all lines only, however it is spread."""
    is_plain = prepared.candidate.offer.scope == EVERYTHING and prepared.stage == CART
    return is_plain and prepared.benefit.cap_line_minor is None


def _stage_of(benefit: Benefit) -> int:
    if benefit.kind in _LATE:
        return _LATE[benefit.kind]
    if isinstance(benefit.terms, BuyGet | Bundle | GroupOf):
        return SETS
    on_cart = benefit.target is Target.CART and benefit.kind is not BenefitKind.QUANTITY_TIERS
    return CART if on_cart else LINES
