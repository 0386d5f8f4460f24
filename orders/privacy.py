"""Export and erasure of a person's data in this room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from orders.erasure import erase_shopper
from orders.export import export_shopper
from orders.fulfilment.api import export_parcels, forget_tracking
from orders.order.models import Order
from orders.returns.api import export_returns, forget_return_words
from orders.satisfaction.api import export_ratings, forget_ratings
from profiles.privacy.api import RoomPrivacy, classify

FIELDS = {
    "Cart": classify(
        none="id market_code channel currency version points_wanted frozen_until expires_at",
        personal="shopper status coupon_codes held_gifts gift_choices identity created_at"
        " changed_at",
    ),
    "CartLine": classify(
        none="id cart held_quantity offered_minor label_code quote_token quote_expires_at",
        personal="variant quantity list_minor public_minor quoted_minor is_personal quote_id"
        " added_at",
    ),
    "ShownPromise": classify(
        none="id line offered_minor label_code quote_token quote_expires_at",
        personal="list_minor public_minor quoted_minor is_personal quote_id",
    ),
    "Order": classify(
        none="id channel market_code jurisdiction_code language store external_ref country"
        " pay_until closed_at delivery_adjustments personal_cap is_simulated",
        link="shopper cart_id",
        personal="identity link_key link_hash link_until email phone name address_line1"
        " address_line2 city region postcode",
        legal="number delivery_method currency subtotal_minor discount_minor delivery_minor"
        " tax_minor tax_added_minor total_minor refunded_minor coupon_codes status placed_at"
        " points_spent points_minor points_earned"
        " paid_at",
    ),
    "OrderFacts": classify(none="order at", derived="seen"),
    "OrderLine": classify(
        none="id order position adjustments label_code is_gift cost_minor",
        link="quote_id",
        legal="variant sku name quantity list_minor public_minor quoted_minor subtotal_minor"
        " discount_minor points_minor tax_minor tax_added_minor total_minor refunded_quantity"
        " refunded_minor packed_quantity taken_back_quantity replacing_quantity"
        " is_personal",
    ),
    "OrderRating": classify(none="order", personal="score words rated_at"),
    "Carrier": classify(none="id name tracking_pattern is_active"),
    "Shipment": classify(
        none="id order carrier position cancelled_at",
        personal="tracking_number tracking_url",
        legal="state packed_at shipped_at delivered_at",
    ),
    "ShipmentLine": classify(none="id shipment", legal="line quantity variant sku name"),
    "OrderEvent": classify(none="id order kind detail at", personal="reason"),
    "Payment": classify(
        none="id order provider currency idempotency_key provider_ref reason_code created_at"
        " settled_at is_captured_later due_step due_at tries",
        legal="method amount_minor captured_minor refunded_minor state dispute",
    ),
    "PaymentEvent": classify(none="id provider event_id kind provider_ref received_at"),
    "Refund": classify(
        none="id order payment idempotency_key provider_ref is_reduction state failure_code round"
        " tries due_at",
        personal="reason",
        legal="amount_minor at",
    ),
    "RefundLine": classify(none="id refund line restocked_quantity", legal="quantity amount_minor"),
    "ReturnRule": classify(none="id category_path window_days payer instruction instruction_zh"),
    "Return": classify(
        none="id order shop_pays received_at",
        personal="comment refusal",
        legal="number state reason refunded_minor requested_at settled_at",
    ),
    "ReturnLine": classify(
        none="id item is_kept restocked_quantity", legal="line quantity accepted_quantity variant"
    ),
    "ReturnExchange": classify(none="id line", legal="variant sku name quantity sent_quantity"),
    "TaxRate": classify(
        none="id market_code category_path tax_class percent is_included valid_from valid_to"
    ),
    "DeliveryMethod": classify(
        none="id market_code code name name_zh price_minor free_from_minor min_days max_days"
        " needs_address countries position is_active"
    ),
    "SalesDay": classify(
        none="id zone day channel currency orders lines sales_minor margin_minor margin_base_minor"
        " personal_lines personal_public_minor personal_discount_minor"
    ),
    "IdempotencyKey": classify(none="id key fingerprint status created_at", personal="scope body"),
}


def export(shopper_id: int) -> Mapping[str, Any]:
    """Return what the room knows of a shopper: carts, orders, parcels, returns and ratings."""
    ids = list(Order.objects.filter(shopper_id=shopper_id).values_list("pk", flat=True))
    return {
        **export_shopper(shopper_id),
        "parcels": export_parcels(ids),
        "returns": export_returns(ids),
        "ratings": export_ratings(ids),
    }


@transaction.atomic
def erase(shopper_id: int, now: datetime) -> None:
    """Forget a shopper in the room and its suites. Safe to run twice."""
    ids = list(Order.objects.filter(shopper_id=shopper_id).values_list("pk", flat=True))
    forget_tracking(ids)
    forget_return_words(ids)
    forget_ratings(ids)
    erase_shopper(shopper_id, now)


PRIVACY = RoomPrivacy(room="orders", fields=FIELDS, export_shopper=export, erase_shopper=erase)
