"""The page of a product in the back office: what is saved there is sold at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from pricing.models import PublicPrice
from promotions.models import Campaign, Offer, OfferVariant
from shop.catalog.models import Brand, Category, ListPrice, Product, ProductPicture, Variant
from shop.catalog.selectors import forget_catalog, list_cards, search_variants
from shop.catalog.services.pictures import add_picture, make_pending_pictures
from shop.inventory.models import StockMovement, StockRecord
from shop.kernel.clock import utc_now
from shop.outbox.models import Fact
from shop.staff.log import say_entry
from shop.staff.roles import ANALYST, MERCHANDISER
from tests.factories.backoffice_prices import NOON
from tests.factories.markets import sell_abroad
from tests.factories.pictures import draw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]


def rows(*variants: dict[str, str], initial: int = 0) -> dict[str, str]:
    """Return what a form sends of its rows."""
    sent = {
        "variant-TOTAL_FORMS": str(len(variants)),
        "variant-INITIAL_FORMS": str(initial),
        "variant-MIN_NUM_FORMS": "0",
        "variant-MAX_NUM_FORMS": "100",
    }
    for number, variant in enumerate(variants):
        for name, value in {"is_active": "on", **variant}.items():
            sent[f"variant-{number}-{name}"] = value
    return sent


TEE: dict[str, str] = {
    "name": "Night tee",
    "name_zh": "夜行T恤",
    "new_category": "Shirts",
    "brand": "Weaver",
    "description": "Soft.",
    "description_zh": "柔软。",
    "attributes": "Material: Cotton\nFit: Loose",
    "option_names": "Size",
    "minimum_age": "",
    "tax_class": "",
    "revision": "0",
}
SIZES = (
    {"options": "S", "price": "12.50", "stock": "5", "cost": "4.00"},
    {"options": "M", "price": "13", "stock": "0", "sku": "TEE-M"},
)


def save(browser: Client, product_id: int | None = None, **said: Any) -> Any:
    name, args = ("product_add", []) if product_id is None else ("product_change", [product_id])
    answer = browser.post(reverse(f"admin:{name}", args=args), said)
    forget_catalog()  # on commit, which this test's transaction never does
    return answer


@pytest.fixture
def merchandiser(as_role: Callable[[str], Client]) -> Client:
    return as_role(MERCHANDISER)


def test_a_product_created_by_staff_is_sold_to_a_guest_at_once(merchandiser: Client) -> None:
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
        reverse("admin:leaderboard"),
    ):
        told = merchandiser.get(address).content.decode()
        assert "No demand model was trained yet" in told, address
    assert LogEntry.objects.get(object_id=str(tee.pk)).is_addition()


def test_an_edit_changes_prices_in_the_ledger_and_says_so_in_the_log(
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
            "Name the product&#x27;s options",
        ),
        ({}, ({"options": "S, Red", "price": "1"},), "Write one value for each of: Size."),
        ({"attributes": "Cotton"}, ({"options": "S", "price": "1"},), "is no attribute"),
        ({"new_category": ""}, ({"options": "S", "price": "1"},), "Choose a category"),
        ({}, ({"options": "S", "price": "1", "sku": "SKU-1"},), "Cheddar 1&quot; has it already"),
        ({}, ({"options": "S", "price": "1", "gtin": "12345678"},), "This is no bar code"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(
    merchandiser: Client, said: dict[str, str], variants: tuple[dict[str, str], ...], words: str
) -> None:
    answer = save(merchandiser, **TEE | said, **rows(*variants))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Product.objects.filter(name="Night tee").exists()
    assert not Brand.objects.filter(name="Weaver").exists()


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


def test_pictures_are_made_by_a_worker_and_lies_are_refused_with_a_sentence(
    merchandiser: Client, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    product = Product.objects.get(external_ref="p1")
    product.pictures.all().delete()
    page, upload, arrange = (
        reverse(f"admin:product_{name}", args=[product.pk])
        for name in ("change", "pictures", "pictures_set")
    )
    script = SimpleUploadedFile("front.jpg", b"<svg><script>alert(1)</script></svg>")
    torn = SimpleUploadedFile("torn.jpg", draw()[:2_000])
    files = [SimpleUploadedFile("a.jpg", draw("JPEG")), SimpleUploadedFile("b.png", draw("PNG"))]
    answer = merchandiser.post(upload, {"pictures": [script, torn, *files]}, follow=True)
    assert "front.jpg: The file is no JPEG, PNG, WebP or AVIF" in answer.content.decode()
    assert answer.content.decode().count("Being made") == 3
    assert Fact.objects.filter(kind="PictureAdded").count() == 3
    with django_capture_on_commit_callbacks(execute=True):
        assert make_pending_pictures(now=NOON) == 3
    assert make_pending_pictures(now=NOON) == 0
    shown = merchandiser.get(page).content.decode()
    assert "The picture is damaged or ends too soon." in shown
    assert not list((tmp_path / "uploads").iterdir())
    torn_row, first, second = product.pictures.all()
    sent: dict[str, Any] = {"order": [torn_row.pk, second.pk, first.pk]}
    sent |= {f"remove-{torn_row.pk}": "on"}
    sent |= {f"alt-{second.pk}": "From the front", f"alt_zh-{second.pk}": "正面"}
    merchandiser.post(arrange, sent)
    forget_catalog()
    assert [row.pk for row in product.pictures.all()] == [second.pk, first.pk]
    guest = Client()
    shop_page = guest.get(reverse("product", args=[product.slug])).content.decode()
    assert 'alt="From the front"' in shop_page
    assert f"{second.digest}-640.webp" in shop_page
    file = guest.get(f"/media/products/{second.digest[:2]}/{second.digest}-320.webp")
    assert file["Content-Type"] == "image/webp"
    assert file["Cache-Control"] == "public, max-age=31536000, immutable"
    assert file["X-Content-Type-Options"] == "nosniff"
    assert not file.cookies
    for address in ("ab/..%2f..%2fuploads", f"{second.digest[:2]}/{second.digest}-320.svg"):
        assert guest.get(f"/media/products/{address}").status_code == 404


def test_the_same_file_again_is_no_second_picture(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    product = Product.objects.get(external_ref="p1")
    taken = {
        add_picture(product_id=product.pk, file_name="a.jpg", upload=draw(), now=NOON, alt=alt)
        for alt in ("", "Front")
    }
    assert len(taken) == 1
    assert ProductPicture.objects.get(pk=taken.pop()).alt == "Front"


def test_pictures_move_by_buttons_are_given_to_a_variant_and_appear_as_they_are_made(
    merchandiser: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    save(merchandiser, **TEE, **rows(*SIZES))
    tee = Product.objects.get(name="Night tee")
    small, medium = tee.variants.all()
    foreign = Variant.objects.get(sku="SKU-1")
    page, arrange, progress = (
        reverse(f"admin:product_{name}", args=[tee.pk])
        for name in ("change", "pictures_set", "pictures_progress")
    )
    one, two, three = (
        add_picture(product_id=tee.pk, file_name=f"{kind}.x", upload=draw(kind), now=NOON)
        for kind in ("JPEG", "PNG", "WEBP")
    )
    shown = merchandiser.get(page).content.decode()
    waits = f"{progress}?waits={one},{two},{three}"
    assert f'hx-get="{waits}" hx-trigger="every 2s"' in shown
    assert "0 of 3 pictures are made" in shown
    make_pending_pictures(now=NOON, limit=1)
    told = merchandiser.get(waits).content.decode()
    assert "1 of 3 pictures are made" in told
    assert (told.count("hx-swap-oob"), told.count("<img ")) == (1, 1)
    assert f'hx-get="{progress}?waits={two},{three}"' in told
    make_pending_pictures(now=NOON)
    told = merchandiser.get(f"{progress}?waits={two},{three}").content.decode()
    assert "All pictures are made." in told
    assert (told.count("<img "), "hx-get" in told) == (2, False)
    sent: dict[str, Any] = {"order": [three, one, two], "up": two}
    sent |= {f"variant-{one}": medium.pk, f"variant-{two}": foreign.pk}
    answer = merchandiser.post(arrange, sent)
    assert answer["Location"] == f"{page}?moved={two}#ft-pictures"
    assert list(tee.pictures.values_list("pk", "variant")) == [
        (three, None),
        (two, None),
        (one, medium.pk),
    ]
    assert (
        f'name="up" value="{two}" autofocus'
        in merchandiser.get(answer["Location"]).rendered_content
    )
    merchandiser.post(arrange, {"down": three})
    assert list(tee.pictures.values_list("pk", flat=True)) == [two, three, one]
    forget_catalog()
    first = {card.variant_id: card.photo for card in list_cards([small.pk, medium.pk], "en")}
    digests = {pk: ProductPicture.objects.get(pk=pk).digest for pk in (one, two)}
    for variant, picture in ((small, two), (medium, one)):
        photo = first[variant.pk]
        assert photo is not None
        assert digests[picture] in photo.srcset


def test_prices_of_further_markets_are_set_and_withdrawn_on_the_same_page(
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
    changed = TEE | {"category": "shirts", "new_category": "", "revision": str(tee.revision)}
    answer = save(merchandiser, tee.pk, **changed, **rows(*kept, initial=2))
    assert answer.status_code == 302
    assert list(listed.values_list("variant", "amount_minor")) == [(small.pk, 1_650)]
    said = LogEntry.objects.filter(object_id=str(tee.pk)).first()
    assert said is not None
    assert say_entry(said) == (
        "Saved the product: NIGHT-TEE-S (ca) CA$17.00 → CA$16.50, TEE-M (ca) CA$17.00 → –."
    )
    assert Product.objects.get(pk=tee.pk).revision > tee.revision


def test_a_price_set_elsewhere_is_not_lost_to_a_page_that_was_opened_before(
    merchandiser: Client, root: Client
) -> None:
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


def test_offers_that_run_and_those_that_are_planned_are_shown_with_links(
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


def test_products_are_found_by_the_new_name_of_a_category_or_brand(root: Client) -> None:
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
