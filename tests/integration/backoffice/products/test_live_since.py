"""Every saved change of a product says on its page since when it is live, or why it waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.ledger.models.books import PriceBook
from pricing.publishing.services.products import Ask, set_list_prices
from shop.ground.catalog.core.facts import FactsValue
from shop.ground.catalog.models import Product, ProductPicture
from shop.ground.catalog.services import archive_product
from shop.ground.catalog.services.editing import state_facts
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.region import show_moment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]
NO_BOOK = "Waiting, because no price book with it is published yet."
HERE = "America/New_York"
NOT_MADE = "Waiting, because no worker has made its sizes yet."


@pytest.fixture
def product() -> Product:
    """A product on sale."""
    return Product.objects.get(external_ref="p1")


def open_page(browser: Client, product: Product) -> Any:
    """Return what the page of the product shows."""
    return browser.get(reverse("admin:product_change", args=[product.pk]))


def run(name: str, queue: str, seconds: int) -> None:
    """Have a job begun so long ago that still runs."""
    begun = utc_now() - timedelta(seconds=seconds)
    said = {"outcome": "running", "started_at": begun, "heartbeat_at": begun}
    JobRun.objects.create(name=name, queue=queue, **said)


def test_words_state_and_facts_are_live_since_the_save(
    merchandiser: Client, product: Product
) -> None:
    saved: list[Any] = [product.changed_at]
    state_facts(kind="product", pk=product.pk, facts=FactsValue(origin="Iceland", source="shop"))
    product.refresh_from_db()
    saved.append(product.changed_at)
    assert saved[0] is None
    assert saved[1] is not None
    shown = open_page(merchandiser, product).content.decode()
    assert f"Live since {show_moment(saved[1], HERE)}." in shown
    Product.objects.filter(pk=product.pk).update(changed_at=None)  # as before the column
    assert "Live. Since when was not kept." in open_page(merchandiser, product).content.decode()


def test_stock_is_live_since_somebody_counted_it(merchandiser: Client, product: Product) -> None:
    variant, now = product.variants.get(sku="SKU-1"), utc_now()
    receive_stock(lines=[StockLine(variant.pk, 3)], reference="came in", now=now)
    page = open_page(merchandiser, product)
    told = {row["sku"]: row["live"].sentence for row in page.context["stock"]}
    assert told["SKU-1"] == f"Live since {show_moment(now, HERE)}."
    assert told["SKU-1"] in page.content.decode()


@pytest.mark.parametrize(("seconds", "is_late"), [(5, False), (50, True)])
def test_a_price_says_which_job_it_waits_for(
    merchandiser: Client, product: Product, seconds: int, is_late: bool
) -> None:
    PriceBook.objects.update(metrics={"notes": {"ledger": 1, "priced_at": utc_now().isoformat()}})
    variant = product.variants.get(sku="SKU-1")
    asks = {variant.pk: Ask(variant.list_minor + 10)}
    set_list_prices(asks=asks, market="us", now=utc_now() - timedelta(seconds=seconds))
    run("answer_campaign_checks", "interactive", 40)
    why = "It waits in the lane prices for answer_campaign_checks, which has run for"
    for name, key in (("product_change", product.pk), ("price_story", variant.pk)):
        shown = merchandiser.get(reverse(f"admin:{name}", args=[key])).content.decode()
        assert NO_BOOK in shown
        assert (f"{NO_BOOK} {why}" in shown) == is_late


def test_nothing_of_an_archived_product_is_live(merchandiser: Client, product: Product) -> None:
    archive_product(product_id=product.pk)
    page = open_page(merchandiser, product)
    told = {row.live.sentence for row in page.context["prices"] if row.live}
    told |= {row["live"].sentence for row in page.context["stock"]}
    told.add(page.context["live"].sentence)
    assert told == {"Not live, because it is not sold."}


def test_a_picture_says_what_it_waits_for_and_since_when(
    merchandiser: Client, product: Product
) -> None:
    rows, now = ProductPicture.objects.filter(product=product), utc_now()
    rows.delete()
    said = {"product": product, "file_name": "a.png", "created_at": now - timedelta(seconds=50)}
    row = ProductPicture.objects.create(**said, source_digest="0" * 64, state="pending")
    run("work_on_product_lists", "interactive", 45)
    progress = reverse("admin:product_pictures_progress", args=[product.pk])
    shown = open_page(merchandiser, product).content.decode()
    assert f"{NOT_MADE} It waits in the lane pictures for work_on_product_lists" in shown
    rows.update(state="ready", digest="ab" * 8, widths=[320], width=320, height=320, made_at=now)
    told = merchandiser.get(progress, {"waits": row.pk}).content.decode()
    assert f"Live since {show_moment(now, HERE)}." in told
