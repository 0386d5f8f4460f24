"""The first page says how today goes, and what is far from usual is to do for who can act on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import Order, OrderLine, Payment
from profiles.events.api import DayFunnel
from promotions.models import Campaign, CampaignTuning
from shop.doors.backoffice.home import today
from shop.doors.backoffice.home.today import Reading, read_today
from shop.doors.backoffice.insights.ranges import read_asked
from shop.doors.backoffice.insights.sales import build_asked_cards, read_asked_sales
from shop.doors.backoffice.memory import forget_all
from shop.ground.catalog.models import Variant
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, APPROVER, AUDITOR, MERCHANDISER, SUPPORT
from tests.integration.backoffice.learning.test_learning_pages import list_asked

NOW = datetime(2027, 3, 3, 15, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    forget_all()
    yield
    forget_all()


def sell(
    number: str,
    at: datetime,
    minor: int,
    channel: str = "store",
    *,
    discount_minor: int = 0,
    delivery_minor: int = 0,
) -> Order:
    order = Order.objects.create(
        number=number,
        channel=channel,
        market_code="us",
        email="alice@example.com",
        currency="USD",
        subtotal_minor=minor,
        discount_minor=discount_minor,
        delivery_minor=delivery_minor,
        total_minor=minor - discount_minor + delivery_minor,
        status="paid",
        placed_at=at,
    )
    variant = Variant.objects.order_by("pk")[0]
    OrderLine.objects.create(
        order=order,
        position=1,
        variant=variant,
        quantity=1,
        list_minor=minor,
        public_minor=minor,
        quoted_minor=minor,
        subtotal_minor=minor,
        discount_minor=discount_minor,
        total_minor=minor - discount_minor,
    )
    return order


def read(as_role: Callable[[str], Client], role: str) -> dict[str, Reading]:
    """Return how the day goes for a role, by title."""
    as_role(role)
    account = get_user_model().objects.get(email=f"{role}@staff.example")
    forget_all()
    return {one.gauge.title: one for one in read_today(account, NOW)}


@pytest.fixture
def week(stocked_shop: None) -> None:
    """A store that sold 100.00 by three o'clock of each day of a week, and a lot in the evening."""
    for ago in range(1, 8):
        sell(f"T-{ago}", NOW - ago * DAY, 10_000)
        sell(f"E-{ago}", NOW - ago * DAY + timedelta(hours=2), 900_000)


@pytest.mark.parametrize(
    ("sold", "figure", "tone"),
    [
        (0, "$0.00", "red"),
        (4_999, "$49.99", "red"),
        (5_000, "$50.00", "amber"),
        (10_000, "$100.00", "green"),
    ],
)
def test_sales_are_compared_with_the_same_hours_before(
    as_role: Callable[[str], Client], week: None, sold: int, figure: str, tone: str
) -> None:
    if sold:
        sell("T-0", NOW - timedelta(hours=1), sold)
    found = read(as_role, MERCHANDISER)["Sales: store"]
    assert (found.gauge.figure, found.gauge.tone) == (figure, tone)
    assert found.gauge.note == (
        "products after discounts, before delivery, refunds taken off · "
        "by this time on 7 of the 7 days before: $100.00 to $100.00"
    )
    assert (found.alarm is not None) == (tone == "red")
    if found.alarm is not None:
        assert (found.alarm.count, found.alarm.is_failure) == (figure, True)
        assert found.alarm.text.endswith("on 7 of the 7 days before at least $100.00 by this time")


def test_home_and_insights_print_one_figure_of_sales(
    as_role: Callable[[str], Client], week: None
) -> None:
    sell("T-0", NOW - timedelta(hours=1), 10_000, discount_minor=1_000, delivery_minor=599)
    now = NOW + timedelta(minutes=1)
    asked = read_asked(QueryDict("days=today&compare=previous"), now)
    sales = read_asked_sales(asked)
    card, *_others = build_asked_cards(asked, sales, now, with_prices=False, with_margin=False)
    assert (card.title, card.figure, card.change_text) == ("Sales", "$90.00", "-10.0 %")
    gauge = read(as_role, MERCHANDISER)["Sales: store"].gauge
    assert gauge.figure == card.figure
    assert gauge.note.startswith(card.note)
    strip = as_role(ANALYST).get(reverse("admin:index")).context["cards"]
    assert strip[0].title == "Sales"
    assert strip[0].note.startswith("products after discounts, before delivery, refunds taken off")


@pytest.mark.parametrize(
    ("closed", "is_compared"),
    [((1, 3), True), ((1, 2, 3), False), ((7,), False)],
)
def test_days_without_sales_are_no_low_ones(
    as_role: Callable[[str], Client], week: None, closed: tuple[int, ...], is_compared: bool
) -> None:
    # With two days missing the others tell; a weekday without sales a week ago may be closed.
    Order.objects.filter(number__in=[f"T-{ago}" for ago in closed]).delete()
    found = read(as_role, MERCHANDISER)
    assert ("Sales: store" in found) is is_compared
    if is_compared:
        assert "on 5 of the 7 days before: $100.00" in found["Sales: store"].gauge.note


@pytest.mark.parametrize(
    ("counts", "tone", "words"),
    [
        ((199, 0), "gray", "too early to read"),
        ((200, 9), "red", "on the 7 days before 10 %"),
        ((200, 10), "green", "10 of 200 visits"),
    ],
)
def test_conversion_alarms_once_twenty_orders_are_expected(
    as_role: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
    counts: tuple[int, int],
    tone: str,
    words: str,
) -> None:
    visits, paid = counts

    def funnels(*, since: datetime, until: datetime, **_asked: Any) -> list[DayFunnel]:
        if until == NOW:
            return [DayFunnel(NOW.date(), visits, paid, paid, paid)]
        assert until - since == 7 * DAY
        return [DayFunnel(since.date(), 1_000, 100, 100, 100)]

    monkeypatch.setattr(today, "list_day_funnels", funnels)
    found = read(as_role, APPROVER)["Conversion online"]
    assert found.gauge.tone == tone
    assert words in found.gauge.note
    assert (found.alarm is not None) == (tone == "red")


@pytest.mark.parametrize(("refused", "is_alarm"), [(4, False), (5, True)])
def test_refused_payments_alarm_at_twice_the_usual_share(
    as_role: Callable[[str], Client], root: Client, refused: int, is_alarm: bool
) -> None:
    def attempt(number: int, at: datetime, state: str) -> None:
        # Placed long before: the attempt counts on the day it is made.
        order = sell(f"P-{number}", NOW - 30 * DAY, 1_000, "online")
        Payment.objects.create(
            order=order,
            provider="sandbox",
            method="card",
            currency="USD",
            amount_minor=1_000,
            refunded_minor=0,
            state=state,
            idempotency_key=f"p{number}",
            created_at=at,
        )

    for number in range(10):
        attempt(number, NOW - DAY, "declined" if number < 2 else "succeeded")
        is_refused = number < refused
        attempt(100 + number, NOW - timedelta(hours=1), "failed" if is_refused else "succeeded")
    found = read(as_role, SUPPORT)["Payments refused"]
    assert found.gauge.figure == f"{refused}0 %"
    assert found.gauge.note == f"{refused} of 10 attempts; on the 7 days before 20 %"
    assert (found.alarm is not None) == is_alarm
    if found.alarm is not None:
        page = root.get(found.alarm.link)
        numbers = {one.order.number for one in page.context["cl"].result_list}
        assert {f"P-{one}" for one in (0, 1, *range(100, 100 + refused))} <= numbers


def test_each_figure_stands_on_the_homes_of_who_can_act(
    as_role: Callable[[str], Client], week: None
) -> None:
    sales, prices = "Sales: store", "Public prices at their floor"
    assert {sales, prices} <= set(read(as_role, MERCHANDISER))
    assert {sales, prices} <= set(read(as_role, APPROVER))
    for role in (SUPPORT, ANALYST, AUDITOR):
        assert not {sales, prices} & set(read(as_role, role)), role


def test_a_day_without_sales_is_to_do_on_the_page(
    as_role: Callable[[str], Client], stocked_shop: None
) -> None:
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    day = utc_now().astimezone(zone).date()
    for ago in range(1, 8):
        sell(f"M-{ago}", datetime.combine(day - ago * DAY, time.min, zone), 10_000)
    forget_all()
    browser = as_role(MERCHANDISER)
    page = browser.get(reverse("admin:index")).content.decode()
    assert "sold today so far (store); on 7 of the 7 days before at least" in page
    assert 'id="ft-today"' in page
    assert "Nothing waits for you." not in page
    chinese = browser.get("/zh-hans" + reverse("admin:index")).content.decode()
    assert "今天截至目前的销售额" in chinese
    assert 'id="ft-today"' not in as_role(ANALYST).get(reverse("admin:index")).content.decode()


def test_red_jobs_are_one_number_everywhere(as_role: Callable[[str], Client]) -> None:
    JobRun.objects.all().delete()
    now = utc_now()
    for name, outcome, ago in (
        ("adjust_campaigns", "ok", timedelta(minutes=10)),  # each minute: late
        ("drain_events", "failed", timedelta(minutes=1)),
        ("anything", "hung", timedelta(days=3)),
        ("beat", "ok", timedelta(seconds=5)),
    ):
        JobRun.objects.create(
            name=name, queue="bulk", outcome=outcome, started_at=now - ago, heartbeat_at=now - ago
        )
    browser = as_role(ANALYST)
    shown = browser.get(reverse("admin:workers"))
    red = [job.name for job in shown.context["failing_jobs"]]
    assert red == ["adjust_campaigns", "anything", "drain_events"]
    home = browser.get(reverse("admin:index")).context
    [todo] = [one for one in home["todos"] if one.text == "jobs failed, hung or late"]
    assert (todo.count, home["fine_jobs"]) == ("3", 1)
    assert shown.context["menu"].badges["admin:workers"] == "3"


def test_a_campaign_that_is_not_adjusted_is_to_do(as_role: Callable[[str], Client]) -> None:
    now = utc_now()
    campaign = Campaign.objects.order_by("pk")[0]
    window = {"starts_at": now - DAY, "ends_at": now + 30 * DAY}
    Campaign.objects.filter(pk=campaign.pk).update(status="live", **window)
    CampaignTuning.objects.update_or_create(campaign=campaign, defaults={"fault": "ValueError"})
    todos = as_role(MERCHANDISER).get(reverse("admin:index")).context["todos"]
    [todo] = [one for one in todos if "is not adjusted" in one.text]
    assert todo.text == f"campaign is not adjusted: its check fails: {campaign.name}"
    assert (todo.link, todo.is_failure) == (reverse("admin:adjusting"), True)


def test_the_day_costs_few_queries(as_role: Callable[[str], Client], week: None) -> None:
    as_role(MERCHANDISER)
    account = get_user_model().objects.get(email=f"{MERCHANDISER}@staff.example")
    assert account.has_perm("pricing.add_killswitch")
    read_today(account, NOW)  # reads catalogue and prices into memory
    forget_all()
    with CaptureQueriesContext(connection) as queries:
        read_today(account, NOW)
    with CaptureQueriesContext(connection) as again:
        read_today(account, NOW)
    assert (len(list_asked(queries)), len(again)) == (5, 0)
