"""Staff receive returns, inspect them and see what waits too long; only who may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order, OrderLine
from orders.returns.models import Return, ReturnLine
from shop.kernel.clock import utc_now
from shop.staff.roles import ANALYST, MERCHANDISER
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


def test_staff_receive_inspect_and_refund_a_return(
    root: Client, as_role: Callable[[str], Client], announced: Return
) -> None:
    line = OrderLine.objects.get(order=announced.order)
    for role in (ANALYST, MERCHANDISER):
        who = as_role(role)
        assert act(who, "orders_return_receive", announced.pk).status_code == 403
    found = {f"accepted_{line.pk}": "1", f"restock_{line.pk}": "on"}
    act(root, "orders_return_inspect", announced.pk, **found)
    assert any("past that step" in text for text in messages_of(root))
    act(root, "orders_return_receive", announced.pk)
    act(root, "orders_return_inspect", announced.pk, **(found | {f"accepted_{line.pk}": "0"}))
    assert any("Tell the shopper why" in text for text in messages_of(root))
    act(root, "orders_return_inspect", announced.pk, **found)
    announced.refresh_from_db()
    assert (announced.state, announced.refunded_minor) == ("settled", 450)
    page = root.get(reverse("admin:return_statistics")).content.decode()
    assert "4.50" in page


def test_what_waits_a_week_is_counted_beside_the_menu(root: Client, announced: Return) -> None:
    listed = reverse("admin:orders_return_changelist")
    Return.objects.filter(pk=announced.pk).update(
        state="received", received_at=utc_now() - timedelta(days=6)
    )
    assert root.get(listed, {"waiting": "long"}).context["cl"].result_count == 0
    Return.objects.filter(pk=announced.pk).update(received_at=utc_now() - timedelta(days=8))
    page = root.get(listed, {"waiting": "long"})
    assert [row.pk for row in page.context["cl"].result_list] == [announced.pk]
