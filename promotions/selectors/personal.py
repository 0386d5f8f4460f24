"""Offers for one shopper: those sent to the shopper first, then by what the shopper likes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from promotions.core.limits import Left
from promotions.core.shoppers import ShopperView
from promotions.core.values import OfferValue
from promotions.selectors.addressed import SHOWN_VARIANTS, Addressed, read_addressed
from promotions.selectors.arms import find_offer_arms
from promotions.selectors.book import live_at, load_offer_book
from promotions.selectors.budgets import recall_budgets
from promotions.selectors.holdouts import drop_held_out
from promotions.selectors.personal_law import find_personal_cap, find_personal_rule

SPARE = 6

REASONS = {
    "you_buy_this": ("Because you look at or buy this", "因为您常看或常买这些商品"),
    "you_like_this": ("From a department you like", "来自您喜欢的类别"),
    "sent_to_you": ("Sent to you", "专属于您"),
    "explored": ("A new offer, to find out whom it helps", "新优惠，用于了解对谁有帮助"),
    "by_chance": ("Chosen by chance, to learn what helps", "随机选出，用于了解哪些优惠有帮助"),
    "for_everybody": ("For everybody", "人人可享"),
}


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
    left: Left | None = None


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
    an offer on sensitive goods: what one is chosen for would tell of it. Nor where the law of
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
    found = [show_addressed(each, language, rule.label(language), cap) for each in rows[:limit]]
    public = _public_offers(shopper, market_code, now, category_affinity or {})
    return [*found, *(_from_offer(o, reason, language) for o, reason in public)][:limit]


def show_addressed(found: Addressed, language: str, law_label: str, cap: int) -> PersonalOffer:
    """Return the offer in words, with why the shopper has it and the label of the law.

    No percentage above `cap` (hundredths of a percent) is shown: the cart gives no more.
    """
    row = found.row
    reason = "you_buy_this" if found.score else "sent_to_you"
    if row.reason in ("by_chance", "explored"):  # the true reason, whatever the shopper likes
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
        reason = "you_like_this" if score else "for_everybody"
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


def _say(reason: str, language: str) -> str:
    return REASONS[reason][language.startswith("zh")]


def _plain(percent: Decimal) -> str:
    return f"{percent.normalize():f}"


def _first(variant_ids: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(variant_ids)[:SHOWN_VARIANTS])
