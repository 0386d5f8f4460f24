"""Conflicts of campaigns: too deep a total discount on one product for one shopper.

The evaluator is asked itself, for baskets of the goods that several offers cover and for shoppers
of every kind the conditions tell apart; nothing is assumed about how offers combine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

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
