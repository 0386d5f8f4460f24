"""Carts and checkouts."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.values import (
    CartLineView,
    CartView,
    CheckoutView,
    DeliveryOption,
    GiftChoice,
    GiftOption,
    Notice,
    PaymentMethod,
)
from promotions.engine.api import Adjustment, AppliedOffer, DeliveryCut, Hint, Rejection
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, Writer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.v1.serializers.catalog import PlainVariantSerializer
from shop.doors.api.v1.serializers.points import CartPointsSerializer
from shop.doors.api.v1.serializers.prices import PriceBeforeOffersSerializer, PriceSerializer

MAX_ID = 2**63 - 1
MAX_QUANTITY = 999
MAX_TOKEN = 2000
CAPPED_AT = (
    "Where the cap on personal discounts cut this: the cap, in percent of the price for everybody"
    ' ("30"). Else empty.'
)
LAW_LABEL = "What the place's law wants said of an offer for chosen shoppers; else empty. Show it."


class AdjustmentSerializer(AnswerSerializer[Adjustment | DeliveryCut]):
    """What an offer or coupon took off a line."""

    offer_id = serializers.IntegerField()
    amount = MoneySerializer(help_text="Negative.")
    reason_code = serializers.CharField()
    label = serializers.CharField()
    coupon_code = serializers.CharField(allow_null=True)
    law_label = serializers.CharField(allow_blank=True, help_text=LAW_LABEL)
    capped_at = computed(
        lambda part: getattr(part, "capped_at", ""),
        serializers.CharField(allow_blank=True, help_text=CAPPED_AT),
    )
    is_on_order = computed(
        lambda part: getattr(part, "is_on_order", False),
        serializers.BooleanField(
            help_text="The line's share of a discount on the order: show the sum once, below."
        ),
    )


class NoticeSerializer(AnswerSerializer[Notice]):
    """Something the shopper must be told. Codes: price_fell, price_rose, price_kept, sold_out,
    only_left, unavailable, gift_gone, offer_partly."""

    code = serializers.CharField()
    message = serializers.CharField()
    was = MoneySerializer(allow_null=True)
    now = MoneySerializer(allow_null=True)
    quantity = serializers.IntegerField(
        allow_null=True,
        help_text="Pieces available; of offer_partly: pieces that the offer lowers.",
    )
    needs_consent = serializers.BooleanField(
        help_text="Accept with POST /api/v1/cart/accept-prices before the checkout."
    )
    blocks_checkout = serializers.BooleanField()
    offer_id = serializers.IntegerField(
        allow_null=True,
        help_text="Of gift_gone: choose again with PUT /api/v1/cart/gifts/{id}. Of offer_partly: "
        "the offer of which limits leave less than the cart holds.",
    )
    until = serializers.DateTimeField(
        allow_null=True,
        help_text="Of price_kept: personal prices are off, and the lower price promised before "
        "holds until then.",
    )


@extend_schema_field(PriceSerializer)
class LinePrice(serializers.Field[object, object, object, object]):
    """The price of one unit of a line; spoken, it says where offers lower the line."""

    def writer(self) -> Writer:
        """Return the function that writes the price of a line."""
        plain, lowered = PriceSerializer.writer(), PriceBeforeOffersSerializer.writer()

        def write_price(line: CartLineView, currency: str, locale: str) -> str:
            return (lowered if line.own_adjustments else plain)(line.price, currency, locale)

        return write_price


class CartLineSerializer(AnswerSerializer[CartLineView]):
    """A line: the price of one unit, then the amounts of the whole line."""

    variant = PlainVariantSerializer(source="card")
    quantity = serializers.IntegerField()
    price = LinePrice(source="*")
    subtotal = MoneySerializer(help_text="Quoted price times quantity.")
    discount = MoneySerializer()
    total = MoneySerializer()
    tax = MoneySerializer()
    adjustments = AdjustmentSerializer(many=True)
    notices = NoticeSerializer(many=True)
    is_gift = serializers.BooleanField(
        help_text="Added by an offer: total is nothing, and the quantity cannot be changed."
    )


class AppliedOfferSerializer(AnswerSerializer[AppliedOffer]):
    """An offer that lowered the cart, and by how much in all."""

    offer_id = serializers.IntegerField()
    amount = MoneySerializer()
    label = serializers.CharField()
    coupon_code = serializers.CharField(allow_null=True)
    law_label = serializers.CharField(allow_blank=True, help_text=LAW_LABEL)


class RejectionSerializer(AnswerSerializer[Rejection]):
    """Why a code did not apply."""

    code = serializers.CharField(allow_null=True)
    reason_code = serializers.CharField()
    message = serializers.CharField()
    params = serializers.DictField(source="detail")


class HintSerializer(AnswerSerializer[Hint]):
    """What would unlock an offer."""

    offer_id = serializers.IntegerField()
    reason_code = serializers.CharField()
    message = serializers.CharField()
    missing = MoneySerializer()
    missing_quantity = serializers.IntegerField()
    law_label = serializers.CharField(allow_blank=True, help_text=LAW_LABEL)


class GiftOptionSerializer(AnswerSerializer[GiftOption]):
    """Something an offer gives."""

    variant = PlainVariantSerializer(source="card")
    worth = MoneySerializer(help_text="What the pieces would cost.")


class GiftChoiceSerializer(AnswerSerializer[GiftChoice]):
    """An offer of which the shopper takes one of several gifts. What is gone is not listed."""

    offer_id = serializers.IntegerField()
    label = serializers.CharField()
    quantity = serializers.IntegerField(help_text="Pieces given.")
    variant_id = serializers.IntegerField(help_text="What is given now; a line of the cart.")
    is_chosen = serializers.BooleanField(help_text="By the shopper; else it is the first there is.")
    options = GiftOptionSerializer(many=True)
    law_label = serializers.CharField(allow_blank=True, help_text=LAW_LABEL)


class ChooseGiftSerializer(InputSerializer):
    """Which of the gifts of the offer; null: whatever it gives first."""

    variant_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, allow_null=True)


class DeliverySerializer(AnswerSerializer[DeliveryOption]):
    """A way of delivery with its price for this very cart."""

    code = serializers.CharField()
    name = serializers.CharField()
    price = MoneySerializer()
    regular_price = MoneySerializer(source="regular_minor")
    free_from = MoneySerializer(
        allow_null=True,
        help_text="Free for goods that cost everybody so much, before personal prices and offers.",
    )
    missing = MoneySerializer(help_text="More goods until it is free.")
    price_before_offers = MoneySerializer(source="before_minor")
    adjustments = AdjustmentSerializer(
        source="cuts", many=True, help_text="What offers took off the price."
    )
    min_days = serializers.IntegerField()
    max_days = serializers.IntegerField()
    needs_address = serializers.BooleanField()


class CartSerializer(AnswerSerializer[CartView]):
    """A cart; total = subtotal - discount + tax_added + delivery."""

    currency_from = "currency"

    cart_id = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts every change; also the ETag.")
    quantity = serializers.IntegerField()
    lines = CartLineSerializer(many=True)
    subtotal = MoneySerializer()
    discount = MoneySerializer()
    tax = MoneySerializer(help_text="All tax, whether included in prices or added.")
    tax_added = MoneySerializer(help_text="The part that prices do not include.")
    delivery = DeliverySerializer(allow_null=True)
    total = MoneySerializer()
    offers = AppliedOfferSerializer(many=True)
    coupon_codes = serializers.ListField(child=serializers.CharField())
    rejected = RejectionSerializer(many=True)
    hints = HintSerializer(many=True)
    notices = NoticeSerializer(many=True)
    gift_choices = GiftChoiceSerializer(many=True)
    can_check_out = serializers.BooleanField()
    points = CartPointsSerializer(allow_null=True)
    has_personal_price = serializers.BooleanField()
    label = serializers.CharField(allow_blank=True)


class AddLineSerializer(InputSerializer):
    """What to put into the cart."""

    variant_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY, default=1)
    quote_token = serializers.CharField(
        max_length=MAX_TOKEN,
        allow_null=True,
        default=None,
        help_text="Of the price that was shown: it is kept if the token is valid.",
    )


class SetQuantitySerializer(InputSerializer):
    """How many there should be; 0 removes the line."""

    quantity = serializers.IntegerField(min_value=0, max_value=MAX_QUANTITY)


class CouponSerializer(InputSerializer):
    """A code to enter."""

    code = serializers.CharField(max_length=40)


class AcceptPricesSerializer(InputSerializer):
    """Agreement to every higher price the cart showed at `version`."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class PaymentMethodSerializer(AnswerSerializer[PaymentMethod]):
    """A way to pay."""

    code = serializers.CharField()
    name = serializers.CharField()
    is_sandbox = serializers.BooleanField(help_text="Moves no money.")


class StartCheckoutSerializer(InputSerializer):
    """How the products should be delivered, if already chosen."""

    delivery_method = serializers.CharField(max_length=40, allow_null=True, default=None)


class CheckoutSerializer(AnswerSerializer[CheckoutView]):
    """A checkout: stock held and prices frozen until `expires_at`."""

    currency_from = "cart.currency"

    cart = CartSerializer()
    delivery_options = DeliverySerializer(source="options", many=True)
    payment_methods = PaymentMethodSerializer(source="methods", many=True)
    expires_at = serializers.DateTimeField()
    minimum_age = serializers.IntegerField(
        allow_null=True,
        help_text="In years: ask the shopper, and send `is_of_age` with the order. null: no limit.",
    )
