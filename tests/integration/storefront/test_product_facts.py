"""Facts of products: shown where they are known, with who says so, and nowhere else."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from shop.doors.storefront.forms import CheckoutForm, CheckoutTerms
from shop.ground.catalog.core.facts import FactsValue
from shop.ground.catalog.core.loading import CategoryRow
from shop.ground.catalog.models import Category, Product, ProductFacts
from shop.ground.catalog.selectors import forget_catalog, list_cards
from shop.ground.catalog.services import load_catalog, state_facts
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import NOON
from tests.factories.product_forms import SIZES, TEE, rows, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]

NAMES = ("Ingredients", "Allergens", "Nutrition", "Storage", "Origin", "Perishable")


def see(product: Product, language: str = "") -> str:
    forget_catalog()
    page = Client().get(f"{language}{reverse('product', args=[product.slug])}")
    return " ".join(page.content.decode().split())


def answer(product: Product) -> list[dict[str, str]]:
    forget_catalog()
    found = Client().get(f"/api/v1/products/{product.slug}")
    assert found.status_code == 200
    facts: list[dict[str, str]] = found.json()["facts"]
    return facts


def test_what_is_not_known_is_shown_nowhere() -> None:
    product = Product.objects.get(variants__sku="SKU-1")
    shown = see(product)
    assert [name for name in NAMES if f"<dt>{name}</dt>" in shown] == []
    assert answer(product) == []


def test_staff_state_facts_that_shoppers_read_with_their_source(merchandiser: Client) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    tee = Product.objects.get(name="Night tee")
    form = merchandiser.get(reverse("admin:product_change", args=[tee.pk])).context["form"]
    said = form.initial | TEE | {"category": "shirts", "new_category": "", "origin": "Peru"}
    kept = [
        {"ref": one.external_ref, "options": one.name, "sku": one.sku, "price": "12.50"}
        for one in tee.variants.order_by("pk")
    ]
    sent = {**said, "revision": form.initial["revision"]}
    refused = save(merchandiser, tee.pk, **sent, **rows(*kept, initial=2))
    assert refused.context["form"].errors == {
        "source": ["Say who says so: shoppers read it beside the facts."]
    }
    saved = save(merchandiser, tee.pk, **sent | {"source": "package"}, **rows(*kept, initial=2))
    assert saved.status_code == 302
    expected = '<dt>{}</dt><dd>Peru <span class="small muted">{}</span></dd>'
    assert expected.format("Origin", "(as its package says)") in see(tee)
    assert expected.format("产地", "（据包装标示）") in see(tee, "/zh-hans")
    assert answer(tee) == [
        {"fact": "origin", "name": "Origin", "text": "Peru", "stated_by": "package"}
    ]
    # Nothing known again: no row stays.
    form = merchandiser.get(reverse("admin:product_change", args=[tee.pk])).context["form"]
    blank = {**sent, "origin": "", "revision": form.initial["revision"]}
    save(merchandiser, tee.pk, **blank, **rows(*kept, initial=2))
    assert not ProductFacts.objects.exists()
    assert "<dt>Origin</dt>" not in see(tee)


def test_a_categorys_word_holds_below_until_a_product_says_otherwise() -> None:
    product = Product.objects.get(variants__sku="SKU-1")
    top = Category.objects.get(path=product.category.path.partition("/")[0])
    variant = product.variants.get(sku="SKU-1").pk

    def is_perishable() -> bool:
        forget_catalog()
        return list_cards([variant], "en")[0].is_perishable

    assert not is_perishable()
    state_facts(kind="category", pk=top.pk, facts=FactsValue(is_perishable=True, source="shop"))
    assert is_perishable()
    assert [(one["fact"], one["stated_by"]) for one in answer(product)] == [("perishable", "shop")]
    state_facts(
        kind="product", pk=product.pk, facts=FactsValue(is_perishable=False, source="maker")
    )
    assert not is_perishable()
    assert answer(product) == []


def test_an_imports_guess_gives_way_to_what_staff_said() -> None:
    row = CategoryRow("fruit", "", "Fruit", "", 0, "", 0, False, False, is_perishable=True)
    load_catalog(categories=[row], now=NOON)
    kept = ProductFacts.objects.get(category__path="fruit")
    assert (kept.is_perishable, kept.source) == (True, "usual")
    state_facts(
        kind="category", pk=kept.category_id, facts=FactsValue(is_perishable=False, source="shop")
    )
    load_catalog(categories=[row], now=NOON)
    kept.refresh_from_db()
    assert (kept.is_perishable, kept.source) == (False, "shop")
    # "As the category above" is a word of staff, too.
    state_facts(kind="category", pk=kept.category_id, facts=FactsValue(source="shop"))
    load_catalog(categories=[row], now=NOON)
    assert ProductFacts.objects.get(category__path="fruit").is_perishable is None


def test_staff_say_on_a_categorys_page_that_it_is_perishable(merchandiser: Client) -> None:
    category = Category.objects.order_by("depth", "pk").first()
    assert category is not None
    page = reverse("admin:shop_category_change", args=[category.pk])
    shown = merchandiser.get(page).context["adminform"].form
    assert shown.initial.get("is_perishable", "") == ""
    said = {"name": category.name, "name_zh": "", "icon": "", "position": "0"}
    assert merchandiser.post(page, {**said, "is_perishable": "yes"}).status_code == 302
    kept = ProductFacts.objects.get(category=category)
    assert (kept.is_perishable, kept.source) == (True, "shop")
    assert merchandiser.get(page).context["adminform"].form.initial["is_perishable"] == "yes"
    merchandiser.post(page, {**said, "is_perishable": ""})
    kept.refresh_from_db()
    assert (kept.is_perishable, kept.source) == (None, "shop")


def test_what_is_sold_out_is_promised_for_no_day() -> None:
    product = Product.objects.get(variants__sku="SKU-1")
    assert '<section class="product__delivery"' in see(product)
    StockRecord.objects.filter(variant__product=product).update(on_hand=0, reserved=0)
    shown = see(product)
    assert "Sold out" in shown
    assert "product__delivery" not in shown


def test_a_region_that_is_needed_is_not_called_optional() -> None:
    terms = CheckoutTerms("US", {}, (), (("US", "United States"),), (("NY", "New York"),))
    assert CheckoutForm(terms=terms)["region"].help_text == ""
    several = CheckoutTerms("US", {}, (), (("CA", "Canada"), ("US", "United States")))
    assert CheckoutForm(terms=several)["region"].help_text == "Needed where addresses have one."
