"""Orders that were bought, paid, packed and handed out, for tests of what comes after."""

from __future__ import annotations

from datetime import datetime

from orders.cart.services.carts import add_to_cart
from orders.fulfilment.api import ParcelView, hand_out_parcel, pack_order, ship_parcel
from orders.fulfilment.models import Carrier
from orders.models import DeliveryMethod
from orders.terms.selectors import forget_terms
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors.versions import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from tests.factories.orders import NOON, pay, place


def buy(visit: QuoteContext, goods: dict[int, int], **fields: object) -> OrderView:
    """Return a paid order of these pieces by variant."""
    for variant_id, pieces in goods.items():
        add_to_cart(context=visit, variant_id=variant_id, quantity=pieces)
    order = place(visit, **fields)
    assert pay(order, visit.now) in ("authorized", "succeeded")
    return order


def deliver(order: OrderView, now: datetime = NOON) -> ParcelView:
    """Pack all that is left of an order, ship it, and note that it arrived."""
    parcel = pack_order(order_id=order.order_id, now=now)
    ship_parcel(shipment_id=parcel.shipment_id, now=now)
    return hand_out_parcel(shipment_id=parcel.shipment_id, now=now)


def make_carrier(name: str = "Postal Service") -> Carrier:
    """Return a carrier with tracking links."""
    return Carrier.objects.create(
        name=name, tracking_pattern="https://track.example.com/?id={number}"
    )


def make_pickup() -> DeliveryMethod:
    """Add collecting at the counter to the ways of delivery."""
    made = DeliveryMethod.objects.create(
        market_code="us", code="counter", name="Collect", price_minor=0, needs_address=False
    )
    forget_terms()
    return made


def add_size(variant_id: int, name: str, list_minor: int, pieces: int = 2) -> int:
    """Give the product of a variant another size that is in stock."""
    known = Variant.objects.get(pk=variant_id)
    sku = f"{known.sku}-{name.upper()}"
    made = Variant.objects.create(
        product=known.product, external_ref=sku, sku=sku, name=name, list_minor=list_minor
    )
    receive_stock(lines=[StockLine(made.pk, pieces)], reference="opening", now=NOON)
    forget_catalog()
    return made.pk
