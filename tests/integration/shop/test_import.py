"""A slice of the real year, from files to tables."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from rich.console import Console

from orders.models import Order, OrderLine
from pricing.models import FeedPulse, PriceLedgerEntry
from profiles.models import AuditTrait, Event, Shopper
from promotions.models import Campaign, Coupon, Redemption
from shop.catalog.models import Product, ProductWeek, Store, Variant
from shop.intake.run import JOB, ImportOptions, import_history
from shop.intake.source import BadSource
from shop.inventory.models import StockRecord
from shop.jobs.models import JobRun, QuarantinedRow
from shop.management.commands.import_journey import JOURNEY_UTC_OFFSET, find_journey
from tests.fixtures_journey import HOUSEHOLDS, IMPORTED_AT, journey_url

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


@pytest.fixture
def corner_shop(tmp_path: Path) -> Path:
    """Charlie's own files: two products, two days of sales, nothing else."""
    (tmp_path / "products.csv").write_text(
        "product_id,manufacturer_id,department,brand,product_category,product_type,package_size,"
        "product_name,brand_name,list_price,unit_cost,stock,gtin,next_delivery\n"
        "tea-1,m1,Drinks,National,Tea,Black tea,100 G,Ceylon Breakfast,Charlie,4.50,2.10,12,"
        "4006381333931,2026-12-01\n"
        "gin-1,m2,Spirits,National,Gin,Dry gin,700 ML,,,,,,,\n"
    )
    (tmp_path / "transactions.csv").write_text(
        "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,"
        "coupon_match_disc,transaction_timestamp\n"
        "alice,main,1,tea-1,2,9.00,0,0,0,2026-11-02 10:00:00\n"
        "bob,main,2,gin-1,1,18.00,2.00,1.00,0,2026-11-09 11:00:00\n"
    )
    return tmp_path


@pytest.mark.django_db
def test_any_shops_files_come_in_by_the_same_door(corner_shop: Path, reports: Path) -> None:
    import_history(
        ImportOptions(folder=corner_shop, keep_dates=True),
        now=IMPORTED_AT,
        console=Console(quiet=True),
        reports=reports,
    )
    tea = Variant.objects.get(external_ref="tea-1")
    gin = Variant.objects.get(external_ref="gin-1")
    assert (tea.product.name, tea.product.brand.name) == ("Ceylon Breakfast", "Charlie")
    assert (tea.list_minor, tea.list_source, tea.cost_minor) == (450, "merchant", 210)
    assert (tea.gtin, gin.gtin) == ("4006381333931", "")
    assert (gin.list_minor, gin.list_source, gin.cost_source) == (2000, "observed", "assumed")
    assert gin.product.category.is_restricted is True
    assert FeedPulse.objects.values_list("name", "last_at").get() == ("costs", IMPORTED_AT)
    shelf = StockRecord.objects.get(variant=tea)
    assert (shelf.on_hand, shelf.next_delivery) == (12, date(2026, 12, 1))
    order = Order.objects.get(external_ref="2")
    assert (order.subtotal_minor, order.discount_minor, order.total_minor) == (1800, 100, 1700)
    assert order.placed_at == datetime(2026, 11, 9, 11, tzinfo=UTC)
    paid = Event.objects.get(kind="purchase", variant_id=gin.pk)
    assert (paid.list_minor, paid.paid_minor, paid.is_discounted) == (2000, 1700, True)


@pytest.mark.django_db
def test_a_bar_code_that_staff_typed_stays_and_no_other_product_takes_it(
    corner_shop: Path, reports: Path
) -> None:
    def load() -> None:
        options = ImportOptions(folder=corner_shop, keep_dates=True, force=True)
        import_history(options, now=IMPORTED_AT, console=Console(quiet=True), reports=reports)

    load()
    Variant.objects.filter(external_ref="gin-1").update(gtin="96385074")
    products = corner_shop / "products.csv"
    products.write_text(products.read_text().replace("4006381333931", "96385074"))
    load()
    assert dict(Variant.objects.values_list("external_ref", "gtin")) == {
        "tea-1": "4006381333931",
        "gin-1": "96385074",
    }


@pytest.mark.django_db
def test_two_imports_at_once_are_refused(corner_shop: Path, reports: Path) -> None:
    with psycopg.connect(journey_url(connection.settings_dict["NAME"])) as other:
        other.execute("SELECT pg_advisory_lock(hashtext(%s))", [JOB])
        with pytest.raises(BadSource, match="Another import is running"):
            import_history(
                ImportOptions(folder=corner_shop),
                now=IMPORTED_AT,
                console=Console(quiet=True),
                reports=reports,
            )
    assert not JobRun.objects.filter(name=JOB).exists()


@pytest.mark.django_db
def test_command_turns_a_bad_file_into_one_sentence(corner_shop: Path) -> None:
    (corner_shop / "products.csv").unlink()
    with pytest.raises(CommandError, match=r"holds neither products\.parquet nor products\.csv"):
        call_command("import_journey", source=corner_shop)
    assert not JobRun.objects.filter(name=JOB).exists()
