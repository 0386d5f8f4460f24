"""One offer after another on one cart: what each takes off, gives and grants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from promotions.core.benefits import reduce_lines
from promotions.core.carts import EVERYTHING, CartValue
from promotions.core.limits import Entity, Tally, Use
from promotions.core.open_lines import OpenLine
from promotions.core.stacking_effects import Candidate, Effect, Ground
from promotions.core.stacking_rules import Place
from promotions.core.terms import Bundle, BuyGet, GroupOf, pools_of
from promotions.core.values import Benefit, BenefitKind, OfferValue, Target

LINES, SETS, CART, GIFTS, DELIVERY, POINTS = range(6)
_LATE = {BenefitKind.GIFT: GIFTS, BenefitKind.DELIVERY: DELIVERY, BenefitKind.POINTS: POINTS}


@dataclass(frozen=True, slots=True)
class Plan:
    """A combination in the order applied. `total_minor`: money off goods and delivery."""

    effects: tuple[Effect, ...]
    total_minor: int

    @property
    def preference(self) -> tuple[int, int, int, int, tuple[int, ...]]:
        """Return the sort key: most money off, then gifts, points, fewest and oldest offers."""
        used = [effect for effect in self.effects if effect.is_used]
        ids = tuple(sorted(effect.candidate.offer.offer_id for effect in used))
        gifts = sum(effect.gift_minor for effect in self.effects)
        points = sum(effect.points for effect in self.effects)
        return -self.total_minor, -gifts, -points, len(ids), ids


NOTHING = Plan((), 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A candidate on one cart: which lines it means, when its turn is, what it does alone.

    `is_personal`: it is for chosen shoppers, and the cart has a cap on what these get.
    """

    candidate: Candidate
    benefit: Benefit
    place: Place
    stage: int
    touched: tuple[int, ...]
    pools: tuple[tuple[int, ...], ...]
    is_personal: bool = False

    @property
    def sequence(self) -> tuple[int, int, int]:
        """Return the order of applying: stage, then priority, then age."""
        return self.stage, -self.place.priority, self.place.offer_id

    def reduce(self, lines: Sequence[OpenLine]) -> tuple[int, ...]:
        """Return what it takes off each of `lines` as they stand."""
        taken = [0] * len(lines)
        touched = [lines[i] for i in self.touched]
        parts = reduce_lines(self.benefit, touched, self.pools, is_personal=self.is_personal)
        for i, part in zip(self.touched, parts, strict=True):
            taken[i] = part
        return tuple(taken)

    def take(self, lines: Sequence[OpenLine], taken: Iterable[int]) -> None:
        """Take the parts off the lines; parts below nothing give back."""
        for line, part in zip(lines, taken, strict=True):
            line.left_minor -= part
            if self.is_personal and line.personal_minor is not None:
                line.personal_minor -= part


def prepare(candidate: Candidate, cart: CartValue) -> Prepared:
    """Return the candidate ready for `cart`, capped by what its shopper may still get.

    A limit of money per shopper is a cap: the last time it gives what is left of it.
    """
    offer, benefit = candidate.offer, candidate.offer.benefit
    caps = [
        max(0, room.left_minor)
        for room in offer.rooms
        if room.limit.entity is Entity.SHOPPER and room.left_minor is not None
    ]
    if caps:
        own = [] if benefit.cap_minor is None else [benefit.cap_minor]
        benefit = replace(benefit, cap_minor=min(*caps, *own, caps[0]))
    pools = pools_of(benefit.terms, offer.scope, cart.lines)
    touched = sorted(frozenset().union(*pools))
    at = {position: i for i, position in enumerate(touched)}
    return Prepared(
        candidate=candidate,
        benefit=benefit,
        place=place_of(offer),
        stage=_stage_of(benefit),
        touched=tuple(touched),
        pools=tuple(tuple(at[position] for position in sorted(pool)) for pool in pools),
        is_personal=cart.personal_cap is not None and offer.audience == "personal",
    )


def place_of(offer: OfferValue) -> Place:
    """Return where the offer stands among all others."""
    return Place(offer.path, offer.category, offer.priority, offer.offer_id)


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
        )
        for line in cart.lines
    ]


def apply_all(prepared: Iterable[Prepared], cart: CartValue) -> Plan | None:
    """Return what all of them do together, or None if a budget or use limit does not allow it."""
    lines = open_lines(cart)
    steps = []
    for each in sorted(prepared, key=lambda one: one.sequence):
        taken = each.reduce(lines) if each.stage <= CART else (0,) * len(lines)
        each.take(lines, taken)
        steps.append((each, taken))
    return finish(steps, lines, cart)


def finish(
    steps: Sequence[tuple[Prepared, tuple[int, ...]]], lines: Sequence[OpenLine], cart: CartValue
) -> Plan | None:
    """Return the plan of applied `steps`, with gifts, delivery and points on what is `left`.

    Candidates that give nothing are left out: they must not use up their coupons. None: a budget
    or use limit does not allow it.
    """
    ground = Ground(lines, cart)
    effects = [
        ground.effect_of(one.candidate, one.benefit, one.touched, taken) for one, taken in steps
    ]
    chosen, before = ground.choose_delivery()
    settled = tuple(
        replace(effect, delivery_minor=effect.cuts.get(chosen, 0)) if effect.cuts else effect
        for effect in effects
        if effect.is_something
    )
    if not _fits(settled, lines):
        return None
    goods = sum(sum(effect.taken) for effect in settled)
    return Plan(settled, goods + before - ground.fees.get(chosen, 0))


def _fits(effects: Sequence[Effect], lines: Sequence[OpenLine]) -> bool:
    """Return whether every campaign's budget and every use limit has room for all of them."""
    spent: dict[int, int] = {}
    tally = Tally()
    for effect in effects:
        offer, amount = effect.candidate.offer, effect.amount_minor
        spent[offer.campaign_id] = spent.get(offer.campaign_id, 0) + amount
        if offer.left_minor is not None and spent[offer.campaign_id] > offer.left_minor:
            return False
        if not effect.is_used:
            continue
        if offer.rooms and not tally.take(offer.rooms, Use(effect.count_units(lines), amount)):
            return False
    return True


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
