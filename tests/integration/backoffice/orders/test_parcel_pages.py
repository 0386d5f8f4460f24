"""The warehouse's way through the back office: pick, pack, ship, deliver; only who may."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from orders.fulfilment.api import list_carriers, make_pick_list, pack_order
from orders.fulfilment.models import Carrier, Shipment
from orders.models import DeliveryMethod, Order, OrderLine
from shop.ground.staff.roles import ANALYST, MERCHANDISER, SUPPORT, WAREHOUSE
from tests.factories.backoffice_prices import NOON
from tests.integration.backoffice.test_actions import act, messages_of


@pytest.fixture
def order(stocked_shop: None) -> Order:
    """The one paid order: two cheddars."""
    found = Order.objects.order_by("pk").first()
    assert found is not None
    Order.objects.update(status="fulfilled")
    Order.objects.filter(pk=found.pk).update(status="paid", address_line1="1 Mill Lane")
    return found


def _parcels(order: Order) -> list[tuple[int, str]]:
    made = Shipment.objects.filter(order=order).exclude(state="cancelled").order_by("position")
    return [(sum(line.quantity for line in one.lines.all()), one.state) for one in made]


def test_staff_pack_ship_and_deliver_from_the_order_page(root: Client, order: Order) -> None:
    line = OrderLine.objects.get(order=order)
    address = reverse("admin:orders_order_pack", args=[order.pk])
    root.get(address)
    assert _parcels(order) == []
    act(root, "orders_order_pack", order.pk, **{f"line_{line.pk}": "1"})
    act(root, "orders_order_pack", order.pk, **{f"line_{line.pk}": "2"})
    assert _parcels(order) == [(1, "packed")]
    act(root, "orders_order_pack", order.pk, **{f"line_{line.pk}": "1"})
    first, second = Shipment.objects.filter(order=order, state="packed").order_by("position")
    carrier = Carrier.objects.create(name="Post", tracking_pattern="https://p.example/{number}")
    given = {"carrier": str(carrier.pk), "tracking_number": "77"}
    act(root, "orders_shipment_ship", first.pk, **given)
    act(root, "orders_shipment_arrived", first.pk)
    act(root, "orders_shipment_unpack", second.pk, reason="wrong box")
    assert _parcels(order) == [(1, "delivered")]
    page = root.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert 'href="https://p.example/77"' in page
    assert "admin/orders/shipment" in page
    assert "packed parcel 2." in page
    act(root, "orders_order_cancel", order.pk, reason="too late")
    assert "This order can no longer be canceled." in messages_of(root)


def test_a_dialog_sent_twice_packs_once(root: Client, order: Order) -> None:
    address = reverse("admin:orders_order_pack", args=[order.pk])
    line = OrderLine.objects.get(order=order)
    key = re.findall(r'name="request_key" value="([^"]+)"', root.get(address).content.decode())
    given = {f"line_{line.pk}": "1", "request_key": key[0]}
    act(root, "orders_order_pack", order.pk, **given)
    act(root, "orders_order_pack", order.pk, **given)
    assert _parcels(order) == [(1, "packed")]
    messages_of(root)
    act(root, "orders_order_pack", order.pk, **(given | {f"line_{line.pk}": "0"}))
    assert "This dialog was sent before." in messages_of(root)[0]
    act(root, "orders_order_pack", order.pk, **(given | {"request_key": str(uuid4())}))
    assert _parcels(order) == [(1, "packed"), (1, "packed")]


def test_a_carrier_without_a_number_is_asked_about(root: Client, order: Order) -> None:
    parcel = Shipment.objects.get(pk=pack_order(order_id=order.pk, now=NOON).shipment_id)
    carrier = Carrier.objects.create(name="Post", tracking_pattern="https://p.example/{number}")
    given = {"carrier": str(carrier.pk), "tracking_number": " "}
    act(root, "orders_shipment_ship", parcel.pk, **given)
    root.post(reverse("admin:ship_packed"), {"parcel": [parcel.pk], "carrier": carrier.pk})
    assert _parcels(order) == [(2, "packed")]
    page = root.get(reverse("admin:ship_parcels")).content.decode()
    assert "1 parcel was not shipped: it has no tracking number." in page
    act(root, "orders_shipment_ship", parcel.pk, **given, without_number="on")
    assert _parcels(order) == [(2, "shipped")]


def _offered(root: Client, order: Order) -> set[str]:
    page = root.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    names = ("pack", "cancel", "refund")
    return {
        name for name in names if reverse(f"admin:orders_order_{name}", args=[order.pk]) in page
    }


def test_an_order_offers_what_its_state_allows(root: Client, order: Order) -> None:
    assert _offered(root, order) == {"pack", "cancel", "refund"}
    line = OrderLine.objects.get(order=order)
    pack_order(order_id=order.pk, lines=[(line.pk, 1)], now=NOON)
    assert _offered(root, order) == {"pack", "refund"}
    pack_order(order_id=order.pk, now=NOON)
    assert _offered(root, order) == {"refund"}
    Order.objects.filter(pk=order.pk).update(status="expired")
    assert _offered(root, order) == set()


def test_a_parcel_offers_what_its_state_allows(root: Client, order: Order) -> None:
    def offered() -> set[str]:
        page = root.get(reverse("admin:orders_shipment_change", args=[parcel.pk])).content.decode()
        steps = ("pack", "ship", "correct", "arrived", "unpack", "instead")
        found = {one: reverse(f"admin:orders_shipment_{one}", args=[parcel.pk]) for one in steps}
        return {one for one, address in found.items() if address in page}

    parcel = Shipment.objects.get(pk=pack_order(order_id=order.pk, now=NOON).shipment_id)
    assert offered() == {"ship", "unpack"}
    act(root, "orders_shipment_ship", parcel.pk, carrier="", tracking_number="")
    assert offered() == {"correct", "arrived"}
    act(root, "orders_shipment_arrived", parcel.pk)
    assert offered() == set()
    parcel.lines.update(variant=parcel.lines.get().line.variant)  # a replacement
    for state, allowed in (("planned", {"pack", "instead"}), ("packed", {"ship", "instead"})):
        Shipment.objects.filter(pk=parcel.pk).update(
            state=state, shipped_at=None, delivered_at=None
        )
        assert offered() == allowed


def test_a_corrected_number_keeps_its_carrier_and_is_recorded(root: Client, order: Order) -> None:
    carrier = Carrier.objects.create(name="Post", tracking_pattern="https://p.example/{number}")
    parcel = Shipment.objects.get(pk=pack_order(order_id=order.pk, now=NOON).shipment_id)
    given = {"carrier": str(carrier.pk), "tracking_number": "77"}
    act(root, "orders_shipment_ship", parcel.pk, **given)
    Carrier.objects.update(is_active=False)
    order_page = reverse("admin:orders_order_change", args=[order.pk])
    address = reverse("admin:orders_shipment_correct", args=[parcel.pk])
    assert f'href="{address}"' in root.get(order_page).content.decode()
    dialog = root.get(address).content.decode()
    assert f'<option value="{carrier.pk}" selected>Post</option>' in dialog
    assert 'value="77"' in dialog
    assert "No second e-mail is sent" in dialog
    messages_of(root)
    for _ in range(2):
        act(root, "orders_shipment_correct", parcel.pk, **(given | {"tracking_number": "78"}))
    parcel.refresh_from_db()
    assert (parcel.carrier, parcel.tracking_url) == (carrier, "https://p.example/78")
    assert messages_of(root)[0] == "The tracking number was corrected."
    page = root.get(order_page).content.decode()
    assert page.count("corrected the tracking number of parcel") == 1


def test_carriers_are_there_to_choose_and_promise_nothing(root: Client) -> None:
    chosen = Carrier.objects.filter(name__in=["DHL Express", "FedEx", "Royal Mail", "UPS", "USPS"])
    assert [(one.is_active, one.full_clean()) for one in chosen] == [(False, None)] * 5
    assert "UPS" not in root.get(reverse("admin:ship_parcels")).content.decode()
    chosen.filter(name="UPS").update(is_active=True)
    assert [one.name for one in list_carriers() if one in chosen] == ["UPS"]


def test_the_pick_list_packs_and_asks_for_the_numbers(root: Client, order: Order) -> None:
    listed = root.get(reverse("admin:orders_order_changelist"), {"todo": "pack"})
    assert [row.pk for row in listed.context["cl"].result_list] == [order.pk]
    chosen = root.post(
        reverse("admin:orders_order_changelist"),
        {"action": "pick", "_selected_action": [order.pk]},
    )
    page = root.get(chosen["Location"]).content.decode()
    assert "CHEDDAR" in page.upper()
    packed = root.post(reverse("admin:pack_picked"), {"order": [order.pk, "x", 0]})
    assert _parcels(order) == [(2, "packed")]
    page = root.get(packed["Location"]).content.decode()
    assert f"{order.number}/2" in page
    listed = root.get(reverse("admin:orders_order_changelist"), {"todo": "ship"})
    assert [row.pk for row in listed.context["cl"].result_list] == [order.pk]
    parcel = Shipment.objects.get(order=order, state="packed")
    given = {"parcel": [parcel.pk], f"number_{parcel.pk}": "42", "carrier": ""}
    root.post(reverse("admin:ship_packed"), given)
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tracking_number) == ("shipped", "42")
    assert (
        "No parcel waits to be shipped." in root.get(reverse("admin:ship_parcels")).content.decode()
    )


def test_the_warehouse_packs_in_parts_from_the_pick_list(
    as_role: Callable[[str], Client], order: Order
) -> None:
    DeliveryMethod.objects.create(
        market_code=order.market_code,
        code="bike",
        name="By cargo bike",
        name_zh="货运自行车",
        price_minor=0,
    )
    Order.objects.filter(pk=order.pk).update(delivery_method="bike")
    who, line = as_role(WAREHOUSE), OrderLine.objects.get(order=order)
    page = who.get(reverse("admin:pick_list")).content.decode()
    address = reverse("admin:orders_order_pack", args=[order.pk])
    assert f'href="{address}" hx-get="{address}" hx-target="#modal-content"' in page
    assert 'id="modal-content"' in page
    assert '<span class="ft-note">By cargo bike</span>' in page
    assert f'name="line_{line.pk}" value="2"' in who.get(address).content.decode()
    act(who, "orders_order_pack", order.pk, **{f"line_{line.pk}": "1"})
    assert _parcels(order) == [(1, "packed")]
    (left,) = make_pick_list([order.pk], language="zh-hans").orders
    assert (left.delivery, [one.quantity for one in left.lines]) == ("货运自行车", [1])


def test_only_who_may_moves_parcels(as_role: Callable[[str], Client], order: Order) -> None:
    parcel = pack_order(order_id=order.pk, now=NOON)
    moves: list[Callable[[Client], Any]] = [
        lambda who: act(who, "orders_order_pack", order.pk),
        lambda who: act(who, "orders_shipment_ship", parcel.shipment_id, carrier=""),
        lambda who: act(who, "orders_shipment_unpack", parcel.shipment_id, reason="no reason"),
        lambda who: who.post(reverse("admin:pack_picked"), {"order": [order.pk]}),
        lambda who: who.post(reverse("admin:ship_packed"), {"parcel": [parcel.shipment_id]}),
    ]
    for role in (ANALYST, MERCHANDISER, ""):
        who = as_role(role)
        assert {move(who).status_code for move in moves} == {403}, role
    assert Shipment.objects.get(pk=parcel.shipment_id).state == "packed"
    moves[1](as_role(SUPPORT))
    assert Shipment.objects.get(pk=parcel.shipment_id).state == "shipped"
