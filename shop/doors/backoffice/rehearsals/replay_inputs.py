"""Evaluator input of a replay: frozen with the order or, where missing, as of today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from orders.reports.api import RecordedLine, RecordedOrder, find_facts_then
from promotions.engine.api import (
    CartLineValue,
    CartValue,
    CouponValue,
    DeliveryFee,
    FrozenFacts,
    GiftStock,
    LineFacts,
    OfferValue,
    ShopperFacts,
    ShopperView,
    needed_facts,
)
from promotions.offers.api import (
    complete_shopper,
    drop_held_out,
    is_withheld,
    refill_codes,
    refill_offers,
)
from promotions.planning.api import RestoredBook, restore_codes
from shop.doors.backoffice.rehearsals.rehearsals import make_carts
from shop.ground.kernel.clock import utc_now

OWN_FACTS = frozenset({"groups", "tier"})


@dataclass(frozen=True, slots=True)
class ReplayInput:
    """What to ask. `withheld` says, by offer, why some were never put to the evaluator."""

    cart: CartValue
    shopper: ShopperFacts
    offers: Sequence[OfferValue]
    coupons: Sequence[CouponValue]
    withheld: Mapping[int, str] = field(default_factory=dict)


def find_input(
    order: RecordedOrder, book: RestoredBook, campaign_ids: frozenset[int]
) -> ReplayInput:
    """Return what to ask for an order that used the campaigns `campaign_ids`.

    One query where the order froze its facts: nothing of today is asked. Else about seven.
    """
    offers = drop_held_out(book.offers, order.shopper_id)
    if order.facts is None:
        found = _take_today(order, offers, campaign_ids)
    else:
        found = _take_frozen(order, offers, order.facts)
    held = {one.offer_id for one in book.offers} - {one.offer_id for one in offers}
    said = dict.fromkeys(held, _("This shopper was left without it, to measure the campaign."))
    touching = [one for one in found.offers if any(map(one.covers, found.cart.lines))]
    return replace(found, offers=touching, withheld={**found.withheld, **said})


def _take_frozen(
    order: RecordedOrder, offers: Sequence[OfferValue], facts: FrozenFacts
) -> ReplayInput:
    orders = find_facts_then([order], (), now=utc_now())[0]
    first = facts.shopper.is_first_order
    shopper = replace(
        facts.shopper,
        shopper_id=order.shopper_id,
        is_first_order=orders.is_first_order if first is None else first,
    )
    cart = replace(
        facts.cart,
        lines=tuple(
            _line_of(line, known) for line, known in zip(order.bought, facts.lines, strict=True)
        ),
        currency=order.currency,
        market_code=order.market_code,
        channel=order.channel,
        region=order.region,
        delivery_code=order.delivery_method or None,
        personal_cap=order.personal_cap,
    )
    return ReplayInput(
        cart=cart,
        shopper=shopper,
        offers=refill_offers(offers, facts),
        coupons=refill_codes(offers, facts),
        withheld={
            one.offer_id: said for one in offers if (said := _why_withheld(one, facts)) is not None
        },
    )


def _line_of(line: RecordedLine, known: LineFacts) -> CartLineValue:
    return CartLineValue(
        line_id=line.line_id,
        variant_id=line.variant_id,
        product_id=known.product_id,
        category_ids=known.category_ids,
        brand_id=known.brand_id,
        quantity=line.quantity,
        unit_minor=line.quoted_minor,
        floor_minor=known.floor_minor,
        public_minor=line.public_minor,
        list_minor=line.list_minor,
    )


def _why_withheld(offer: OfferValue, facts: FrozenFacts) -> str | None:
    if offer.offer_id in facts.hidden:
        arm = facts.arms.get(offer.campaign_id, "")
        return _("Not in the arm “%(arm)s” this shopper is in.") % {"arm": arm}
    if not is_withheld(offer, facts):
        return None
    if not facts.allows_personal:
        return _("This shopper had switched personal prices off.")
    return _("The campaign gave this shopper another of its offers.")


def _take_today(
    order: RecordedOrder, offers: Sequence[OfferValue], campaign_ids: frozenset[int]
) -> ReplayInput:
    coupons = restore_codes(
        order.entered,
        offers=offers,
        applied=order.codes,
        shopper_id=order.shopper_id,
        at=order.placed_at,
        order_ref=order.number,
    )
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in offers))
    known = find_facts_then([order], facts, now=utc_now())[0]
    view = complete_shopper(
        ShopperView(order.shopper_id), facts & OWN_FACTS, now=order.placed_at, look_up=None
    )
    shopper = replace(
        known,
        campaign_ids=campaign_ids,
        is_private=known.history is None,
        tier=view.tier,
        groups=view.groups,
    )
    return ReplayInput(_cart_today(order), shopper, offers, coupons)


def _cart_today(order: RecordedOrder) -> CartValue:
    """Return the cart: its gifts are what could be given, its way of delivery the fee.

    The cap on personal discounts is the order's own, none for orders from before there was one.
    """
    given: dict[int, GiftStock] = {}
    for line in order.lines:
        if line.is_gift:
            given[line.variant_id] = GiftStock(line.variant_id, line.quoted_minor, line.quantity)
    method = order.delivery_method
    return replace(
        make_carts([order], now=utc_now())[0],
        gifts=tuple(given.values()),
        deliveries=(DeliveryFee(method, order.fee_minor),) if method else (),
        delivery_code=method or None,
        personal_cap=order.personal_cap,
    )
