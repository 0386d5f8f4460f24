"""The staff's own pages: figures that tie to the rows, decisions shown whole, one safe policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from orders.models import Order, OrderLine
from orders.reports.selectors.statistics import DaySales, list_day_sales
from orders.reports.services import summarize_sales
from pricing.api import list_kill_switches
from pricing.ledger.models.quotes import Quote
from pricing.policy.models.policy import KillSwitch
from profiles.models import Shopper
from shop.doors.backoffice.memory import forget_all
from shop.doors.backoffice.prices.scopes import describe_switches
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice import ROWS, make_staff
from tests.integration.backoffice.learning.test_learning_pages import list_asked

SOLD = 900  # two pieces at 4.50


def test_the_dashboard_opens_with_few_queries(root: Client) -> None:
    root.get(reverse("admin:index"))
    forget_all()
    with CaptureQueriesContext(connection) as queries:
        page = root.get(reverse("admin:index"))
    assert page.status_code == 200
    # Nine say how today goes (two of them renew what this process knows of prices), one which
    # campaigns could not be adjusted.
    assert len(list_asked(queries)) <= 37
    with CaptureQueriesContext(connection) as remembered:
        root.get(reverse("admin:index"))
    assert len(list_asked(remembered)) <= len(list_asked(queries)) - 4


def test_sales_of_a_day_tie_to_the_order_lines(stocked_shop: None) -> None:
    _move_orders_to_now()
    today = utc_now().date()
    rows = list_day_sales(since=today - timedelta(days=3), today=today, currency="USD")
    assert _sum(rows, "sales_minor") == ROWS * SOLD
    assert _sum(rows, "orders") == ROWS
    assert _sum(rows, "margin_minor") == ROWS * (SOLD - 2 * 300)
    assert _sum(rows, "personal_lines") == ROWS
    assert _sum(rows, "personal_public_minor") == ROWS * 2 * 480
    assert _sum(rows, "personal_discount_minor") == ROWS * 2 * 30


def test_a_refund_lowers_the_sales_and_unpaid_orders_are_none(stocked_shop: None) -> None:
    _move_orders_to_now()
    first, second = Order.objects.order_by("pk")[:2]
    OrderLine.objects.filter(order=first).update(refunded_quantity=1, refunded_minor=450)
    Order.objects.filter(pk=second.pk).update(status="awaiting_payment")
    today = utc_now().date()
    rows = list_day_sales(since=today - timedelta(days=3), today=today, currency="USD")
    assert _sum(rows, "sales_minor") == ROWS * SOLD - SOLD - 450
    assert _sum(rows, "margin_minor") == (ROWS - 2) * 300 + (450 - 300)


def test_stored_sums_equal_the_sums_of_the_lines(stocked_shop: None) -> None:
    _move_orders_to_now(days_back=10)
    today = utc_now().date()
    since = today - timedelta(days=20)
    live = list_day_sales(since=since, today=today, currency="USD")
    kept = summarize_sales(now=utc_now())
    assert kept == len(live)
    with CaptureQueriesContext(connection) as queries:
        assert list_day_sales(since=since, today=today, currency="USD") == live
    assert len(queries) == 3
    assert summarize_sales(now=utc_now(), everything=True) == kept


def test_a_failed_job_stands_first_and_counts_in_the_sidebar(root: Client) -> None:
    now = utc_now()
    JobRun.objects.update(heartbeat_at=now, started_at=now)
    JobRun.objects.filter(name="job_3").update(outcome="ok", error="")
    page = root.get(reverse("admin:workers"))
    jobs = page.context["failing_jobs"]
    assert len(jobs) == ROWS - 1
    assert "ZeroDivisionError" in jobs[0].error
    badges = {str(tab.title): tab.badge for tab in page.context["menu"].tabs}
    assert badges["Workers"] == str(ROWS - 1)


def test_an_overdue_job_is_red_after_a_good_run(root: Client) -> None:
    long_ago = utc_now() - timedelta(hours=2)
    JobRun.objects.create(
        name="drain_events",
        started_at=long_ago,
        heartbeat_at=long_ago,
        finished_at=long_ago,
        outcome="ok",
    )
    JobRun.objects.filter(name="job_1").update(  # a worker runs
        started_at=utc_now(), queue="live", outcome="running"
    )
    page = root.get(reverse("admin:workers"))
    late = {job.name: job.is_late for job in page.context["failing_jobs"]}
    assert (late["drain_events"], page.context["stopped_at"]) == (True, None)
    assert "It waits in the lane live for job_1, which has run for" in page.content.decode()
    # A job at work is not late, however long it works: it would wait for itself.
    JobRun.objects.filter(name="drain_events").update(queue="live", outcome="running")
    page = root.get(reverse("admin:workers"))
    assert "drain_events" not in {job.name for job in page.context["failing_jobs"]}
    JobRun.objects.filter(name="drain_events").update(outcome="ok")
    JobRun.objects.filter(name="job_1").update(queue="bulk")
    page = root.get(reverse("admin:workers"))
    assert "No worker has begun a job of the lane live lately." in page.content.decode()


def test_late_jobs_are_no_failures_while_the_workers_are_stopped(root: Client) -> None:
    long_ago = utc_now() - timedelta(hours=2)
    JobRun.objects.update(started_at=long_ago, outcome="ok")
    JobRun.objects.create(
        name="drain_events", started_at=long_ago, heartbeat_at=long_ago, outcome="ok"
    )
    page = root.get(reverse("admin:workers"))
    late = [job.name for job in page.context["fine_jobs"] if job.is_late]
    assert (late, page.context["failing_jobs"]) == (["drain_events"], [])
    assert "the workers are stopped" in page.content.decode()


def test_the_workers_page_refreshes_only_its_moving_part(root: Client) -> None:
    part = root.get(reverse("admin:workers"), {"part": "1"}, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert b"<html" not in part.content
    assert b"job_0" in part.content


def test_the_inspector_leads_from_an_id_to_the_quote(root: Client) -> None:
    quote_id = Quote.objects.values_list("pk", flat=True).first()
    found = root.get(reverse("admin:quote_inspector"), {"quote": f" {quote_id} "})
    assert found.headers["Location"] == reverse("admin:quote", args=[quote_id])
    refused = root.get(reverse("admin:quote_inspector"), {"quote": "not an id"})
    assert "This is no quote id" in refused.content.decode()
    unknown = root.get(reverse("admin:quote", args=["0193f0c2-0000-7000-8000-000000000000"]))
    assert unknown.status_code == 404


def test_the_inspector_shows_the_whole_decision(root: Client) -> None:
    line = OrderLine.objects.select_related("order").order_by("pk").first()
    page = root.get(reverse("admin:quote", args=[line.quote_id]))
    text = page.content.decode()
    for words in (
        "$4.80",  # public
        "$4.50",  # quoted
        "-$0.30",  # the personal part
        "Raised to the largest personal discount the policy allows.",  # guard action
        "Personal price, set automatically",  # the label that stood beside it
        f"Order {line.order.number}",
        "1 now, 1/2 after 14 days away",  # a feature in plain words
    ):
        assert words in text, words


def test_an_order_leads_to_the_quote_behind_each_line(root: Client) -> None:
    line = OrderLine.objects.order_by("pk").first()
    page = root.get(reverse("admin:orders_order_change", args=[line.order_id]))
    assert reverse("admin:quote", args=[line.quote_id]) in page.content.decode()


def test_a_quote_that_cannot_be_replayed_says_so(root: Client) -> None:
    quote_id = Quote.objects.values_list("pk", flat=True).first()
    page = root.post(reverse("admin:replay_quote", args=[quote_id]), follow=True)
    assert page.status_code == 200
    assert list(page.context["messages"])


@pytest.mark.usefixtures("lasting_memories")
def test_the_shopper_page_opens_with_few_queries(root: Client) -> None:
    shopper = Shopper.objects.order_by("pk").first()
    root.get(reverse("admin:shopper_overview", args=[shopper.pk]))  # fills memories
    with CaptureQueriesContext(connection) as queries:
        page = root.get(reverse("admin:shopper_overview", args=[shopper.pk]))
    text = page.content.decode()
    # One for each kind of row that the page shows, and the frame of the back office.
    assert len(queries) <= 22, [query["sql"][:120] for query in queries]
    for words in (
        "Segment 0",
        "likely to buy mostly on offer",
        "Personal prices",
        "cheddar",
        "W-0000",
        "$4.50",
    ):
        assert words.lower() in text.lower(), words
    assert root.get(reverse("admin:shopper_overview", args=[10**9])).status_code == 404


def test_a_missing_model_is_said_and_unknown_variants_are_404(root: Client) -> None:
    variant_id = Quote.objects.values_list("variant_id", flat=True).first()
    page = root.get(reverse("admin:demand_curve", args=[variant_id]))
    assert page.status_code == 200
    assert "Price history" in page.content.decode()
    assert root.get(reverse("admin:demand_curve", args=[10**9])).status_code == 404


def test_the_kill_switch_needs_a_reason_and_shows_everywhere(root: Client) -> None:
    flip = reverse("admin:flip_switch")
    stop = {"scope": "global", "key": "", "is_active": "stop"}
    assert "required" in root.post(flip, {**stop, "reason": ""}).content.decode()
    assert list_kill_switches() == []
    answer = root.post(flip, {**stop, "reason": "prices look wrong"}, follow=True)
    assert "Personal prices are stopped" in answer.content.decode()
    assert [(one.scope, one.reason) for one in list_kill_switches()] == [
        ("global", "prices look wrong")
    ]
    newest = KillSwitch.objects.order_by("-id").first()
    assert newest.by.email == "root@staff.example"
    assert "Personal prices are stopped" in root.get(reverse("admin:index")).content.decode()
    for name in ("index", "safety"):
        text = root.get(reverse(f"admin:{name}")).content.decode()
        assert "<li>everything · prices look wrong" in text, name
    with override("zh-hans"):
        assert [where for _, where in describe_switches(list_kill_switches())] == ["全部"]
    root.post(flip, {**stop, "is_active": "release", "reason": "fixed and checked"})
    assert list_kill_switches() == []


@pytest.mark.parametrize(
    ("_case", "fields", "refusal"),
    [
        ("everything has no name", {"scope": "global", "key": "x"}, "Leave this empty"),
        ("a part needs its name", {"scope": "sku", "key": ""}, "Enter which one"),
        ("unknown scopes", {"scope": "planet", "key": "x"}, "not one of the available"),
        ("an unknown SKU", {"scope": "sku", "key": "W-O001"}, "nothing would be stopped"),
        ("an unknown market", {"scope": "market", "key": "usa"}, "nothing would be stopped"),
        ("an unknown shelf", {"scope": "category", "key": "no/such"}, "nothing would be stopped"),
        ("an unknown model", {"scope": "model", "key": "987654"}, "nothing would be stopped"),
        ("no number", {"scope": "model", "key": "two"}, "nothing would be stopped"),
    ],
)
def test_a_wrong_flip_is_refused_with_a_sentence(
    root: Client, _case: str, fields: dict[str, str], refusal: str
) -> None:
    form = {**fields, "is_active": "stop", "reason": "because it must"}
    answer = root.post(reverse("admin:flip_switch"), form)
    assert refusal in answer.content.decode()
    assert not list_kill_switches()


def test_a_switch_stops_its_part_and_says_so(root: Client) -> None:
    flip = reverse("admin:flip_switch")
    form = {"scope": "sku", "key": "SKU-3", "is_active": "stop", "reason": "looks wrong"}
    page = root.post(flip, form, follow=True)
    assert [(one.scope, one.key) for one in list_kill_switches()] == [("sku", "SKU-3")]
    for told in (page, root.get(reverse("admin:index"))):
        assert "Personal prices are stopped in part" in told.content.decode()
    KillSwitch.objects.create(scope="sku", key="GONE", is_active=True, reason="x", at=utc_now())
    root.post(flip, {**form, "key": "GONE", "is_active": "release"})
    assert [one.key for one in list_kill_switches()] == ["SKU-3"]


@pytest.mark.parametrize("name", ["index", "safety", "pricing_quote_changelist"])
def test_the_keyboard_gets_past_the_sidebar_to_the_content(root: Client, name: str) -> None:
    page = root.get(reverse(f"admin:{name}")).content.decode()
    skip, sidebar = page.index('href="#ft-main"'), page.index('id="nav-sidebar"')
    assert skip < sidebar < page.index('<main id="ft-main"')
    assert page.count("<main") == 1


def test_only_the_admin_gets_the_relaxed_policy(root: Client) -> None:
    inside = root.get(reverse("admin:index")).headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in inside
    assert "unsafe-inline" in inside.partition("style-src-attr")[2].split(";")[0]
    assert "unsafe" not in inside.partition("style-src ")[2].split(";")[0]
    outside = root.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in outside


def test_the_palette_finds_pages_tables_and_records(root: Client) -> None:
    def find(term: str) -> list[str]:
        page = root.get(reverse("admin:search"), {"s": term})
        return [result.title for result in page.context["results"]]

    assert "Kill switch" in find("kill")
    assert "Campaigns" in find("campaign")
    assert find("W-0003") == ["W-0003"]
    assert find("household 2") == ["household 2", "W-0002"]
    quote_id = str(Quote.objects.values_list("pk", flat=True).first())
    assert len(find(quote_id)) == 1
    assert root.get(reverse("admin:search"), {"s": " "}).content == b""


def test_the_palette_offers_actions_by_right(
    root: Client, as_role: Callable[[str], Client]
) -> None:
    def offer(browser: Client, term: str) -> list[tuple[str, str]]:
        page = browser.get(reverse("admin:search"), {"s": term})
        return [(one.title, one.link) for one in page.context["results"] if one.icon == "bolt"]

    support = as_role("support")
    order = Order.objects.order_by("pk").first()
    refund = (f"Refund {order}", reverse("admin:orders_order_refund", args=[order.pk]))
    assert offer(root, f"refund {order.number}") == [refund]
    assert offer(support, f"Refund {order.number}") == [refund]
    assert offer(as_role("analyst"), f"refund {order.number}") == []
    switch = ("Switch personal prices off or on", reverse("admin:safety"))
    assert offer(root, "personal prices off") == [switch]
    assert offer(support, "personal prices off") == []


def test_staff_read_their_pages_in_chinese(root: Client) -> None:
    page = root.get("/zh-hans" + reverse("admin:index"))
    assert page.status_code == 200
    assert "个性化价格" in page.content.decode()


def test_login_goes_through_the_shops_own_door_and_its_limits(stocked_shop: None) -> None:
    account = make_staff(is_superuser=True)
    account.set_password("correct horse battery")
    account.save()
    browser = Client()
    login = reverse("account_login")
    for _ in range(6):
        browser.post(login, {"login": account.email, "password": "wrong"})
    browser.post(login, {"login": account.email, "password": "correct horse battery"})
    assert browser.get(reverse("admin:index")).status_code == 302
    assert settings.ACCOUNT_RATE_LIMITS["login_failed"]


def _move_orders_to_now(days_back: int = 0) -> None:
    """Spread the orders over the last hours, or over the last `days_back` days."""
    now = utc_now()
    for number, order in enumerate(Order.objects.order_by("pk")):
        ago = timedelta(days=days_back) if number % 2 and days_back else timedelta(minutes=1)
        Order.objects.filter(pk=order.pk).update(placed_at=now - ago)


def _sum(rows: list[DaySales], figure: str) -> Any:
    return sum(getattr(row, figure) for row in rows)
