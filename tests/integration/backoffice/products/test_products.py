"""The page of a product in the back office: what is saved there is sold at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from pricing.ledger.models.ledger import PublicPrice
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.models import StockMovement, StockRecord
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import ANALYST
from tests.factories.product_forms import SIZES, TEE, rows, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]


def test_a_product_created_by_staff_sells_at_once(merchandiser: Client) -> None:
    page = merchandiser.get(reverse("admin:product_add"))
    assert page.status_code == 200
    answer = save(merchandiser, **TEE, **rows(*SIZES, {}))
    tee = Product.objects.get(name="Night tee")
    assert answer["Location"] == reverse("admin:product_change", args=[tee.pk])
    assert (tee.category.path, tee.category.depth, tee.brand.name) == ("shirts", 0, "Weaver")
    assert tee.attributes == {"Material": "Cotton", "Fit": "Loose"}
    small, medium = Variant.objects.filter(product=tee)
    assert (small.sku, small.options, small.list_minor) == ("NIGHT-TEE-S", {"Size": "S"}, 1_250)
    assert (medium.sku, medium.name, medium.list_minor) == ("TEE-M", "M", 1_300)
    assert small.cost_stated_at is not None
    assert PublicPrice.objects.get(variant=small).list_minor == 1_250
    guest = Client()
    shown = guest.get(reverse("product", args=[tee.slug])).content.decode()
    assert "$12.50" in shown
    assert "In stock" in shown or "Only 5 left" in shown
    assert "Night tee" in guest.get(reverse("search"), {"q": "night tee"}).content.decode()
    for address in (
        answer["Location"],
        reverse("admin:demand_curve", args=[small.pk]),
        reverse("admin:models"),
    ):
        told = merchandiser.get(address).content.decode()
        assert "No demand model was trained yet" in told, address
    assert LogEntry.objects.get(object_id=str(tee.pk)).is_addition()


def test_an_edit_changes_ledger_prices_and_is_logged(
    merchandiser: Client,
) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    tee = Product.objects.get(name="Night tee")
    small, medium = Variant.objects.filter(product=tee)
    changed = TEE | {"category": "shirts", "new_category": "", "name": "Day tee"}
    kept = [
        {"ref": small.external_ref, "options": "S", "sku": small.sku, "price": "11.90"},
        {"ref": medium.external_ref, "options": "M", "sku": medium.sku, "price": "13.00"},
    ]
    answer = save(merchandiser, tee.pk, **changed, **rows(*kept, initial=2))
    assert answer.status_code == 302
    assert PublicPrice.objects.get(variant=small).list_minor == 1_190
    assert Variant.objects.get(pk=small.pk).cost_minor is None
    said = LogEntry.objects.filter(object_id=str(tee.pk)).first()
    assert said is not None
    assert say_entry(said) == "Saved the product: name, NIGHT-TEE-S $12.50 → $11.90."
    # The same page, opened before: told, not lost, and not written.
    stale = save(merchandiser, tee.pk, **changed | {"name": "Lost"}, **rows(*kept, initial=2))
    assert "Somebody else changed this product" in stale.content.decode()
    assert Product.objects.get(pk=tee.pk).name == "Day tee"
    revision = stale.context["form"]["revision"].value()
    again = changed | {"name": "Kept", "revision": revision}
    assert save(merchandiser, tee.pk, **again, **rows(*kept, initial=2)).status_code == 302
    assert Product.objects.get(pk=tee.pk).name == "Kept"


@pytest.mark.parametrize(
    ("said", "variants", "words"),
    [
        ({}, ({"options": "S"},), "Write a list price, such as 12.50."),
        ({}, ({"options": "S", "price": "12,50"},), "Write a point before the decimals"),
        ({}, (), "A product needs a variant with a list price."),
        ({}, ({"options": "S", "price": "1"}, {"options": "S", "price": "1"}), "must differ"),
        (
            {"option_names": ""},
            ({"options": "S", "price": "1"},),
            "Enter the product&#x27;s options",
        ),
        ({}, ({"options": "S, Red", "price": "1"},), "Write one value for each of: Size."),
        ({"attributes": "Cotton"}, ({"options": "S", "price": "1"},), "is no attribute"),
        ({"new_category": ""}, ({"options": "S", "price": "1"},), "Choose a category"),
        ({}, ({"options": "S", "price": "1", "sku": "SKU-1"},), "Cheddar 1&quot; has it already"),
        ({}, ({"options": "S", "price": "1", "gtin": "12345678"},), "This is no bar code"),
    ],
)
def test_a_fault_is_shown_at_its_field_and_saves_nothing(
    merchandiser: Client, said: dict[str, str], variants: tuple[dict[str, str], ...], words: str
) -> None:
    answer = save(merchandiser, **TEE | said, **rows(*variants))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Product.objects.filter(name="Night tee").exists()
    assert not Brand.objects.filter(name="Weaver").exists()


def test_a_refused_field_of_the_product_blames_no_variant(merchandiser: Client) -> None:
    answer = save(merchandiser, **TEE | {"attributes": "Cotton"}, **rows(*SIZES))
    assert [*answer.context["form"].errors] == ["attributes"]
    assert answer.context["variants"].total_error_count() == 0
    answer = save(merchandiser, **TEE | {"option_names": "Size, Size"}, **rows(*SIZES))
    assert [*answer.context["form"].errors] == ["option_names"]
    assert answer.context["variants"].total_error_count() == 0


def test_a_bar_code_stays_as_written_until_changed(
    merchandiser: Client,
) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    tee = Product.objects.get(name="Night tee")
    small, medium = Variant.objects.filter(product=tee)
    Variant.objects.filter(pk=small.pk).update(gtin="2900000000063")
    shown = merchandiser.get(reverse("admin:product_change", args=[tee.pk])).context["variants"]
    assert shown.forms[0]["gtin"].value() == "2900000000063"
    row = {"ref": small.external_ref, "options": "S", "sku": small.sku, "price": "12.50"}
    other = {"ref": medium.external_ref, "options": "M", "sku": medium.sku, "price": "13.00"}
    changed = TEE | {"category": "shirts", "new_category": ""}
    for typed, kept in (
        ("2900000000063", "2900000000063"),
        ("4006381333931", "04006381333931"),
    ):
        changed["revision"] = str(Product.objects.get(pk=tee.pk).revision)
        both = rows(row | {"gtin": typed}, other, initial=2)
        assert save(merchandiser, tee.pk, **changed, **both).status_code == 302
        assert Variant.objects.get(pk=small.pk).gtin == kept


@pytest.mark.parametrize(
    ("options", "amount"), [("2 L", "1900.000"), ("3 L", "3000.000"), ("Big", None)]
)
def test_a_measure_stays_until_the_size_changes(
    merchandiser: Client, options: str, amount: str | None
) -> None:
    """What a list said is more exact than its option, and is not lost where the price changes."""
    save(merchandiser, **TEE, **rows({"options": "2 L", "price": "13"}))
    tea = Variant.objects.get(product__name="Night tee")
    Variant.objects.filter(pk=tea.pk).update(measure_amount="1900", measure_unit="ml")
    row = {"ref": tea.external_ref, "options": options, "sku": tea.sku, "price": "12.00"}
    changed = TEE | {"category": "shirts", "new_category": "", "revision": "1"}
    page = reverse("admin:product_change", args=[tea.product_id])
    changed["revision"] = str(merchandiser.get(page).context["form"]["revision"].value())
    assert save(merchandiser, tea.product_id, **changed, **rows(row, initial=1)).status_code == 302
    tea.refresh_from_db()
    assert tea.list_minor == 1_200
    assert (tea.measure_amount and str(tea.measure_amount)) == amount


def test_stock_moves_with_a_reason_and_never_by_overwriting(merchandiser: Client) -> None:
    variant = Variant.objects.get(sku="SKU-1")
    address = reverse("admin:product_stock", args=[variant.product_id])
    record = StockRecord.objects.get(variant=variant, location__code="online")
    sent = {"variant": variant.pk, "kind": "received", "pieces": "7", "reason": "delivery 12"}
    merchandiser.post(address, sent)
    record.refresh_from_db()
    before = record.on_hand
    assert (
        StockMovement.objects.filter(variant=variant, reference="delivery 12").get().quantity == 7
    )
    merchandiser.post(address, sent | {"kind": "counted", "pieces": str(before + 2), "reason": ""})
    merchandiser.post(address, sent | {"variant": "999999"})
    record.refresh_from_db()
    assert record.on_hand == before
    merchandiser.post(address, sent | {"kind": "counted", "pieces": str(before + 2)})
    record.refresh_from_db()
    assert record.on_hand == before + 2


def test_an_archived_product_leaves_the_shop_and_comes_back(merchandiser: Client) -> None:
    product = Product.objects.get(external_ref="p1")
    address, page = (
        reverse(f"admin:product_{one}", args=[product.pk]) for one in ("archive", "change")
    )
    shop_page = reverse("product", args=[product.slug])
    assert Client().get(shop_page).status_code == 200
    merchandiser.post(address)
    forget_catalog()
    assert Client().get(shop_page).status_code == 404
    assert "It is not in the shop." in merchandiser.get(page).content.decode()
    merchandiser.post(address)
    forget_catalog()
    assert Client().get(shop_page).status_code == 200


def test_who_may_only_look_saves_nothing(as_role: Callable[[str], Client]) -> None:
    browser, product = as_role(ANALYST), Product.objects.get(external_ref="p1")
    page = browser.get(reverse("admin:product_change", args=[product.pk]))
    assert page.status_code == 200
    assert b"Save the product" not in page.content
    assert save(browser, product.pk, **TEE, **rows(*SIZES)).status_code == 403
    for name in ("archive", "stock"):
        assert browser.post(reverse(f"admin:product_{name}", args=[product.pk])).status_code == 403
    assert browser.get(reverse("admin:product_add")).status_code == 403


def test_a_category_gets_its_place_from_its_parent(root: Client) -> None:
    parent = Category.objects.order_by("pk").first()
    assert parent is not None
    said = {"name": "Blue cheese", "name_zh": "", "parent": parent.pk, "icon": "", "position": "0"}
    root.post(reverse("admin:shop_category_add"), said)
    made = Category.objects.get(name="Blue cheese")
    assert (made.path, made.depth) == (f"{parent.path}/blue-cheese", parent.depth + 1)
    again = root.post(reverse("admin:shop_category_add"), said).content.decode()
    assert "There is a category of this name already." in again
