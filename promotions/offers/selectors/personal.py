"""Offers for one shopper: those sent to the shopper first, then by what the shopper likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from profiles.segments.api import OnlineUnavailable, read_online_profiles, read_taste
from profiles.values import FeatureRow, OnlineProfile
from promotions.campaigns.api import cover_variants, live_at, load_offer_book, recall_budgets
from promotions.coupons.api import read_rooms
from promotions.engine.api import Buyer, OfferValue, RemainingQuantity, ShopperView, least_left
from promotions.law.api import find_personal_cap, find_personal_rule
from promotions.offers.selectors.evaluation import audience_of
from promotions.offers.selectors.gathering import drop_held_out, find_offer_arms
from promotions.offers.selectors.targeted_offers import (
    SHOWN_VARIANTS,
    OfferProducts,
    TargetedOffer,
    read_addressed,
)
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import get_market, take_open_variants
from shop.ground.kernel.translation import gettext_noop, translate

SPARE = 6

REASONS = {
    "you_buy_this": gettext_noop("Because you look at or buy this"),
    "you_like_this": gettext_noop("From a department you like"),
    "sent_to_you": gettext_noop("Sent to you"),
    "explored": gettext_noop("A new offer, to find out whom it helps"),
    "by_chance": gettext_noop("Chosen by chance, to learn what helps"),
    "away": gettext_noop("You have not bought for 90 days"),
    "for_everybody": gettext_noop("For everybody"),
    "for_members": gettext_noop("With an account"),
    "for_group": gettext_noop("For your group"),
}
WHOM = {"public": "for_everybody", "members": "for_members", "group": "for_group"}


@dataclass(frozen=True, slots=True)
class PersonalOffer:
    """An offer chosen for a shopper, with the reason in words.

    `percent` (as text) or `amount_minor` says how much; `variant_ids` are up to SHOWN_VARIANTS it
    covers, most liked first; empty for an offer that covers categories, brands or everything.
    `law_label` is what the law wants said of an offer for chosen shoppers; empty for others. `left`
    is for `tell_left` to fill.
    """

    offer_id: int
    campaign_id: int
    label: str
    reason_code: str
    reason: str
    coupon_code: str | None
    audience: str
    ends_at: datetime
    percent: str | None
    amount_minor: int | None
    variant_ids: tuple[int, ...]
    category_ids: tuple[int, ...]
    has_clock: bool = False
    law_label: str = ""
    left: RemainingQuantity | None = None


def personal_offers_for(
    *,
    shopper: ShopperView,
    market_code: str,
    now: datetime,
    language: str,
    affinity: Mapping[int, float] | None = None,
    category_affinity: Mapping[int, float] | None = None,
    limit: int = 6,
    region: str = "",
) -> list[PersonalOffer]:
    """Return the offers that suit a shopper best, those sent to the shopper first.

    `affinity` (by variant id) and `category_affinity` come from the profile and must be None for
    a shopper who did not agree to it: the order is then the same for everybody. Nobody is sent
    an offer on sensitive products: what one is chosen for would tell of it. Nor where the law of
    `region` (a row of jurisdictions; empty: the market's) allows no personal price. One query for a
    known shopper, and one a second for what budgets of offers for everybody have left.
    """
    rule = find_personal_rule(region=region, market_code=market_code, now=now)
    rows = (
        read_addressed(
            shopper, market_code, now, find_affinity=lambda: affinity, limit=limit + SPARE
        )
        if rule.personal_allowed
        else []
    )
    cap = find_personal_cap(region=region, market_code=market_code, now=now)
    label = rule.label(language)
    found = [show_addressed(each, language, label, cap) for each in rows[:limit]]
    public = _public_offers(shopper, market_code, now, category_affinity or {})
    return [*found, *(_from_offer(o, reason, language) for o, reason in public)][:limit]


def show_addressed(found: TargetedOffer, language: str, law_label: str, cap: int) -> PersonalOffer:
    """Return the offer in words, with why the shopper has it and the label of the law.

    No percentage above `cap` (hundredths of a percent) is shown: the cart gives no more.
    """
    row = found.row
    reason = "you_buy_this" if found.score else "sent_to_you"
    if row.reason in (
        "by_chance",
        "explored",
        "away",
    ):  # the true reason, whatever the shopper likes
        reason = row.reason
    return PersonalOffer(
        offer_id=row.offer_id,
        campaign_id=row.campaign_id,
        label=(row.name_zh or row.name) if language.startswith("zh") else row.name,
        reason_code=reason,
        reason=_say(reason, language),
        coupon_code=row.coupon_code,
        audience="personal",
        ends_at=row.ends_at,
        percent=None if row.percent is None else _plain(min(row.percent, Decimal(cap) / 100)),
        amount_minor=row.amount_minor,
        variant_ids=found.variant_ids,
        category_ids=(),
        has_clock=row.has_clock,
        law_label=law_label,
    )


def _public_offers(
    shopper: ShopperView, market_code: str, now: datetime, liked: Mapping[int, float]
) -> list[tuple[OfferValue, str]]:
    """Return what everybody, or every member, may have now, with why it is shown.

    A campaign whose money is spent, as far as pages remember it, is not shown any more.
    """
    book = load_offer_book()
    arms = find_offer_arms({offer.campaign_id for offer in book.offers}, shopper, "online")
    open_to_me = ("public", "members") if shopper.is_member else ("public",)
    shown = [
        offer
        for offer in drop_held_out(book.offers, shopper.shopper_id)
        if live_at(offer, now, market_code)
        and offer.audience in open_to_me
        and not arms.hides(offer.campaign_id, offer.code)
    ]
    asked = book.budgeted.intersection(offer.campaign_id for offer in shown)
    left = recall_budgets(asked, book.budgeted, now)
    scored = []
    for offer in shown:
        if offer.campaign_id in asked and left.get(offer.campaign_id, 0) <= 0:
            continue
        score = sum(liked.get(category_id, 0.0) for category_id in offer.scope.category_ids)
        fit = (1.0 + score) * book.weights.get(offer.campaign_id, 1.0)
        reason = "you_like_this" if score else WHOM[audience_of([offer])]
        scored.append((-fit, -offer.priority, offer.offer_id, offer, reason))
    scored.sort(key=lambda entry: entry[:3])
    return [(offer, reason) for _, _, _, offer, reason in scored]


def _from_offer(offer: OfferValue, reason: str, language: str) -> PersonalOffer:
    # What other kinds promise is in their name: "−100 %" would not say "buy two, get one free"
    kind, percent = offer.benefit.kind, offer.benefit.percent
    return PersonalOffer(
        offer_id=offer.offer_id,
        campaign_id=offer.campaign_id,
        label=offer.label(language),
        reason_code=reason,
        reason=_say(reason, language),
        coupon_code=None,
        audience=offer.audience,
        ends_at=offer.ends_at,
        percent=None if percent is None or kind != "percentage" else _plain(percent),
        amount_minor=offer.benefit.amount_minor if kind == "fixed_amount" else None,
        variant_ids=_first(offer.scope.variant_ids or ()),
        category_ids=tuple(sorted(offer.scope.category_ids)),
        has_clock=offer.has_clock,
    )


@lru_cache(maxsize=64)
def _say(reason: str, language: str) -> str:
    return translate(REASONS[reason], language)


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"


def _first(variant_ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(variant_ids)[:SHOWN_VARIANTS])


MANY = 100


def personal_offers_covering(
    *,
    shopper: ShopperView,
    pseudonym: str,
    variant_ids: NDArray[np.int64],
    market_code: str,
    now: datetime,
    language: str,
    region: str = "",
    channel: str = "online",
) -> list[PersonalOffer]:
    """Return the live offers sent to a shopper that cover one of the variants, best fit first, with
    what is left of them. What the shopper likes, whom `pseudonym` names, orders them if that was
    agreed to.

    Products without a personal price (restricted, child-directed, sensitive) and those no longer
    sold are not looked at; where the law of `region` (empty: the market's) allows no personal price
    there are none. None for a stranger or without such products; queries: those of `read_addressed`
    and `tell_left`.
    """
    rule = find_personal_rule(region=region, market_code=market_code, now=now)
    if shopper.shopper_id is None or not rule.personal_allowed:
        return []
    products = take_open_variants(variant_ids)
    if not len(products.variant_id):
        return []
    found = read_addressed(
        shopper,
        market_code,
        now,
        find_affinity=lambda: _read_affinity(pseudonym, now),
        limit=MANY,
        covers=lambda offer: _covers(offer, products),
        aim=lambda view: _add_traits(view, pseudonym, now),
    )
    if not found:
        return []
    cap = find_personal_cap(region=region, market_code=market_code, now=now)
    label, time_zone = rule.label(language), get_market(market_code).time_zone
    shown = [show_addressed(each, language, label, cap) for each in found]
    return tell_left(shown, Buyer(shopper.shopper_id, channel, time_zone, now))


def _read_affinity(pseudonym: str, now: datetime) -> Mapping[int, float] | None:
    """Return how much a shopper likes which variants, if that may decide what is shown first."""
    try:
        row = _row_of(read_taste(pseudonym, now))
    except OnlineUnavailable:
        return None
    return None if row is None else row.variant_affinity


def _add_traits(view: ShopperView, pseudonym: str, now: datetime) -> ShopperView:
    """Return the shopper with segment and tags, which experiments with offers may ask for."""
    try:
        row = _row_of(read_online_profiles([pseudonym], now)[pseudonym])
    except OnlineUnavailable:
        return view
    return view if row is None else replace(view, segment=row.segment, tags=frozenset(row.tags))


def _row_of(profile: OnlineProfile) -> FeatureRow | None:
    consents = profile.consents
    return profile.feature_row if consents is not None and consents.recommendations else None


def _covers(offer: OfferProducts, goods: VariantArrays) -> bool:
    at = np.searchsorted(goods.variant_id, offer.variant_ids)
    at[at == len(goods.variant_id)] = 0
    if (goods.variant_id[at] == offer.variant_ids).any():
        return True
    return any(bool(cover_variants(scope, goods).any()) for scope in offer.scopes)


def tell_left(offers: Sequence[PersonalOffer], buyer: Buyer) -> list[PersonalOffer]:
    """Return the offers with what is left of them, those used up left out.

    Counted when asked, holds that ran out given back. One query, none where nothing is limited.
    """
    rooms = read_rooms(offers, buyer)
    return [
        replace(offer, left=least_left(found))
        for offer, found in zip(offers, rooms, strict=True)
        if not any(room.is_spent for room in found)
    ]


@dataclass(frozen=True, slots=True)
class RankChange:
    """Where the first offer of a campaign stands among `among` offers, now and then; from 1.

    `is_own`: among the offers sent to a shopper, on pages and in the weekly letter alike;
    otherwise among those for everybody, which pages show.
    """

    now: int
    then: int
    among: int
    is_own: bool


def find_place(*, campaign_id: int, weight: float, now: datetime) -> RankChange | None:
    """Return the place of a live campaign at its weight of today and at another; None where it has
    no offer that shows by itself.

    As somebody sees it of whose likes nothing is known: what a shopper likes comes on top, in the
    same order (`personal_offers_for`). No query.
    """
    book = load_offer_book()
    mine = next((one for one in book.offers if one.campaign_id == campaign_id), None)
    if mine is None or not live_at(mine, now, mine.market_code):
        return None
    is_own = mine.audience == "personal"
    beside = [
        offer
        for offer in book.offers
        if live_at(offer, now, mine.market_code or offer.market_code)
        and (offer.audience == "personal") == is_own
    ]
    changed = {**book.weights, campaign_id: weight}
    return RankChange(
        now=_rank(beside, campaign_id, book.weights, is_own=is_own),
        then=_rank(beside, campaign_id, changed, is_own=is_own),
        among=len(beside),
        is_own=is_own,
    )


def _rank(
    offers: list[OfferValue], campaign_id: int, weights: Mapping[int, float], *, is_own: bool
) -> int:
    """Return the place of a campaign's first offer, in the order that pages and letters use."""
    ordered = sorted(
        offers,
        key=lambda one: (
            -weights.get(one.campaign_id, 1.0),
            -one.priority,
            one.ends_at.timestamp() if is_own else 0.0,
            one.offer_id,
        ),
    )
    return 1 + next(at for at, one in enumerate(ordered) if one.campaign_id == campaign_id)
