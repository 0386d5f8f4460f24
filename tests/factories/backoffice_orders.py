"""Promotions and orders that staff pages are opened on."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from orders.fulfilment.models import Carrier, Shipment, ShipmentLine
from orders.models import (
    Cart,
    CartLine,
    DeliveryMethod,
    Order,
    OrderEvent,
    OrderLine,
    OrderRating,
    TaxRate,
)
from orders.payments.models import Payment, PaymentEvent, Refund
from orders.returns.models import Return, ReturnLine, ReturnRule
from profiles.models import (
    Shopper,
)
from promotions.models import (
    Campaign,
    CampaignPolicy,
    CodeBatch,
    CodeImport,
    Coupon,
    GroupClaim,
    Offer,
    Redemption,
    StackingCategory,
    StackingGroup,
    UseLimit,
    VerifiedGroup,
)
from shop.ground.catalog.models import Variant
from tests.factories.backoffice_prices import NOON, make_quote


def make_promotions(number: int, shopper: Shopper) -> None:
    """Make a campaign with an offer, a coupon and its use."""
    campaign = Campaign.objects.create(
        code=f"campaign-{number}",
        name=f"Campaign {number}",
        kind="coupon",
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=1),
    )
    CampaignPolicy.objects.create(version=number + 10, reason=f"policy {number}", created_at=NOON)
    offer = Offer.objects.create(
        campaign=campaign,
        code=f"offer-{number}",
        name=f"Offer {number}",
        benefit_kind="percentage",
        percent=10,
    )
    StackingGroup.objects.create(code=f"group-{number}", name=f"Group {number}")
    StackingCategory.objects.create(code=f"kind-{number}", name=f"Kind {number}")
    make_limits(number, offer, shopper)
    coupon = Coupon.objects.create(code=f"SAVE{number}", offer=offer)
    Redemption.objects.create(
        campaign=campaign,
        offer=offer,
        coupon=coupon,
        shopper=shopper,
        order_ref=f"R{number}",
        amount_minor=50,
        at=NOON,
    )


def make_limits(number: int, offer: Offer, shopper: Shopper) -> None:
    """Make a limit, a batch of codes, a file of codes, and a group somebody asks to be in."""
    UseLimit.objects.create(offer=offer, max_uses=9)
    CodeBatch.objects.create(offer=offer, name=f"Batch {number}", pattern="AB-########", amount=9)
    CodeImport.objects.create(offer=offer, file_name=f"codes-{number}.csv")
    group = VerifiedGroup.objects.create(code=f"students-{number}", name=f"Students {number}")
    GroupClaim.objects.create(group=group, shopper=shopper, how="document", submitted_at=NOON)


def make_order(number: int, variant: Variant, shopper: Shopper) -> None:
    """Make a quote, the cart it was put in, the order it became, and what followed."""
    quote_id = make_quote(variant, shopper, NOON + timedelta(minutes=number))
    _make_cart(variant, shopper, quote_id)
    _make_payment(number, _make_paid_order(number, variant, shopper, quote_id))
    DeliveryMethod.objects.create(
        market_code="us", code=f"van-{number}", name="Van", price_minor=300
    )
    Carrier.objects.create(name=f"Carrier {number}")
    TaxRate.objects.create(
        market_code="us", category_path=f"x{number}", percent=5, valid_from=date(2027, 1, 1)
    )


def _make_cart(variant: Variant, shopper: Shopper, quote_id: UUID) -> None:
    cart = Cart.objects.create(
        shopper=shopper,
        market_code="us",
        currency="USD",
        created_at=NOON,
        changed_at=NOON,
        expires_at=NOON,
    )
    CartLine.objects.create(
        cart=cart,
        variant=variant,
        quantity=2,
        list_minor=500,
        public_minor=480,
        quoted_minor=450,
        quote_id=quote_id,
        added_at=NOON,
    )


def _make_paid_order(number: int, variant: Variant, shopper: Shopper, quote_id: UUID) -> Order:
    order = Order.objects.create(
        number=f"W-{number:04}",
        shopper=shopper,
        market_code="us",
        email=f"alice{number}@example.com",
        name="Alice Liddell",
        currency="USD",
        subtotal_minor=900,
        total_minor=900,
        status="paid",
        placed_at=NOON - timedelta(hours=number),
    )
    OrderLine.objects.create(
        order=order,
        position=0,
        variant=variant,
        sku=variant.sku,
        name="Cheddar",
        quantity=2,
        list_minor=500,
        public_minor=480,
        quoted_minor=450,
        subtotal_minor=900,
        total_minor=900,
        quote_id=quote_id,
        is_personal=True,
    )
    OrderEvent.objects.create(order=order, kind="placed", at=NOON)
    OrderRating.objects.create(order=order, score=4, rated_at=NOON)
    _make_parcel_and_return(number, order)
    return order


def _make_parcel_and_return(number: int, order: Order) -> None:
    """Make a parcel that was unpacked, a return that was withdrawn, and a rule."""
    parcel = Shipment.objects.create(
        order=order, position=1, state="cancelled", packed_at=NOON, cancelled_at=NOON
    )
    ShipmentLine.objects.create(shipment=parcel, line=order.lines.get(), quantity=1)
    back = Return.objects.create(
        order=order,
        number=f"{order.number}-R1",
        state="withdrawn",
        reason="other",
        requested_at=NOON,
    )
    ReturnLine.objects.create(item=back, line=order.lines.get(), quantity=1)
    ReturnRule.objects.get_or_create(category_path=f"x{number}", defaults={"window_days": 14})


def _make_payment(number: int, order: Order) -> None:
    payment = Payment.objects.create(
        order=order,
        provider="sandbox",
        method="card",
        currency="USD",
        amount_minor=900,
        captured_minor=900,
        state="succeeded",
        idempotency_key=f"pay-{number}",
        created_at=NOON,
    )
    PaymentEvent.objects.create(
        provider="sandbox", event_id=f"event-{number}", kind="payment", received_at=NOON
    )
    Refund.objects.create(
        order=order,
        payment=payment,
        amount_minor=10,
        reason="dent",
        state="succeeded",
        idempotency_key=f"refund-{number}",
        at=NOON,
    )
