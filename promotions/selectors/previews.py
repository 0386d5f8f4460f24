"""What one more unit of a product adds to the price of a visitor's cart, as cards show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from profiles.selectors import ArmChoice
from promotions.core.asked import Asked
from promotions.core.carts import CartLineValue, ShopperFacts
from promotions.core.conditions import needed_facts
from promotions.core.interplay import shuts_out_others
from promotions.core.limits import Left, least_left
from promotions.core.unit_preview import UnitPrice
from promotions.core.values import OfferValue
from promotions.selectors.arms import list_tested_campaigns
from promotions.selectors.deals import name_deals
from promotions.selectors.gathering import Gathered

# Nothing is known of what they did: neither a condition on it nor its opposite holds.
MOST_DEALS = 2
ANY_MEMBER = ShopperFacts(is_member=True, is_private=True)


@dataclass(frozen=True, slots=True)
class Deal:
    """An offer on several units, in words: what it gives and asks, with its products named."""

    offer_id: int
    text: str


@dataclass(frozen=True, slots=True)
class LinePreview:
    """What one more unit of a variant adds to the price of the visitor's cart.

    `labels` name the offers that lower it there, `barred` those that would lower it in an empty
    cart but do not in this one. `is_exclusive`: an offer that lowers it is never combined with some
    others, so that it may end once other products come. `ends_at` is the first end among those that
    lower it, `has_clock` whether that one was told before anybody saw it; `left` is the least that
    is left of any. `audience` says for whom they are: "personal" (chosen shoppers), "group"
    (verified), "members" (all of them, or a tier), else "public". `own_offer_id` is the first for
    chosen shoppers, which then bears `law_label`. `deals` are offers on several units that it is
    part of.
    """

    variant_id: int
    adjusted_minor: int
    quoted_minor: int
    labels: tuple[str, ...] = ()
    ends_at: datetime | None = None
    has_clock: bool = False
    left: Left | None = None
    audience: str = "public"
    own_offer_id: int | None = None
    law_label: str = ""
    barred: tuple[str, ...] = ()
    is_exclusive: bool = False
    deals: tuple[Deal, ...] = ()

    @property
    def is_priced(self) -> bool:
        """Return whether the unit costs something else in the cart than its price, or by offers."""
        return bool(self.labels) or self.adjusted_minor != self.quoted_minor


@dataclass(frozen=True, slots=True)
class Previews:
    """By variant id: what one more unit would cost the shopper, and what it would every member.

    Variants whose price no offer and no cart changes are absent. `members` is for who is not signed
    in, minor units, and only where that is less than the shopper pays. `arms` are those of
    experiments whose difference is on these products: give them to `log_exposures` where they are
    shown.
    """

    mine: Mapping[int, LinePreview] = field(default_factory=dict)
    members: Mapping[int, int] = field(default_factory=dict)
    arms: tuple[ArmChoice, ...] = ()


def preview_lines(*, lines: Sequence[CartLineValue], gathered: Gathered, language: str) -> Previews:
    """Return what one unit of each of `lines` more would cost in the cart of `gathered`.

    `gathered` is what `gather_offers` found for these lines. Gifts, delivery and points are no
    price of a unit. What only some members get is no price of every member. No query, but one for
    campaigns under experiment where members have prices of their own.
    """
    prices = gathered.price_units()
    mine = {}
    for line in lines:
        price, deals = prices.price(line), prices.find_multibuys(line)
        if deals or not _is_usual(price, line):
            shown = _preview(line, price, gathered, language)
            mine[line.variant_id] = replace(shown, deals=_tell(deals, language))
    members: Mapping[int, int] = {}
    if not gathered.asked.shopper.is_member:
        members = _price_for_members(lines, gathered, mine)
    return Previews(mine, members, list_seen_arms(lines, gathered))


def list_seen_arms(lines: Iterable[CartLineValue], gathered: Gathered) -> tuple[ArmChoice, ...]:
    """Return the arms whose difference one unit of any of `lines` shows, the same in every arm."""
    choices = gathered.arms.choices
    if not choices:
        return ()
    offers = (*gathered.asked.offers, *gathered.others)
    tested = [offer for offer in offers if offer.campaign_id in choices]
    asked = replace(gathered.asked, offers=tuple(tested))
    prices = replace(gathered, asked=asked).price_units()
    seen = {offer.campaign_id for line in lines for offer in prices.find_fitting(line)}
    return tuple(choice for key, choice in choices.items() if key in seen)


def _price_for_members(
    lines: Sequence[CartLineValue],
    gathered: Gathered,
    mine: Mapping[int, LinePreview],
) -> dict[int, int]:
    """Return what every member would pay, where offers for members make it less."""
    asked = gathered.asked
    theirs = {offer.offer_id for offer in asked.offers if offer.audience == "members"}
    covered = [
        line
        for line in lines
        if any(offer.offer_id in theirs and offer.covers(line) for offer in asked.offers)
    ]
    if not covered:
        return {}
    prices = replace(gathered, asked=_as_any_member(asked)).price_units()
    found = {}
    for line in covered:
        price = prices.price(line)
        shown = mine.get(line.variant_id)
        paid = line.unit_minor if shown is None else shown.adjusted_minor
        if price.amount_minor < paid and not theirs.isdisjoint(price.offer_ids):
            found[line.variant_id] = price.amount_minor
    return found


def _as_any_member(asked: Asked) -> Asked:
    """Return the question with what every member gets: none is held out, tested or chosen."""
    tested = list_tested_campaigns()
    return replace(
        asked,
        cart=replace(asked.cart, personal_cap=None),
        offers=tuple(
            offer
            for offer in asked.offers
            if offer.audience != "personal"
            and not offer.holdout_percent
            and offer.campaign_id not in tested
        ),
        shopper=ANY_MEMBER,
    )


def _tell(deals: Sequence[OfferValue], language: str) -> tuple[Deal, ...]:
    if not deals:
        return ()
    named = name_deals(language)
    told = [Deal(one.offer_id, named[one.offer_id]) for one in deals if one.offer_id in named]
    return tuple(told[:MOST_DEALS])


def _is_usual(price: UnitPrice, line: CartLineValue) -> bool:
    return price.amount_minor == line.unit_minor and not price.offer_ids and not price.barred_ids


def _preview(
    line: CartLineValue, price: UnitPrice, gathered: Gathered, language: str
) -> LinePreview:
    by_id = {offer.offer_id: offer for offer in gathered.asked.with_unlocked}
    applied = [by_id[one] for one in price.offer_ids]
    shown = LinePreview(
        variant_id=line.variant_id,
        adjusted_minor=price.amount_minor,
        quoted_minor=line.unit_minor,
        barred=tuple(by_id[one].label(language) for one in price.barred_ids),
    )
    if not applied:
        return shown
    own = [offer.offer_id for offer in applied if offer.audience == "personal"]
    first = min(applied, key=lambda offer: (offer.ends_at, not offer.has_clock))
    return replace(
        shown,
        labels=tuple(offer.label(language) for offer in applied),
        ends_at=first.ends_at,
        has_clock=first.has_clock,
        left=least_left(room for offer in applied for room in offer.rooms),
        audience=_audience_of(applied),
        own_offer_id=own[0] if own else None,
        law_label=gathered.asked.law_label if own else "",
        is_exclusive=any(shuts_out_others(offer, gathered.book.offers) for offer in applied),
    )


def _audience_of(applied: Sequence[OfferValue]) -> str:
    if any(offer.audience == "personal" for offer in applied):
        return "personal"
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in applied))
    if "groups" in facts:
        return "group"
    is_members = "tier" in facts or any(offer.audience == "members" for offer in applied)
    return "members" if is_members else "public"
