"""An offer as one sentence, said from what the evaluator computes and not from what was typed."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from promotions.engine.api import OfferValue, Stacking
from promotions.sentences.core.benefits import say_benefit
from promotions.sentences.core.conditions import list_clauses
from promotions.sentences.core.plans import PRODUCT_GROUP
from promotions.sentences.core.words import Lexicon
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

AUDIENCES = {
    "public": gettext_noop("for everybody"),
    "members": pgettext_noop("offer", "for account holders"),
    "personal": pgettext_noop("offer", "for chosen shoppers"),
}

# What the groups are called that the shop itself puts offers into; the others are called by their
# codes
GROUPS = {PRODUCT_GROUP: pgettext_noop("group of offers", "weekly")}


def say_offer(
    offer: OfferValue,
    words: Lexicon,
    *,
    time_zone: str = "UTC",
    budget_minor: int | None = None,
    limits: Sequence[str] = (),
) -> str:
    """Return the whole sentence: benefit, who, when, where, conditions, limits, stacking.

    Dates are on the clock of `time_zone`. `limits` are clauses of use limits, said as they are.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from promotions.engine.core.values import Benefit, BenefitKind
    >>> tenth = Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10))
    >>> days = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 8, tzinfo=UTC)
    >>> offer = OfferValue(1, 1, "a", {"en": "A"}, tenth, *days)
    >>> say_offer(offer, Lexicon("en", "en_US", "USD"), budget_minor=50_000)
    ... # doctest: +NORMALIZE_WHITESPACE
    'Take 10 % off all products for everybody from 2026-12-01 00:00 to 2026-12-08 00:00, at most
    $500.00 in all. It combines with other offers.'
    """
    zone = ZoneInfo(time_zone)
    start, end = (
        f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (offer.starts_at, offer.ends_at)
    )
    who = words.translate(AUDIENCES.get(offer.audience, offer.audience))
    benefit = say_benefit(offer.benefit, offer.scope, words)
    place = words.name("market", offer.market_code) if offer.market_code else ""
    clauses = list_clauses(offer.condition, words)
    limited = [*limits]
    if budget_minor is not None:
        money = words.money(budget_minor)
        limited.append(words.translate("at most {money} in all", money=money))
    return words.translate(
        "{benefit} {who} from {start} to {end}{place}{code}{clauses}{limits}. {stacking}",
        benefit=benefit,
        who=who,
        start=start,
        end=end,
        place=words.translate(" ({place})", place=place) if place else "",
        code=words.translate(", with a code") if offer.requires_coupon else "",
        clauses="".join(words.translate(", and only if {clause}", clause=one) for one in clauses),
        limits="".join(words.translate(", {bound}", bound=one) for one in limited),
        stacking=say_stacking(offer, words),
    )


def say_stacking(offer: OfferValue, words: Lexicon) -> str:
    """Return how the offer goes with others."""
    if offer.stacking is Stacking.EXCLUSIVE:
        return words.translate("It never combines with another offer.")
    group = words.translate(GROUPS.get(offer.stacking_group, "")) or offer.stacking_group
    if offer.stacking is Stacking.BEST_UNIT:
        return words.translate(
            "Each piece gets the best offer of the group {group} for it.", group=group
        )
    if offer.stacking is Stacking.BEST:
        return words.translate("Only the best offer of the group {group} applies.", group=group)
    if offer.groups:
        tree = words.translate(" > ").join(
            words.name("group of offers", one.code) for one in offer.groups
        )
        return words.translate("It combines as its group {group} says.", group=tree)
    return words.translate("It combines with other offers.")
