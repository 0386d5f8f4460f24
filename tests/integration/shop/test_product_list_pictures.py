"""Pictures that come with a list: made by the shop's worker, named where they are wrong."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shop.catalog.models import ProductPicture
from shop.catalog.services.pictures import make_pending_pictures
from shop.product_lists import api
from tests.factories.pricing import NOON, seed_rules
from tests.factories.product_lists import find, take_list, tick, work

pytestmark = pytest.mark.django_db

LIST = """handle,title,category,option1_name,option1_value,sku,price,pictures
tent,Tent,Camp,Size,2,T-2,199,Front.PNG; back.png
tent,,,,3,T-3,249,photos/three.png
mug,Mug,Home,,,MUG,9.50,gone.png; trap.png; https://example.org/mug.jpg
"""


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.STATE_FOLDER = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    seed_rules()


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


def test_pictures_go_to_their_product_or_variant_and_what_is_wrong_is_told() -> None:
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
