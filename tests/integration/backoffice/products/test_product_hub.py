"""The page of a product as the one place for it: prices of all markets, its offers, its words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from pricing.ledger.models.ledger import PublicPrice
from promotions.models import Campaign, Offer, OfferVariant
from shop.ground.catalog.models import ListPrice, Product, Variant
from shop.ground.catalog.selectors import forget_catalog, search_variants
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.log import say_entry
from tests.factories.markets import sell_abroad
from tests.factories.product_forms import SIZES, TEE, rows, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]


def test_one_page_sets_and_withdraws_prices_of_other_markets(
    merchandiser: Client,
) -> None:
    sell_abroad(Variant.objects.get(sku="SKU-1").pk)
    first, second = ({**one, "price_ca": "17.00"} for one in SIZES)
    wrong = save(merchandiser, **TEE, **rows(first | {"price_ca": "17,00"}, second))
    assert "Write a point before the decimals" in wrong.content.decode()
    save(merchandiser, **TEE, **rows(first, second))
    tee = Product.objects.get(name="Night tee")
    small, medium = tee.variants.all()
    listed = ListPrice.objects.filter(variant__product=tee, market="ca")
    assert set(listed.values_list("amount_minor", flat=True)) == {1_700}
    assert PublicPrice.objects.get(variant=small, market="ca").list_minor == 1_700
    page = merchandiser.get(reverse("admin:product_change", args=[tee.pk])).content.decode()
    assert "List price: Canada" in page
    assert 'name="variant-0-price_ca" value="17.00"' in page
    kept = [
        {"ref": one.external_ref, "options": one.name, "sku": one.sku, "price": price}
        for one, price in ((small, "12.50"), (medium, "13"))
    ]
    kept[0] |= {"cost": "4.00", "price_ca": "16.50"}
    kept[0] |= {"stock": "9"}
    kept[1] |= {"stock": "3"}
    counted = {"initial-variant-0-stock": "9", "initial-variant-1-stock": "0"}
    changed = TEE | {"category": "shirts", "new_category": "", "revision": str(tee.revision)}
    answer = save(merchandiser, tee.pk, **changed, **counted, **rows(*kept, initial=2))
    assert answer.status_code == 302
    # Of the first 4 were sold after the page was opened: its field was not touched.
    held = StockRecord.objects.filter(variant__product=tee).order_by("variant")
    assert list(held.values_list("on_hand", flat=True)) == [5, 3]
    assert list(listed.values_list("variant", "amount_minor")) == [(small.pk, 1_650)]
    said = LogEntry.objects.filter(object_id=str(tee.pk)).first()
    assert said is not None
    assert say_entry(said) == (
        "Saved the product: NIGHT-TEE-S (ca) CA$17.00 → CA$16.50, TEE-M (ca) CA$17.00 → –,"
        " TEE-M counted: 3."
    )
    assert Product.objects.get(pk=tee.pk).revision > tee.revision


def test_a_page_opened_before_overwrites_no_newer_price(merchandiser: Client, root: Client) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    tee = Product.objects.get(name="Night tee")
    small, medium = tee.variants.all()
    price = PublicPrice.objects.get(variant=small)
    address = reverse("admin:pricing_publicprice_set_list_price", args=[price.pk])
    said = {"_form_submitted": "on", "amount": "11.00", "reason": "because spring comes"}
    root.post(address, said)
    small.refresh_from_db()
    price.refresh_from_db()
    assert (small.list_minor, price.list_minor) == (1_100, 1_100)
    kept = [
        {"ref": one.external_ref, "options": one.name, "sku": one.sku, "price": "12.50"}
        for one in (small, medium)
    ]
    changed = TEE | {"category": "shirts", "new_category": "", "revision": str(tee.revision)}
    stale = save(merchandiser, tee.pk, **changed, **rows(*kept, initial=2))
    assert "Somebody else changed this product" in stale.content.decode()
    small.refresh_from_db()
    assert small.list_minor == 1_100
    # Variants have no form of their own, which would overwrite each other in silence.
    led = merchandiser.get(reverse("admin:shop_variant_change", args=[small.pk]))
    assert led["Location"] == reverse("admin:product_change", args=[tee.pk]) + "#ft-variants"
    assert merchandiser.get(reverse("admin:shop_variant_change", args=[0])).status_code == 404


def test_running_and_planned_offers_are_shown_with_links(
    merchandiser: Client,
) -> None:
    product = Product.objects.get(external_ref="p1")
    variant = product.variants.get(sku="SKU-1")
    now = utc_now()

    def make(code: str, days: tuple[int, int], status: str = "live", **fields: Any) -> Offer:
        begins, ends = (now + timedelta(days=day) for day in days)
        campaign = Campaign.objects.create(
            code=code, name=code, kind="price_cut", status=status, starts_at=begins, ends_at=ends
        )
        known = {"benefit_kind": "percentage", "percent": 10, "name": code.title()}
        return Offer.objects.create(campaign=campaign, code=code, **known | fields)

    category = {"categories": [product.category_id]}
    running = make("inside", (-1, 1), scope=category)
    listed = make("listed", (2, 3))
    OfferVariant.objects.create(offer=listed, variant=variant)
    draft = make("draft", (-1, 9), status="draft", scope=category, requires_coupon=True)
    for code, days, status in (("past", (-3, -1), "live"), ("stopped", (-3, 9), "ended")):
        make(code, days, status, scope=category)
    elsewhere = make("elsewhere", (-1, 1))
    other = Variant.objects.exclude(product=product).first()
    OfferVariant.objects.create(offer=elsewhere, variant=other)
    make("off", (-1, 1), scope=category, is_active=False)
    context = merchandiser.get(reverse("admin:product_change", args=[product.pk])).context
    mine = {"Inside", "Listed", "Draft", "Past", "Stopped", "Elsewhere", "Off"}

    def shown(rows: list[Any]) -> list[tuple[str, str]]:
        return [(one.name, one.address) for one in rows if one.name in mine]

    def address(offer: Offer) -> str:
        return reverse("admin:promotions_offer_change", args=[offer.pk])

    assert shown(context["running"]) == [("Inside", address(running))]
    assert shown(context["planned"]) == [("Draft", address(draft)), ("Listed", address(listed))]


def test_products_are_found_by_new_category_and_brand_names(root: Client) -> None:
    product = Product.objects.select_related("category", "brand").get(external_ref="p1")
    leaf = product.category
    top = leaf if leaf.parent is None else leaf.parent
    said = {"name_zh": "", "icon": "", "position": "0"}
    root.post(reverse("admin:shop_category_change", args=[top.pk]), said | {"name": "Xylophones"})
    root.post(reverse("admin:shop_brand_change", args=[product.brand_id]), {"name": "Quokka"})
    forget_catalog()
    ids = set(product.variants.values_list("pk", flat=True))
    for word in ("xylophones", "quokka", "quoka"):
        assert ids <= set(search_variants(word, "en").variant_ids.tolist()), word
