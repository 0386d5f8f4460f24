"""Staff receive returns, inspect them and see what waits too long; only who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from orders.fulfilment.models import Shipment
from orders.models import Order, OrderLine
from orders.payments.models import RefundLine
from orders.returns.models import Return, ReturnExchange, ReturnLine
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, MERCHANDISER, WAREHOUSE
from tests.integration.backoffice.test_actions import act, messages_of


@pytest.fixture
def announced(stocked_shop: None) -> Return:
    """A return of one of two pieces that left the shop."""
    order = Order.objects.order_by("pk").first()
    assert order is not None
    Order.objects.filter(pk=order.pk).update(status="fulfilled", refunded_minor=0)
    OrderLine.objects.filter(order=order).update(packed_quantity=2)
    made = Return.objects.create(
        order=order, number="W-R9", reason="other", comment="too old", requested_at=utc_now()
    )
    ReturnLine.objects.create(item=made, line=order.lines.get(), quantity=1)
    return made


def _offered(browser: Client, row: Return) -> set[str]:
    """Return the steps that the page of a return offers."""
    page = browser.get(reverse("admin:orders_return_change", args=[row.pk])).content.decode()
    return {
        step
        for step in ("receive", "inspect")
        if reverse(f"admin:orders_return_{step}", args=[row.pk]) in page
    }


def test_the_warehouse_receives_and_inspects_an_exchange_and_packs_it(
    as_role: Callable[[str], Client], announced: Return
) -> None:
    Order.objects.filter(pk=announced.order_id).update(address_line1="1 Mill Lane")
    line = announced.lines.get()
    variant = line.line.variant
    ReturnExchange.objects.create(
        line=line, variant=variant, sku=variant.sku, name="New cheddar", quantity=1
    )
    who = as_role(WAREHOUSE)
    page = who.get(reverse("admin:orders_return_change", args=[announced.pk])).content.decode()
    assert f"In exchange: 1 × New cheddar ({variant.sku})" in page
    assert reverse("admin:orders_order_change", args=[announced.order_id]) not in page
    act(who, "orders_return_receive", announced.pk)
    dialog = who.get(reverse("admin:orders_return_inspect", args=[announced.pk])).content.decode()
    assert "New cheddar" in dialog
    found = {f"accepted_{line.line_id}": "1", f"restock_{line.line_id}": "1"}
    act(who, "orders_return_inspect", announced.pk, **found)
    announced.refresh_from_db()
    assert (announced.state, announced.refunded_minor) == ("settled", 0)
    parcel = Shipment.objects.get(state="planned")
    picks = who.get(reverse("admin:pick_list")).content.decode()
    assert "New cheddar" in picks
    assert announced.order.number in picks
    assert reverse("admin:orders_order_change", args=[announced.order_id]) not in picks
    act(who, "orders_shipment_pack", parcel.pk)
    shown = who.get(reverse("admin:orders_shipment_change", args=[parcel.pk])).content.decode()
    assert "1 Mill Lane" in shown
    assert announced.order.email not in shown
    for address in ("orders_order_changelist", "shop_product_changelist"):
        assert who.get(reverse(f"admin:{address}")).status_code == 403
    act(who, "orders_shipment_ship", parcel.pk, carrier="", tracking_number="5")
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tracking_number) == ("shipped", "5")


def test_staff_receive_inspect_and_refund_a_return(
    root: Client, as_role: Callable[[str], Client], announced: Return
) -> None:
    line = OrderLine.objects.get(order=announced.order)
    for role in (ANALYST, MERCHANDISER):
        who = as_role(role)
        assert act(who, "orders_return_receive", announced.pk).status_code == 403
    assert _offered(root, announced) == {"receive"}
    found = {f"accepted_{line.pk}": "1", f"restock_{line.pk}": "1"}
    act(root, "orders_return_inspect", announced.pk, **found)
    assert any("past that step" in text for text in messages_of(root))
    act(root, "orders_return_receive", announced.pk)
    assert _offered(root, announced) == {"inspect"}
    typed = {f"accepted_{line.pk}": "0", f"restock_{line.pk}": "1"}
    dialog = act(root, "orders_return_inspect", announced.pk, **typed).content.decode()
    assert "Tell the shopper why not all pieces are accepted." in dialog
    assert "No more pieces go back on the shelf than are accepted." in dialog
    for name, value in typed.items():
        assert f'name="{name}" value="{value}"' in dialog
    assert messages_of(root) == []
    act(root, "orders_return_inspect", announced.pk, **found)
    announced.refresh_from_db()
    assert (announced.state, announced.refunded_minor) == ("settled", 450)
    assert _offered(root, announced) == set()
    page = root.get(reverse("admin:return_statistics")).content.decode()
    assert "4.50" in page


@pytest.mark.parametrize(("reason", "offered"), [("damaged", 0), ("other", 2)])
def test_one_piece_is_restocked_and_one_written_off(
    root: Client, announced: Return, reason: str, offered: int
) -> None:
    Return.objects.filter(pk=announced.pk).update(reason=reason, state="received")
    announced.lines.update(quantity=2)
    line = announced.lines.get()
    stock = StockRecord.objects.get(variant_id=line.line.variant_id)
    accepted, restock = f"accepted_{line.line_id}", f"restock_{line.line_id}"
    asked = root.get(reverse("admin:orders_return_inspect", args=[announced.pk])).context["form"]
    assert (asked[accepted].initial, asked[restock].initial) == (2, offered)
    less = {accepted: "1", restock: "2", "refusal": "worn"}
    refused = act(root, "orders_return_inspect", announced.pk, **less).context["form"]
    assert refused.errors == {restock: ["No more pieces go back on the shelf than are accepted."]}
    act(root, "orders_return_inspect", announced.pk, **{accepted: "2", restock: "1"})
    line.refresh_from_db()
    assert (line.accepted_quantity, line.restocked_quantity) == (2, 1)
    assert RefundLine.objects.get().restocked_quantity == 1
    assert StockRecord.objects.get(pk=stock.pk).on_hand == stock.on_hand + 1


def test_what_waits_a_week_is_counted_beside_the_menu(root: Client, announced: Return) -> None:
    listed = reverse("admin:orders_return_changelist")
    Return.objects.filter(pk=announced.pk).update(
        state="received", received_at=utc_now() - timedelta(days=6)
    )
    assert root.get(listed, {"waiting": "long"}).context["cl"].result_count == 0
    Return.objects.filter(pk=announced.pk).update(received_at=utc_now() - timedelta(days=8))
    page = root.get(listed, {"waiting": "long"})
    assert [row.pk for row in page.context["cl"].result_list] == [announced.pk]
