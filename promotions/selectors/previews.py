"""What one unit would cost with offers that apply by themselves, before any cart exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from promotions.core.benefits import WITHOUT_LINES
from promotions.core.carts import CartLineValue, CartValue
from promotions.core.circumstances import Circumstances
from promotions.core.conditions import needed_facts
from promotions.core.evaluate import evaluate_offers, find_failures
from promotions.core.limits import Buyer, Entity, Left, least_left
from promotions.core.shoppers import ShopperView
from promotions.core.values import Evaluation, OfferValue
from promotions.selectors.arms import list_tested_campaigns
from promotions.selectors.book import live_at, load_offer_book
from promotions.selectors.facts import READERS, complete_shopper
from promotions.selectors.limits import load_limits, with_rooms
from promotions.selectors.offers import facts_of
from shop.catalog.selectors import get_market

ANY_MEMBER = ShopperView(None, is_member=True)
FindId = Callable[[], int | None]


@dataclass(frozen=True, slots=True)
class PreviewPlace:
    """Where and when prices are shown, in which language."""

    market_code: str
    channel: str
    currency: str
    now: datetime
    language: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class LinePreview:
    """What one unit of a variant would cost with automatic offers, before any cart exists.

    `ends_at` is the first end among them, `has_clock` whether that one was told before anybody saw
    it; `left` is the least that is left of any. `audience` says for whom the offers are that the
    shopper gets: "group" (verified), "members" (all of them, or a tier), else "public".
    """

    variant_id: int
    adjusted_minor: int
    labels: tuple[str, ...]
    ends_at: datetime
    has_clock: bool = False
    left: Left | None = None
    audience: str = "public"


@dataclass(frozen=True, slots=True)
class Previews:
    """By variant id: what the shopper would pay for one unit, and what every member would.

    Variants that no offer lowers are absent. `members` is for who is not signed in, minor units,
    and only where that is less than the shopper pays.
    """

    mine: Mapping[int, LinePreview] = field(default_factory=dict)
    members: Mapping[int, int] = field(default_factory=dict)


def preview_lines(
    *,
    lines: Sequence[CartLineValue],
    place: PreviewPlace,
    shopper: ShopperView,
    find_id: FindId | None = None,
) -> Previews:
    """Return what one unit of each of `lines` alone would cost with automatic offers.

    Left out are offers with a budget, for chosen shoppers or under experiment: a list page must
    not promise what may be gone. Gifts, delivery and points are no price of a unit. Members have
    the prices of members, of their tier and of the groups they have proven: `find_id` then names
    the shopper, asked only if an offer on these goods asks for one of these or counts uses by
    shopper. What only some members get is no price of every member.

    However many lines: no query; one if an offer has use limits, for members one for groups, two
    for a tier, and what `find_id` takes.
    """
    offers = _list_previewed(lines, place)
    if not offers:
        return Previews()
    facts = frozenset().union(*(needed_facts(o.condition) for o in offers)) & READERS.keys()
    if shopper.shopper_id is None and find_id is not None and (facts or _counts_shoppers(offers)):
        shopper = replace(shopper, shopper_id=find_id())
    shopper = complete_shopper(shopper, facts, now=place.now, look_up=None)
    time_zone = get_market(place.market_code).time_zone
    offers = with_rooms(offers, Buyer(shopper.shopper_id, place.channel, time_zone, place.now))
    mine = _preview_each(lines, offers, shopper, place)
    return Previews(mine, {} if shopper.is_member else _preview_members(lines, offers, mine, place))


def _preview_members(
    lines: Sequence[CartLineValue],
    offers: Sequence[OfferValue],
    mine: Mapping[int, LinePreview],
    place: PreviewPlace,
) -> dict[int, int]:
    theirs = [offer for offer in offers if offer.audience == "members"]
    covered = [line for line in lines if any(offer.covers(line) for offer in theirs)]
    found = _preview_each(covered, offers, ANY_MEMBER, place)
    paid = {line.variant_id: line.unit_minor for line in covered}
    paid |= {variant_id: one.adjusted_minor for variant_id, one in mine.items()}
    return {
        variant_id: one.adjusted_minor
        for variant_id, one in found.items()
        if one.audience == "members" and one.adjusted_minor < paid[variant_id]
    }


def _list_previewed(lines: Sequence[CartLineValue], place: PreviewPlace) -> list[OfferValue]:
    book, tested = load_offer_book(), list_tested_campaigns()
    return [
        offer
        for offer in book.index.touching(lines)
        if live_at(offer, place.now, place.market_code)
        and offer.campaign_id not in book.budgeted
        and offer.campaign_id not in tested
        and offer.audience != "personal"
        and not offer.holdout_percent
        and offer.benefit.kind not in WITHOUT_LINES
    ]


def _counts_shoppers(offers: Sequence[OfferValue]) -> bool:
    book = load_limits()
    limits = (limit for offer in offers for limit in book.limits_of(offer))
    return any(limit.entity is Entity.SHOPPER for limit in limits)


def _preview_each(
    lines: Sequence[CartLineValue],
    offers: Sequence[OfferValue],
    shopper: ShopperView,
    place: PreviewPlace,
) -> dict[int, LinePreview]:
    time_zone = get_market(place.market_code).time_zone
    empty = CartValue((), place.currency, place.market_code, place.channel, place.region, time_zone)
    facts = facts_of(shopper, ())
    previews = {}
    for line in lines:
        alone = replace(empty, lines=(replace(line, quantity=1),))
        given = Circumstances(alone, facts, place.now, frozenset())
        # Most offers ask for more than one unit: to word why they fail costs more than all else
        fit = [
            offer
            for offer in offers
            if offer.covers(line) and not find_failures(offer, given, place.now)
        ]
        if not fit:
            continue
        found = evaluate_offers(
            cart=alone,
            offers=fit,
            coupons=(),
            shopper=facts,
            now=place.now,
            language=place.language,
        )
        if found.applied:
            previews[line.variant_id] = _preview(line, found, fit)
    return previews


def _preview(line: CartLineValue, found: Evaluation, offers: Sequence[OfferValue]) -> LinePreview:
    ids = {offer.offer_id for offer in found.applied}
    applied = [offer for offer in offers if offer.offer_id in ids]
    first = min(applied, key=lambda offer: (offer.ends_at, not offer.has_clock))
    return LinePreview(
        variant_id=line.variant_id,
        adjusted_minor=found.totals[line.line_id],
        labels=tuple(offer.label for offer in found.applied),
        ends_at=first.ends_at,
        has_clock=first.has_clock,
        left=least_left(room for offer in applied for room in offer.rooms),
        audience=_audience_of(applied),
    )


def _audience_of(applied: Sequence[OfferValue]) -> str:
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in applied))
    if "groups" in facts:
        return "group"
    is_members = "tier" in facts or any(offer.audience == "members" for offer in applied)
    return "members" if is_members else "public"
