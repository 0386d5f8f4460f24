"""A slice of the real year, from files to tables."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rich.console import Console

from orders.models import Order, OrderLine
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.policy.models.breakers import FeedPulse
from profiles.models import AuditTrait, Event, Shopper
from promotions.models import Campaign, Coupon, OfferVariant, Redemption
from shop.doors.intake.run import JOB, ImportOptions, import_history
from shop.ground.catalog.models import Product, ProductWeek, Store, Variant
from shop.ground.inventory.models import StockRecord
from shop.ground.jobs.models import JobRun, QuarantinedRow
from shop.management.commands.import_journey import JOURNEY_UTC_OFFSET, find_journey
from tests.fixtures_journey import HOUSEHOLDS, IMPORTED_AT

TABLES = (
    Order,
    OrderLine,
    PriceLedgerEntry,
    Event,
    Shopper,
    AuditTrait,
    Campaign,
    Coupon,
    Redemption,
    Product,
    Variant,
    ProductWeek,
    Store,
    StockRecord,
)


def run_again(reports: Path, **changes: object) -> tuple[dict[str, object], str]:
    """Import the same slice once more, a week later; return report and what was printed."""
    out = io.StringIO()
    options = {
        "folder": find_journey(),
        "households": HOUSEHOLDS,
        "utc_offset": JOURNEY_UTC_OFFSET,
        **changes,
    }
    report = import_history(
        ImportOptions(**options),  # type: ignore[arg-type]  # changed by name
        now=IMPORTED_AT + timedelta(days=7),
        console=Console(file=out),
        reports=reports,
    )
    return report, out.getvalue()


def _count_later(report: Any) -> int:
    """Return how many kept lines were left out because their day has not come."""
    return int(report["noticed"]["sales of days that are still to come, left out"])


def fingerprint() -> dict[str, tuple[int, str]]:
    """Return rows and a hash over all rows of every table that imports fill."""
    found = {}
    for model in TABLES:
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text)))"  # noqa: S608  # own table
                f" FROM {table} t"
            )
            found[table] = cursor.fetchone()
    return found


@pytest.mark.usefixtures("journey")
def test_counts_in_are_kept_plus_quarantined() -> None:
    run = JobRun.objects.get(name=JOB)
    assert run.outcome == "ok"
    for name, count in run.report["tables"].items():
        assert count["read"] == count["kept"] + sum(count["quarantined"].values()), name
    refused = sum(sum(count["quarantined"].values()) for count in run.report["tables"].values())
    assert QuarantinedRow.objects.filter(run=run).count() == refused > 0


@pytest.mark.usefixtures("journey")
def test_quarantined_row_says_where_it_stood_and_what_it_held() -> None:
    row = QuarantinedRow.objects.filter(source="transactions", reason="zero_quantity").first()
    assert row is not None
    assert row.row_number > 0
    assert row.payload["quantity"] == 0
    assert "household_id" in row.payload


@pytest.mark.usefixtures("journey")
def test_every_kept_line_is_an_order_line_and_an_event() -> None:
    report = JobRun.objects.get(name=JOB).report
    assert _count_later(report) > 0
    kept = report["tables"]["transactions"]["kept"] - _count_later(report)
    assert OrderLine.objects.count() == kept
    assert Event.objects.filter(kind="purchase").count() == kept
    assert Event.objects.filter(kind="order").count() == Order.objects.count()


@pytest.mark.usefixtures("journey")
def test_sales_reach_the_day_before_the_import_and_no_further() -> None:
    days = set(Order.objects.dates("placed_at", "day"))
    today = IMPORTED_AT.date()
    assert max(days) == today - timedelta(days=1)
    assert not Event.objects.filter(occurred_at__date__gte=today).exists()
    assert not Redemption.objects.filter(at__date__gte=today).exists()
    first_week = ProductWeek.objects.order_by("week_start").values_list("week_start", flat=True)[0]
    assert first_week.weekday() == 0


@pytest.mark.usefixtures("journey")
def test_public_price_is_never_above_the_list_price() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pricing_priceledgerentry p WHERE p.kind = 'public'"
            " AND p.amount_minor > (SELECT l.amount_minor FROM pricing_priceledgerentry l"
            " WHERE l.variant_id = p.variant_id AND l.kind = 'list'"
            " AND l.valid_from <= p.valid_from ORDER BY l.valid_from DESC LIMIT 1)"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.usefixtures("journey")
def test_ledger_holds_changes_only() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT amount_minor = lag(amount_minor) OVER"
            " (PARTITION BY variant_id, kind ORDER BY valid_from) AS is_same"
            " FROM pricing_priceledgerentry) AS pairs WHERE is_same"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.usefixtures("journey")
def test_demographics_are_audit_traits_of_their_shoppers() -> None:
    names = set(AuditTrait.objects.values_list("name", flat=True))
    assert names <= {
        "age",
        "income",
        "home_ownership",
        "marital_status",
        "household_size",
        "household_comp",
        "kids_count",
    }
    assert "age" in names


@pytest.mark.usefixtures("journey")
def test_campaigns_keep_their_coupons_and_targets() -> None:
    assert Campaign.objects.filter(external_ref__isnull=False).count() == 27
    assert Coupon.objects.filter(offer__campaign__external_ref__isnull=False).exists()


@pytest.mark.usefixtures("journey")
def test_a_coupons_name_covers_all_its_products() -> None:
    """An offer on "Baby Food" covered chips: it was called what most of its products were."""
    said = defaultdict[tuple[str, str], set[tuple[str, ...]]](set)
    category = "variant__product__category__"
    names = [f"{category}{above}name" for above in ("parent__parent__", "parent__", "")]
    rows = OfferVariant.objects.filter(offer__campaign__external_ref__isnull=False)
    for pk, name, *branch in rows.values_list("offer_id", "offer__name", *names):
        said[pk, name.split(" off ", 1)[1]].add(tuple(branch))
    mixed = [branches for (_, name), branches in said.items() if name == "selected products"]
    assert all(len({branch[0] for branch in branches}) > 2 for branches in mixed)
    untrue = [
        name
        for (_, name), branches in said.items()
        if name != "selected products"
        and not all(any(part in name for part in branch) for branch in branches)
    ]
    assert (untrue, len(said) > len(mixed)) == ([], True)
    several = [name for (_, name) in said if " and " in name]
    assert several


@pytest.mark.usefixtures("journey")
def test_second_run_changes_nothing_and_says_so(reports: Path) -> None:
    before = fingerprint()
    _, printed = run_again(reports)
    assert printed == "Everything is loaded already; nothing to do.\n"
    assert fingerprint() == before


@pytest.mark.usefixtures("journey")
def test_forced_run_loads_again_and_changes_nothing(reports: Path) -> None:
    before = fingerprint()
    report, _ = run_again(reports, force=True)
    assert fingerprint() == before
    stages = report["stages"]
    assert isinstance(stages, dict)
    assert {name: stage["rows"] for name, stage in stages.items()} == dict.fromkeys(stages, 0)
    assert json.loads((reports / "import.json").read_text()) == report
    assert JobRun.objects.filter(name=JOB).order_by("-id")[0].report == report


@pytest.mark.slow
@pytest.mark.usefixtures("journey")
def test_a_larger_slice_comes_on_top_of_a_smaller_one(reports: Path) -> None:
    """More households change what sells best, hence names; what is loaded keeps its address."""
    slugs = dict(Product.objects.values_list("external_ref", "slug"))
    orders = set(Order.objects.values_list("external_ref", flat=True))
    report, _ = run_again(reports, households=2 * HOUSEHOLDS)
    tables = report["tables"]
    assert isinstance(tables, dict)
    kept = tables["transactions"]["kept"] - _count_later(report)
    assert OrderLine.objects.count() == kept
    assert Event.objects.filter(kind="purchase").count() == kept
    assert Event.objects.filter(kind="order").count() == Order.objects.count() > len(orders)
    known = dict(Product.objects.values_list("external_ref", "slug"))
    assert len(known) > len(slugs)
    assert {ref: known[ref] for ref in slugs} == slugs
    before = fingerprint()
    again, _ = run_again(reports, households=2 * HOUSEHOLDS, force=True)
    stages = again["stages"]
    assert isinstance(stages, dict)
    assert {name: stage["rows"] for name, stage in stages.items()} == dict.fromkeys(stages, 0)
    assert fingerprint() == before


@pytest.mark.usefixtures("journey")
def test_interrupted_run_goes_on_with_its_stage(reports: Path) -> None:
    run = JobRun.objects.get(name=JOB)
    del run.report["stages"]["events"]
    run.outcome = JobRun.Outcome.FAILED
    run.save()
    Event.objects.filter(kind="order").delete()
    report, printed = run_again(reports)
    assert report["timeline"] == run.report["timeline"]
    assert "orders: loaded before" in printed
    assert Event.objects.filter(kind="order").count() == Order.objects.count()


@pytest.mark.usefixtures("journey")
def test_assumed_costs_are_no_feed_that_could_fall_silent() -> None:
    assert set(Variant.objects.values_list("cost_source", flat=True)) == {"assumed"}
    assert not FeedPulse.objects.exists()
