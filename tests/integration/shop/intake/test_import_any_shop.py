"""The files of any shop come in by the door of the real year."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from rich.console import Console

from orders.models import Order
from pricing.ledger.models.ledger import PublicPrice
from pricing.policy.models.breakers import FeedPulse
from profiles.models import Event
from shop.doors.intake.run import JOB, ImportOptions, import_history
from shop.doors.intake.source import BadSource
from shop.ground.catalog.models import Product, Variant
from shop.ground.inventory.models import StockRecord
from shop.ground.jobs.models import JobRun
from tests.factories.product_lists import take_list
from tests.fixtures_journey import IMPORTED_AT
from tests.template_database import connect


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
def test_a_bar_code_typed_by_staff_stays_with_its_product(corner_shop: Path, reports: Path) -> None:
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
    with connect(os.environ["DATABASE_URL"], connection.settings_dict["NAME"]) as other:
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


@pytest.mark.django_db
def test_past_orders_meet_the_products_of_a_list_by_sku(
    corner_shop: Path, reports: Path, settings: Any, tmp_path: Path
) -> None:
    settings.STATE_FOLDER = tmp_path / "state"
    take_list(
        "handle,title,category,option1_name,option1_value,sku,price,stock\n"
        "tea,Our tea,Food > Tea,Size,S,tea-1,5.00,7\n"
        "tea,,,,L,tea-2,9.00,3\n"
    )
    import_history(
        ImportOptions(folder=corner_shop, keep_dates=True, keep_products=True),
        now=IMPORTED_AT,
        console=Console(quiet=True),
        reports=reports,
    )
    tea = Variant.objects.get(sku="tea-1")
    assert (tea.product.name, tea.list_minor, tea.product.variants.count()) == ("Our tea", 500, 2)
    assert PublicPrice.objects.get(variant=tea).list_minor == 500
    assert StockRecord.objects.get(variant=tea).on_hand == 7
    assert Event.objects.get(kind="purchase", variant_id=tea.pk).paid_minor == 900
    # What the list does not hold comes from the files.
    assert Variant.objects.get(external_ref="gin-1").product.variants.count() == 1
    assert sorted(Product.objects.values_list("external_ref", flat=True)) == ["gin-1", "tea"]
