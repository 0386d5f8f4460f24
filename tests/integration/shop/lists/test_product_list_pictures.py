"""Pictures that come with a list: made by the shop's worker, named where they are wrong."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shop.doors.product_lists import api
from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.selectors.imports import find_file
from shop.doors.product_lists.services.forgetting import delete_old_files
from shop.ground.catalog.models import Product, ProductPicture
from shop.ground.catalog.services.pictures import make_pending_pictures
from tests.factories.pricing import NOON
from tests.factories.product_lists import find, take_list, tick, work

pytestmark = pytest.mark.django_db

LIST = """handle,title,category,option1_name,option1_value,sku,price,pictures
tent,Tent,Camp,Size,2,T-2,199,Front.PNG; back.png
tent,,,,3,T-3,249,photos/three.png
mug,Mug,Home,,,MUG,9.50,gone.png; trap.png; https://example.org/mug.jpg
"""


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def draw(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(file, "PNG")
    return file.getvalue()


def pack() -> io.BytesIO:
    files = {
        "photos/front.png": draw("red"),
        "photos/back.png": draw("green"),
        "photos/three.png": draw("blue"),
        "trap.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "__MACOSX/._front.png": b"junk",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file


def take() -> api.ImportView:
    return take_list(LIST, pictures=pack(), pictures_name="pictures.zip")


def list_pictures() -> list[tuple[str, str | None, str]]:
    rows = ProductPicture.objects.order_by("product", "position")
    return [(one.file_name, one.variant.sku if one.variant else None, one.state) for one in rows]


def test_pictures_go_to_their_product_and_faults_are_told() -> None:
    view = take()
    assert (view.counts["new"], view.counts["refused"], view.counts["warnings"]) == (3, 0, 3)
    assert api.list_sentences(view.id) == [
        (f"products.csv line 4: column 'pictures': {said}.", False)
        for said in (
            "no picture 'gone.png' was uploaded with the list",
            "'trap.png' is not a picture that can be shown (JPEG, PNG, WebP)",
            (
                "'https://example.org/mug.jpg' is an address; pictures are not fetched from other"
                " sites: upload the file"
            ),
        )
    ]
    make_pending_pictures(now=NOON)
    assert list_pictures() == [
        ("Front.PNG", None, "ready"),
        ("back.png", None, "ready"),
        ("three.png", "T-3", "ready"),
    ]
    again = take()
    assert (again.counts["same"], ProductPicture.objects.count()) == (3, 3)


def test_undoing_a_change_takes_its_pictures_off() -> None:
    take_list(LIST)
    assert list_pictures() == []
    second = take()
    assert second.counts["changed"] == 2
    api.start_undoing(import_id=second.id, by_id=None, now=tick())
    work()
    assert (find(second.id).counts["undone"], list_pictures()) == (2, [])


def test_a_zip_file_that_is_none_is_refused() -> None:
    with pytest.raises(api.ListRefused, match=r"^p\.zip: this is not a zip file\.$"):
        take_list(LIST, pictures=io.BytesIO(b"no"), pictures_name="p.zip")


def test_uploaded_files_are_deleted_after_a_month() -> None:
    def keep(import_id: int) -> list[bool]:
        upload = ProductImport.objects.get(pk=import_id).upload
        return [bool(upload) and find_file(one).exists() for one in (upload, f"{upload}.zip")]

    text = b"sku,title,category,price\nPOT,Pot,Home,9.50\n"
    taken = take_list(
        "sku,title,category,price\nMUG,Mug,Home,9.50\n", pictures=pack(), pictures_name="a.zip"
    )
    left = api.receive_list(
        file_name="left.csv", content=text, now=NOON, pictures=pack(), pictures_name="b.zip"
    )
    busy = api.receive_list(file_name="busy.csv", content=text, now=NOON)
    api.choose_columns(import_id=busy, fields=find(busy).fields)
    asked = api.receive_list(file_name="asked.csv", content=text, now=NOON)
    ProductImport.objects.filter(pk=asked).update(state="waiting")
    applied = ProductImport.objects.get(pk=taken.id).applied_at
    assert applied is not None
    assert delete_old_files(now=NOON + timedelta(days=30)) == 0
    later = NOON + timedelta(days=30, seconds=1)
    assert delete_old_files(now=later) == 1
    assert [keep(one) for one in (taken.id, left, busy, asked)] == [
        [True, True],
        [False, False],
        [True, False],
        [True, False],
    ]
    assert delete_old_files(now=applied + timedelta(days=30, seconds=1)) == 1
    assert keep(taken.id) == [False, False]
    assert delete_old_files(now=later + timedelta(days=99)) == 0
    # The one left alone says what to do; the other is undone without its file.
    api.choose_columns(import_id=left, fields=find(left).fields)
    api.start_undoing(import_id=taken.id, by_id=None, now=tick())
    work()
    assert find(left).problem == "left.csv: the file is no longer there; upload it again."
    assert (find(taken.id).state, Product.objects.get(external_ref="MUG").is_active) == (
        "undone",
        False,
    )


def test_files_that_no_import_names_go_after_a_day() -> None:
    take()
    stray = find_file("stray.zip")
    stray.write_bytes(b"x")
    os.utime(stray, (0, NOON.timestamp()))
    delete_old_files(now=NOON + timedelta(days=1))
    assert stray.exists()
    delete_old_files(now=NOON + timedelta(days=1, seconds=1))
    assert not stray.exists()
    assert len(list(find_file("").iterdir())) == 2
