"""Staff read one clock on every page: that of the shop's market, which the page names."""

from __future__ import annotations

from datetime import UTC, datetime

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import Order
from shop.ground.staff.region import NOWHERE, staff_region

PLACED = datetime(2026, 7, 2, 3, 30, tzinfo=UTC)  # 23:30 of the day before in New York


def test_list_form_and_page_show_one_time_and_its_zone(root: Client) -> None:
    order = Order.objects.order_by("pk").first()
    Order.objects.filter(pk=order.pk).update(placed_at=PLACED)
    listed = root.get(reverse("admin:orders_order_changelist"), {"q": order.number})
    assert 'title="2026-07-01 23:30 America/New_York">Jul 1, 2026</time>' in listed.content.decode()
    form = root.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "2026-07-01 23:30" in form
    offers = root.get(reverse("admin:order_offers", args=[order.pk])).content.decode()
    assert "2026-07-01 23:30 America/New_York" in offers
    for page in (listed.content.decode(), form, offers):
        assert "Times are those of America/New_York." in page
        assert "UTC" not in page


def test_the_clock_of_a_page_ends_with_it(root: Client) -> None:
    root.get(reverse("admin:index"))
    assert (staff_region(), timezone.get_current_timezone_name()) == (NOWHERE, "UTC")
