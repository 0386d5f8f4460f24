"""Insights on a stocked shop: figures lead to their orders, tables to a file."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.order.models import Order, OrderLine
from orders.satisfaction.models import OrderRating
from promotions.models import Campaign
from shop.doors.backoffice.memory import forget_all
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice import ROWS


def test_sales_lead_to_their_orders_and_to_a_file(root: Client) -> None:
    Order.objects.update(placed_at=utc_now() - timedelta(days=2), status="paid", channel="online")
    forget_all()
    with CaptureQueriesContext(connection) as queries:
        page = root.get(reverse("admin:insights"), {"days": "7", "channel": "online"})
    assert len([one for one in queries if "shop_catalogversion" not in one["sql"]]) <= 24
    figures = {str(card.title): card.figure for card in page.context["cards"]}
    assert figures["Orders"] == str(ROWS)
    listed = root.get(page.context["orders"])
    assert listed.context["cl"].result_count == ROWS
    sheet = root.get(reverse("admin:insights"), {"days": "7", "format": "csv"}).content.decode()
    assert sheet.startswith("Sales by day")
    assert "From visit to order" in sheet


def test_cohorts_count_who_ordered_again(root: Client) -> None:
    forget_all()
    now = utc_now()
    first, second = Order.objects.order_by("pk")[:2]
    Order.objects.exclude(pk__in=[first.pk, second.pk]).update(status="cancelled")
    both = Order.objects.filter(pk__in=[first.pk, second.pk])
    both.update(status="paid", shopper=first.shopper, currency="USD", placed_at=now)
    month = now.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).replace(day=1)
    Order.objects.filter(pk=first.pk).update(placed_at=month - timedelta(days=20))
    (line,) = root.get(reverse("admin:cohorts")).context["lines"]
    assert (line.shoppers, line.cells) == ("1", (("100 %", 5),))


def test_pages_of_insights_open_and_make_files(root: Client) -> None:
    forget_all()
    Order.objects.update(placed_at=utc_now(), status="paid")
    campaign = Campaign.objects.order_by("pk").first()
    OrderLine.objects.update(adjustments=[{"campaign_id": campaign.pk, "amount_minor": -50}])
    page = root.get(reverse("admin:insights_promotions"), {"days": "7"})
    (line,) = page.context["lines"]
    lowered = OrderLine.objects.count()
    assert (line.orders, line.cost) == (str(ROWS), f"${0.5 * lowered:.2f}")
    assert line.cost_before == "$0.00"
    Order.objects.update(placed_at=utc_now() - timedelta(days=7))
    other = Order.objects.order_by("pk")[0]
    Order.objects.filter(pk=other.pk).update(placed_at=utc_now())
    forget_all()
    (line,) = root.get(reverse("admin:insights_promotions"), {"days": "7"}).context["lines"]
    own = other.lines.count()
    assert (line.orders, line.cost) == ("1", f"${0.5 * own:.2f}")
    assert line.cost_before == f"${0.5 * (lowered - own):.2f}"
    Order.objects.update(placed_at=utc_now())
    for name, title in (("insights_promotions", "Promotions"), ("satisfaction", "Satisfaction")):
        sheet = root.get(reverse(f"admin:{name}"), {"format": "csv"}).content.decode()
        assert sheet.startswith(title)
    fair = root.get(reverse("admin:fairness")).content.decode()
    assert "What happens when a limit is broken" in fair


def test_satisfaction_is_compared_with_the_days_before(root: Client) -> None:
    OrderRating.objects.update(score=4)
    rated = OrderRating.objects.order_by("pk")
    OrderRating.objects.filter(pk=rated[0].pk).update(score=5)
    found = {}
    for ago in (2, 30, 60):
        OrderRating.objects.update(rated_at=utc_now() - timedelta(days=ago))
        if ago == 30:
            OrderRating.objects.filter(pk=rated[0].pk).update(rated_at=utc_now())
        forget_all()
        page = root.get(reverse("admin:satisfaction"))
        found[ago] = [(one.figure, one.change) for one in page.context["cards"]]
        said = "Nobody answered in these days" in page.content.decode()
        assert said is (ago == 60)
    assert [answers for _mean, _share, (answers, _change) in found.values()] == [
        *(str(ROWS), "1", "0"),
    ]
    assert [changes[0][1] for changes in found.values()] == ["", "+1.0", ""]
