"""Pictures on the page of a product: made by a worker, ordered, given to variants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shop.ground.catalog.models import Product, ProductPicture, Variant
from shop.ground.catalog.selectors import forget_catalog, list_cards
from shop.ground.catalog.services.pictures import add_picture, make_pending_pictures
from shop.ground.catalog.tasks import make_pictures
from tests.factories.backoffice_prices import NOON
from tests.factories.pictures import draw
from tests.factories.product_forms import SIZES, TEE, rows, save

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]


def test_a_worker_makes_pictures_and_refuses_other_files(
    merchandiser: Client, settings: Any, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    product = Product.objects.get(external_ref="p1")
    product.pictures.all().delete()
    names = ("change", "pictures", "pictures_set")
    page, upload, arrange = (address(name, product) for name in names)
    script = SimpleUploadedFile("front.jpg", b"<svg><script>alert(1)</script></svg>")
    torn = SimpleUploadedFile("torn.jpg", draw()[:2_000])
    files = [SimpleUploadedFile("a.jpg", draw("JPEG")), SimpleUploadedFile("b.png", draw("PNG"))]
    answer = merchandiser.post(upload, {"pictures": [script, torn, *files]}, follow=True)
    assert "front.jpg: The file is no JPEG, PNG, WebP or AVIF" in answer.content.decode()
    assert answer.content.decode().count("no worker has made its sizes yet") == 3
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
    for wrong in ("ab/..%2f..%2fuploads", f"{second.digest[:2]}/{second.digest}-320.svg"):
        assert guest.get(f"/media/products/{wrong}").status_code == 404


def test_the_same_file_again_is_no_second_picture(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    product = Product.objects.get(external_ref="p1")
    taken = {
        add_picture(product_id=product.pk, file_name="a.jpg", upload=draw(), now=NOON, alt=alt)
        for alt in ("", "Front")
    }
    assert len(taken) == 1
    assert ProductPicture.objects.get(pk=taken.pop()).alt == "Front"


@pytest.fixture
def tee(merchandiser: Client, settings: Any, tmp_path: Path) -> Product:
    """A product of two variants with three pictures that wait for the worker."""
    settings.MEDIA_ROOT = str(tmp_path)
    save(merchandiser, **TEE, **rows(*SIZES))
    made = Product.objects.get(name="Night tee")
    for kind in ("JPEG", "PNG", "WEBP"):
        add_picture(product_id=made.pk, file_name=f"{kind}.x", upload=draw(kind), now=NOON)
    return made


def address(name: str, product: Product) -> str:
    return reverse(f"admin:product_{name}", args=[product.pk])


def test_pictures_wake_a_worker_once_they_are_kept(
    merchandiser: Client,
    tee: Product,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(make_pictures, "apply_async", lambda *_, **to: woken.append(to["queue"]))
    file = SimpleUploadedFile("new.png", draw("PNG", (71, 53)))
    with django_capture_on_commit_callbacks(execute=True):
        merchandiser.post(address("pictures", tee), {"pictures": [file]})
        assert woken == []
    assert woken == ["pictures"]


def test_pictures_appear_as_they_are_made(merchandiser: Client, tee: Product) -> None:
    one, two, three = tee.pictures.values_list("pk", flat=True)
    progress = address("pictures_progress", tee)
    shown = merchandiser.get(address("change", tee)).content.decode()
    waits = f"{progress}?waits={one},{two},{three}"
    assert f'hx-get="{waits}" hx-trigger="every 2s"' in shown
    assert "0 of 3 pictures are ready" in shown
    make_pending_pictures(now=NOON, gives_way=lambda: True)
    told = merchandiser.get(waits).content.decode()
    assert "1 of 3 pictures are ready" in told
    assert (told.count("hx-swap-oob"), told.count("<img ")) == (1, 1)
    assert f'hx-get="{progress}?waits={two},{three}"' in told
    make_pending_pictures(now=NOON)
    told = merchandiser.get(f"{progress}?waits={two},{three}").content.decode()
    assert "All pictures are ready." in told
    assert (told.count("<img "), "hx-get" in told) == (2, False)


def test_pictures_move_by_buttons_and_are_given_to_a_variant(
    merchandiser: Client, tee: Product
) -> None:
    make_pending_pictures(now=NOON)
    one, two, three = tee.pictures.values_list("pk", flat=True)
    small, medium = tee.variants.all()
    foreign = Variant.objects.get(sku="SKU-1")
    sent: dict[str, Any] = {"order": [three, one, two], "up": two}
    sent |= {f"variant-{one}": medium.pk, f"variant-{two}": foreign.pk}
    answer = merchandiser.post(address("pictures_set", tee), sent)
    assert answer["Location"] == f"{address('change', tee)}?moved={two}"
    assert list(tee.pictures.values_list("pk", "variant")) == [
        (three, None),
        (two, None),
        (one, medium.pk),
    ]
    again = merchandiser.get(answer["Location"]).content.decode()
    assert f'name="up" value="{two}" autofocus' in again
    merchandiser.post(address("pictures_set", tee), {"down": three})
    assert list(tee.pictures.values_list("pk", flat=True)) == [two, three, one]
    forget_catalog()
    first = {card.variant_id: card.picture for card in list_cards([small.pk, medium.pk], "en")}
    for variant, picture in ((small, two), (medium, one)):
        photo = first[variant.pk]
        assert photo is not None
        assert ProductPicture.objects.get(pk=picture).digest in photo.srcset
