"""What one unit would cost with offers that apply by themselves, before any cart exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from profiles.selectors import ArmChoice
from promotions.core.carts import CartLineValue
from promotions.core.conditions import needed_facts
from promotions.core.limits import Left, least_left
from promotions.core.one_piece import Lowered, PieceKey, lower_piece, piece_key, put_alone
from promotions.core.shoppers import ShopperView
from promotions.core.values import OfferValue
from promotions.selectors.facts import LookUp
from promotions.selectors.preview_offers import (
    FindTier,
    FindVisitor,
    Fitting,
    Gathered,
    PreviewPlace,
    gather_offers,
    keep_for_every_member,
)

# Nothing is known of what they did: neither a condition on it nor its opposite holds.
ANY_MEMBER = ShopperView(None, is_member=True, is_private=True)


@dataclass(frozen=True, slots=True)
class LinePreview:
    """What one unit of a variant would cost with automatic offers, before any cart exists.

    `ends_at` is the first end among them, `has_clock` whether that one was told before anybody saw
    it; `left` is the least that is left of any. `audience` says for whom the offers are that the
    shopper gets: "personal" (chosen shoppers), "group" (verified), "members" (all of them, or a
    tier), else "public". `own_offer_id` is the first for chosen shoppers, which then bears
    `law_label`.
    """

    variant_id: int
    adjusted_minor: int
    labels: tuple[str, ...]
    ends_at: datetime
    has_clock: bool = False
    left: Left | None = None
    audience: str = "public"
    own_offer_id: int | None = None
    law_label: str = ""


@dataclass(frozen=True, slots=True)
class Previews:
    """By variant id: what the shopper would pay for one unit, and what every member would.

    Variants that no offer lowers are absent. `members` is for who is not signed in, minor units,
    and only where that is less than the shopper pays. `arms` are those of experiments whose
    difference is on these goods: give them to `log_exposures` where they are shown.
    """

    mine: Mapping[int, LinePreview] = field(default_factory=dict)
    members: Mapping[int, int] = field(default_factory=dict)
    arms: tuple[ArmChoice, ...] = ()


def preview_lines(
    *,
    lines: Sequence[CartLineValue],
    place: PreviewPlace,
    shopper: ShopperView,
    find_visitor: FindVisitor | None = None,
    find_tier: FindTier | None = None,
    look_up: LookUp | None = None,
) -> Previews:
    """Return what one unit of each of `lines` alone would cost in this shopper's cart now.

    The same offers count as there: also those with a budget (while it is open; nothing is held
    before the cart), under experiment (by the shopper's arm), with a holdout, for chosen shoppers.
    Gifts, delivery and points are no price of a unit. What only some members get is no price of
    every member. However many lines: queries as `gather_offers` says.
    """
    found = gather_offers(
        lines, place, shopper, find_visitor=find_visitor, find_tier=find_tier, look_up=look_up
    )
    if found is None:
        return Previews()
    fitting = Fitting(found, place)
    mine = _preview_each(lines, found, place, fitting)
    return Previews(
        mine=mine,
        members={} if found.shopper.is_member else _preview_members(lines, found, mine, place),
        arms=tuple(choice for key, choice in found.arms.choices.items() if key in fitting.seen),
    )


def _preview_members(
    lines: Sequence[CartLineValue],
    found: Gathered,
    mine: Mapping[int, LinePreview],
    place: PreviewPlace,
) -> dict[int, int]:
    theirs = [offer for offer in found.offers if offer.audience == "members"]
    covered = [line for line in lines if any(offer.covers(line) for offer in theirs)]
    if not covered:
        return {}
    every = Gathered(
        offers=tuple(keep_for_every_member(found.offers)),
        shopper=ANY_MEMBER,
        cart=place.empty_cart(),
        pieces=found.pieces,
    )
    shown = _preview_each(covered, every, place, Fitting(every, place))
    paid = {line.variant_id: line.unit_minor for line in covered}
    paid |= {variant_id: one.adjusted_minor for variant_id, one in mine.items()}
    return {
        variant_id: one.adjusted_minor
        for variant_id, one in shown.items()
        if one.audience == "members" and one.adjusted_minor < paid[variant_id]
    }


def _preview_each(
    lines: Sequence[CartLineValue], found: Gathered, place: PreviewPlace, fitting: Fitting
) -> dict[int, LinePreview]:
    """Return the previews by variant."""
    known: dict[PieceKey, LinePreview | None] = {}
    previews = {}
    for line in lines:
        alone = put_alone(line, found.cart)
        fit = fitting.list_offers(alone)
        if not fit:
            continue
        key = piece_key(fit, alone)
        if key not in known:
            lowered = lower_piece(fit, alone, found.pieces)
            known[key] = _preview(line, lowered, fit, place, found.law_label)
        if (shown := known[key]) is not None:
            previews[line.variant_id] = replace(shown, variant_id=line.variant_id)
    return previews


def _preview(
    line: CartLineValue,
    lowered: Lowered,
    offers: Sequence[OfferValue],
    place: PreviewPlace,
    law_label: str,
) -> LinePreview | None:
    """Return what `offers` make of one piece; None: nothing."""
    if not lowered.offer_ids:
        return None
    by_id = {offer.offer_id: offer for offer in offers if offer.offer_id in lowered.offer_ids}
    applied = list(by_id.values())
    own = [offer.offer_id for offer in applied if offer.audience == "personal"]
    first = min(applied, key=lambda offer: (offer.ends_at, not offer.has_clock))
    return LinePreview(
        variant_id=line.variant_id,
        adjusted_minor=line.unit_minor - lowered.amount_minor,
        labels=tuple(by_id[one].label(place.language) for one in lowered.offer_ids),
        ends_at=first.ends_at,
        has_clock=first.has_clock,
        left=least_left(room for offer in applied for room in offer.rooms),
        audience=_audience_of(applied),
        own_offer_id=own[0] if own else None,
        law_label=law_label if own else "",
    )


def _audience_of(applied: Sequence[OfferValue]) -> str:
    if any(offer.audience == "personal" for offer in applied):
        return "personal"
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in applied))
    if "groups" in facts:
        return "group"
    is_members = "tier" in facts or any(offer.audience == "members" for offer in applied)
    return "members" if is_members else "public"
