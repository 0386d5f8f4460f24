"""Orders, payments, tracking."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.fulfilment.api import ParcelItem, ParcelView
from orders.payments.api import PaymentStep
from orders.values import (
    Contact,
    OrderLineView,
    OrderSummary,
    OrderView,
    PaymentView,
    TimelineEntry,
)
from promotions.offers.api import build_price_block
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, Writer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.context import write_region
from shop.doors.api.v1.serializers.cart import AdjustmentSerializer
from shop.doors.api.v1.serializers.catalog import picture_url
from shop.doors.api.v1.serializers.prices import PriceBlockSerializer, why_url

MAX_CURSOR = 300
MAX_PAGE_SIZE = 100
COUNTRY = r"^[A-Za-z]{2}$"
REGION = "ISO 3166-2, such as US-NY; its name where the country's post has no codes."


class ContactSerializer(InputSerializer):
    """Who gets the products and the receipt. Address fields may be empty for a pick-up."""

    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120)
    phone = serializers.CharField(max_length=40, default="", allow_blank=True)
    address_line1 = serializers.CharField(max_length=160, default="", allow_blank=True)
    address_line2 = serializers.CharField(max_length=160, default="", allow_blank=True)
    city = serializers.CharField(max_length=80, default="", allow_blank=True)
    region = serializers.CharField(
        max_length=80, default="", allow_blank=True, help_text=f"{REGION} NY is read as US-NY."
    )
    postcode = serializers.CharField(max_length=20, default="", allow_blank=True)
    country = serializers.RegexField(COUNTRY, default="", allow_blank=True)


class OrderContactSerializer(AnswerSerializer[Contact]):
    """Who gets the products."""

    email = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    address_line1 = serializers.CharField(allow_blank=True)
    address_line2 = serializers.CharField(allow_blank=True)
    city = serializers.CharField(allow_blank=True)
    region = computed(
        lambda contact: write_region(contact.country, contact.region),
        serializers.CharField(allow_blank=True, help_text=REGION),
    )
    postcode = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)


class PlaceOrderSerializer(InputSerializer):
    """The order to place: the cart goes in as it is."""

    contact = ContactSerializer()
    delivery_method = serializers.CharField(max_length=40)
    shown_total_minor = serializers.IntegerField(
        min_value=0,
        max_value=10**15,
        help_text="The total the shopper saw; a higher one is refused (total_changed).",
    )
    is_of_age = serializers.BooleanField(
        default=False,
        help_text="The shopper confirmed the checkout's `minimum_age`; else age_not_confirmed.",
    )


@extend_schema_field(PriceBlockSerializer)
class LineBlock(serializers.Field[object, object, object, object]):
    """The price block of an order line, as it was sold, in the language of the answer."""

    def writer(self) -> Writer:
        """Return the function that writes the block of a line."""
        write = PriceBlockSerializer.writer()

        def write_block(line: OrderLineView, currency: str, locale: str) -> str:
            is_lowered = bool(line.own_adjustments)
            block = build_price_block(line.price, locale, is_before_offers=is_lowered)
            return write(block, currency, locale)

        return write_block


class OrderLineSerializer(AnswerSerializer[OrderLineView]):
    """A frozen line: unit prices by stage, then the amounts of the whole line."""

    line_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    picture_url = computed(
        lambda line: picture_url(line.card.picture),
        serializers.CharField(allow_null=True, help_text="The product's picture as it is today."),
    )
    quantity = serializers.IntegerField()
    list_price = MoneySerializer(source="list_minor")
    public_price = MoneySerializer(source="public_minor")
    quoted_price = MoneySerializer(source="quoted_minor")
    subtotal = MoneySerializer()
    discount = MoneySerializer()
    tax = MoneySerializer()
    total = MoneySerializer()
    shown = LineBlock(source="*")
    is_personal = serializers.BooleanField()
    label_code = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)
    why_url = computed(lambda line: why_url(line.quote_id), serializers.CharField(allow_null=True))
    adjustments = AdjustmentSerializer(many=True)
    is_gift = serializers.BooleanField()
    refunded_quantity = serializers.IntegerField()
    refunded = MoneySerializer()


class TimelineSerializer(AnswerSerializer[TimelineEntry]):
    """One step of an order."""

    kind = serializers.CharField()
    text = serializers.CharField()
    at = serializers.DateTimeField()


class ShipmentLineSerializer(AnswerSerializer[ParcelItem]):
    """Pieces of an order line in a parcel."""

    line_id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()


class ShipmentSerializer(AnswerSerializer[ParcelView]):
    """A parcel: packed, shipped, delivered; or ready, collected where no address is needed.

    One with replacements for returned pieces is planned before it is packed.
    """

    position = serializers.IntegerField(help_text="1 for the first parcel of the order.")
    state = serializers.CharField()
    state_text = serializers.CharField()
    carrier = serializers.CharField(allow_blank=True)
    tracking_number = serializers.CharField(allow_blank=True)
    tracking_url = serializers.CharField(allow_blank=True)
    packed_at = serializers.DateTimeField()
    shipped_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True, help_text="Or collected.")
    lines = ShipmentLineSerializer(source="items", many=True)


class PaymentSerializer(AnswerSerializer[PaymentView]):
    """An attempt to pay."""

    payment_id = serializers.UUIDField()
    method = serializers.CharField()
    amount = MoneySerializer()
    state = serializers.CharField()
    reason_code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class OrderSerializer(AnswerSerializer[OrderView]):
    """An order; total = subtotal - discount + delivery + tax_added."""

    given = ("shipments", "next_step")
    currency_from = "currency"

    number = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    lines = OrderLineSerializer(many=True)
    subtotal = MoneySerializer()
    discount = MoneySerializer()
    delivery = MoneySerializer()
    delivery_name = serializers.CharField(allow_blank=True)
    delivery_adjustments = AdjustmentSerializer(
        source="delivery_cuts",
        many=True,
        help_text="What offers took off the delivery; `delivery` is what was left.",
    )
    tax = MoneySerializer()
    tax_added = MoneySerializer()
    total = MoneySerializer()
    refunded = MoneySerializer()
    coupon_codes = serializers.ListField(child=serializers.CharField())
    placed_at = serializers.DateTimeField()
    pay_until = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    contact = OrderContactSerializer()
    payments = PaymentSerializer(many=True)
    timeline = TimelineSerializer(many=True)
    shipments = ShipmentSerializer(many=True)
    next_step = serializers.CharField(
        allow_blank=True, help_text="What happens next, in one sentence; empty when nothing does."
    )
    is_payable = serializers.BooleanField()
    is_cancellable = serializers.BooleanField()
    points_spent = serializers.IntegerField()
    points_worth = MoneySerializer(
        source="points_minor", help_text="What points paid; part of the discount."
    )
    points_earned = serializers.IntegerField(help_text="Available after the return window.")
    has_personal_price = serializers.BooleanField()
    label = serializers.CharField(allow_blank=True)


class OrderSummarySerializer(AnswerSerializer[OrderSummary]):
    """An order in a list."""

    currency_from = "currency"

    number = serializers.CharField()
    channel = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    placed_at = serializers.DateTimeField()
    quantity = serializers.IntegerField()
    total = MoneySerializer()


class OrderPageSerializer(AnswerSerializer[None]):
    """A shopper's orders, newest first."""

    given = ("orders", "next_cursor")

    orders = OrderSummarySerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class OrderPageQuerySerializer(InputSerializer):
    """Which page of the orders."""

    cursor = serializers.CharField(max_length=MAX_CURSOR, default="", allow_blank=True)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=20)


class TrackSerializer(InputSerializer):
    """What stands on a receipt."""

    number = serializers.CharField(max_length=32)
    email = serializers.EmailField(max_length=254)


class TrackedOrderSerializer(AnswerSerializer[OrderView]):
    """Where an order is; no address and no prices behind the total."""

    # Number and e-mail stand on every receipt: whoever finds one learns no more than it says.
    given = ("shipments", "next_step")
    currency_from = "currency"

    number = serializers.CharField()
    status = serializers.CharField()
    status_text = serializers.CharField()
    placed_at = serializers.DateTimeField()
    delivery_name = serializers.CharField(allow_blank=True)
    quantity = computed(
        lambda order: sum(line.quantity for line in order.lines), serializers.IntegerField()
    )
    total = MoneySerializer()
    refunded = MoneySerializer()
    timeline = TimelineSerializer(many=True)
    shipments = ShipmentSerializer(many=True)
    next_step = serializers.CharField(
        allow_blank=True, help_text="What happens next, in one sentence; empty when nothing does."
    )


class StartPaymentSerializer(InputSerializer):
    """How to pay."""

    method = serializers.CharField(max_length=40, help_text="A code of `payment_methods`.")


class ConfirmPaymentSerializer(InputSerializer):
    """The shopper's answer to a payment that needed one."""

    action_token = serializers.CharField(
        max_length=500, allow_blank=True, help_text="May be empty where `approved` is false."
    )
    approved = serializers.BooleanField()


class PaymentStepSerializer(AnswerSerializer[PaymentStep]):
    """What happens next: succeeded, authorized, declined, failed, or needs_action.

    An order is paid with succeeded and with authorized: the money is reserved, and taken when
    the order is packed. With needs_action and a `publishable_key`, give key and `client_secret`
    to the provider's own library on the device, then call the confirm operation with an empty
    `action_token`: the shop asks the provider. Otherwise `action_token` goes back with the
    shopper's answer, after the page `action_url` names; the sandbox has none and asks the client
    to ask.
    """

    payment_id = serializers.UUIDField()
    state = serializers.CharField()
    reason_code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    action_token = serializers.CharField(allow_blank=True)
    action_url = serializers.CharField(allow_blank=True)
    provider = serializers.CharField(help_text="Whose payment it is: stripe, sandbox or free.")
    publishable_key = serializers.CharField(
        allow_blank=True, help_text="For the provider's own library on the device."
    )
    client_secret = computed(
        lambda step: step.action_token if step.publishable_key else "",
        serializers.CharField(
            allow_blank=True, help_text="For the provider's own library; never logged or shared."
        ),
    )
