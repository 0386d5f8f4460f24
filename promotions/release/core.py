"""Conflicts between campaigns, and the products they leave to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any as Json

from profiles.values import MADE_SEGMENT
from promotions.engine import api as c
from promotions.engine.api import (
    CartValue,
    CouponValue,
    Evaluation,
    OfferValue,
    OrderHistory,
    ShopperFacts,
    evaluate_offers,
)

# The evaluator is asked itself, for baskets of the products that several offers cover and for
# shoppers of every kind the conditions tell apart; nothing is assumed about how offers combine.

MOST_SHOPPERS = 48
WHOLE = 100.0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Campaigns that meet on one line: the deepest case that was found, minor units.

    `depth` is what is off the line in percent; `at_floor`: only the floor stopped it there.
    """

    campaign_ids: tuple[int, ...]
    offer_ids: tuple[int, ...]
    variant_id: int
    quantity: int
    quoted_minor: int
    combined_minor: int
    at_floor: bool
    at: datetime
    shopper: ShopperFacts
    market_code: str

    @property
    def depth(self) -> float:
        """Return the percent taken off the line."""
        return WHOLE * (1 - self.combined_minor / self.quoted_minor)


def find_conflicts(
    *,
    offers: Sequence[OfferValue],
    baskets: Sequence[CartValue],
    shoppers: Sequence[ShopperFacts],
    times: Sequence[datetime],
    threshold: float,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Conflict]:
    """Return, deepest first, what two or more campaigns do together from `threshold` percent on.

    Also what meets a floor. One row for each set of campaigns. Offers with a code are taken as
    entered. Work: one evaluation for each basket and set of offers that apply to it: shoppers and
    moments that they do not tell apart are asked once. `on_progress` is told how many are done.
    """
    worst: dict[tuple[int, ...], Conflict] = {}
    asked: set[tuple[int, frozenset[int]]] = set()
    of = len(baskets) * len(shoppers) * len(times)
    covering = [[one for one in offers if any(map(one.covers, each.lines))] for each in baskets]
    for done, (number, shopper, at) in enumerate(product(range(len(baskets)), shoppers, times)):
        on_progress(done, of)
        basket = baskets[number]
        fit = _list_applying(covering[number], basket, shopper, at)
        key = (number, frozenset(offer.offer_id for offer in fit))
        if key not in asked and len({offer.campaign_id for offer in fit}) > 1:
            asked.add(key)
            found = _evaluate(basket, fit, shopper, at)
            for conflict in _of_lines(basket, found, shopper, at):
                is_deep = conflict.depth >= threshold or conflict.at_floor
                known = worst.get(conflict.campaign_ids)
                if is_deep and (known is None or conflict.depth > known.depth):
                    worst[conflict.campaign_ids] = conflict
    return sorted(worst.values(), key=lambda one: (-one.depth, one.campaign_ids))


def kinds_of_shoppers(offers: Sequence[OfferValue]) -> list[ShopperFacts]:
    """Return shoppers of every kind that the conditions of `offers` can tell apart, at most 48.

    The least restricted come first: members, addressed by every campaign, with every tag, group.
    """
    leaves = [leaf for offer in offers for leaf in _leaves(offer.condition)]
    codes = {code for leaf in leaves if isinstance(leaf, c.SegmentIn) for code in leaf.codes}
    made = {code for code in codes if code.startswith(MADE_SEGMENT)}
    segments = sorted(codes - made)
    tiers = sorted({code for leaf in leaves if isinstance(leaf, c.TierIn) for code in leaf.tiers})
    tags = made.union(*(leaf.tags for leaf in leaves if isinstance(leaf, c.HasTag)))
    groups = frozenset(one for leaf in leaves if isinstance(leaf, c.GroupIn) for one in leaf.groups)
    campaigns = frozenset(offer.campaign_id for offer in offers)
    kinds = product(
        (False, True), (True, False), [*segments, None], [*tiers, None], _histories(leaves)
    )
    return [
        ShopperFacts(
            shopper_id=0,
            is_member=is_member,
            is_first_order=is_first,
            segment=segment,
            tags=frozenset(tags),
            campaign_ids=campaigns,
            tier=tier,
            groups=groups,
            history=OrderHistory() if is_first else history,
        )
        for is_first, is_member, segment, tier, history in kinds
    ][:MOST_SHOPPERS]


def _histories(leaves: Sequence[c.Condition]) -> list[OrderHistory]:
    """Return busy and rare shoppers, with every window some condition asks for."""
    counted = {leaf.days for leaf in leaves if isinstance(leaf, c.OrdersIn)}
    summed = {leaf.days for leaf in leaves if isinstance(leaf, c.SpentIn)}
    if not counted and not summed and not any(isinstance(leaf, c.LastOrder) for leaf in leaves):
        return [OrderHistory()]
    often, rarely = dict.fromkeys(counted, 1_000), dict.fromkeys(counted, 0)
    much, little = dict.fromkeys(summed, 10**9), dict.fromkeys(summed, 0)
    return [OrderHistory(None, often, much), OrderHistory(None, rarely, little)]


def _leaves(condition: c.Condition) -> list[c.Condition]:
    match condition:
        case c.All(parts) | c.Any(parts) | c.ExactlyOne(parts):
            return [leaf for part in parts for leaf in _leaves(part)]
        case c.Not(part):
            return _leaves(part)
    return [condition]


def _list_applying(
    offers: Sequence[OfferValue], basket: CartValue, shopper: ShopperFacts, at: datetime
) -> list[OfferValue]:
    """Return which of `offers` the basket gets now, codes entered: nothing else of a shopper or of
    a moment reaches what the evaluator answers."""
    codes = frozenset(f"CODE{offer.offer_id}" for offer in offers if offer.requires_coupon)
    given = c.Circumstances(basket, shopper, at, codes)
    return [offer for offer in offers if not c.find_failures(offer, given, at)]


def _evaluate(
    basket: CartValue, offers: Sequence[OfferValue], shopper: ShopperFacts, at: datetime
) -> Evaluation:
    coded = [offer for offer in offers if offer.requires_coupon]
    return evaluate_offers(
        cart=basket,
        offers=[offer for offer in offers if not offer.requires_coupon],
        coupons=[CouponValue(f"CODE{offer.offer_id}", offer) for offer in coded],
        shopper=shopper,
        now=at,
        reach=c.NOWHERE,
    )


def _of_lines(
    basket: CartValue, found: Evaluation, shopper: ShopperFacts, at: datetime
) -> Iterable[Conflict]:
    for line in basket.lines:
        mine = [one for one in found.adjustments if one.line_id == line.line_id]
        campaigns = tuple(sorted({one.campaign_id for one in mine}))
        if len(campaigns) > 1 and line.value_minor:
            left = found.totals[line.line_id]
            yield Conflict(
                campaign_ids=campaigns,
                offer_ids=tuple(sorted({one.offer_id for one in mine})),
                variant_id=line.variant_id,
                quantity=line.quantity,
                quoted_minor=line.value_minor,
                combined_minor=left,
                at_floor=line.floor_minor > 0 and left <= line.floor_minor * line.quantity,
                at=at,
                shopper=shopper,
                market_code=basket.market_code,
            )


EXCEPT, EXCEPT_WHOLE = "except_variants", "except_categories"


@dataclass(frozen=True, slots=True)
class Covered:
    """What a scope means: which of the products to take out, and whether others remain.

    `whole` are categories all products of which are to be taken out, `within` those of `taken` that
    lie in them.
    """

    taken: frozenset[int]
    has_others: bool
    whole: frozenset[int] = frozenset()
    within: frozenset[int] = frozenset()


type Cover = Callable[[Json], Covered]


class EmptyOffer(ValueError):
    """Without the products an offer would mean nothing. The argument is the offer's code."""


def take_out(offer: Mapping[str, Json], ids: frozenset[int], cover: Cover) -> dict[str, Json]:
    """Return the offer without the variants `ids`; raises EmptyOffer where no products remain.

    What names no products (cheaper delivery) or not these stays as it is.

    >>> every = lambda scope: Covered(frozenset({7}), has_others=True)
    >>> cut = {"code": "a", "benefit_kind": "percentage", "scope": {"categories": [3]}}
    >>> take_out(cut, frozenset({7}), every)["scope"]
    {'categories': [3], 'except_variants': [7]}
    >>> kind = lambda scope: Covered(frozenset({7}), True, frozenset({5}), frozenset({7}))
    >>> take_out(cut, frozenset({7}), kind)["scope"]
    {'categories': [3], 'except_categories': [5]}
    >>> take_out({**cut, "scope": {"listed": True}, "variants": [7, 8]}, frozenset({7}), every)[
    ...     "variants"]
    [8]
    """
    kind, terms = offer["benefit_kind"], dict(offer.get("terms") or {})
    changed = dict(offer)
    if kind == "gift":
        terms["variants"] = _shorten(terms["variants"], ids, offer)
    elif kind == "bundle":
        terms["parts"] = [
            {**part, "scope": _narrow(part.get("scope", {}), offer, cover)}
            for part in terms["parts"]
        ]
    elif kind != "delivery":
        if "variants" in offer:
            changed["variants"] = _shorten(offer["variants"], ids, offer)
        else:
            changed["scope"] = _narrow(offer["scope"], offer, cover)
        if "get_scope" in terms:
            terms["get_scope"] = _narrow(terms["get_scope"], offer, cover)
    return changed | ({"terms": terms} if terms else {})


def _shorten(listed: list[int], ids: frozenset[int], offer: Mapping[str, Json]) -> list[int]:
    left = [one for one in listed if one not in ids]
    if not left:
        raise EmptyOffer(offer["code"])
    return left


def _narrow(scope: Json, offer: Mapping[str, Json], cover: Cover) -> Json:
    found = cover(scope)
    if not found.taken:
        return scope
    if not found.has_others:
        raise EmptyOffer(offer["code"])
    if scope.get("variants"):
        return {**scope, "variants": [one for one in scope["variants"] if one not in found.taken]}
    narrow = dict(scope)
    for key, left_out in ((EXCEPT_WHOLE, found.whole), (EXCEPT, found.taken - found.within)):
        if left_out:
            narrow[key] = sorted({*scope.get(key, ()), *left_out})
    return narrow
