"""The sample of the guide: 40 products, one mistake in line 7, taken in by command."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from shop.ground.catalog.models import Product, ProductPicture, Variant
from tests.contracts.house import ROOT

pytestmark = pytest.mark.django_db

SAMPLE = ROOT / "docs/samples/own-shop"
MISTAKE = "products.csv line 7: column 'price': '50,37' has a comma; write 50.37."


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def run(path: Path, **options: Any) -> tuple[str, str, int]:
    """Return standard output, standard error and the exit status."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_products", path, stdout=out, stderr=err, **options)
    except SystemExit as end:
        return out.getvalue(), err.getvalue(), int(str(end.code))
    return out.getvalue(), err.getvalue(), 0


def test_the_sample_is_imported_and_its_mistake_mended(tmp_path: Path) -> None:
    dry = run(SAMPLE / "products.csv", pictures=SAMPLE / "pictures", dry_run=True)
    assert dry == (
        (
            "78 rows read: 77 would be new, 0 changed, 0 unchanged, 0 added to their product,"
            " 1 refused.\n"
        ),
        f"{MISTAKE}\n",
        1,
    )
    assert not Product.objects.exists()
    out, err, status = run(SAMPLE / "products.csv", pictures=SAMPLE / "pictures")
    assert (out.count("77 new"), err, status) == (1, f"{MISTAKE}\n", 1)
    assert (Product.objects.count(), Variant.objects.count()) == (40, 77)
    # The picture of the refused row comes with the row.
    assert ProductPicture.objects.count() == 39
    assert not Product.objects.filter(name_zh="").exists()
    mended = tmp_path / "products.csv"
    shutil.copy(SAMPLE / "products.csv", mended)
    mended.write_text(mended.read_text().replace("50,37", "50.37"))
    out, err, status = run(mended, pictures=SAMPLE / "pictures")
    assert out.startswith("78 rows read: 1 new, 0 changed, 77 unchanged")
    assert (err, status) == ("", 0)
    assert ProductPicture.objects.count() == 40
    jacket = Product.objects.get(external_ref="shell-jacket")
    assert jacket.option_names == ["Size", "Colour", "Cut"]
    assert jacket.variants.count() == 12


def test_prices_that_look_wrong_need_an_option(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("sku,title,category,price,cost\nMUG,Mug,Home,9.50,9.60\n")
    with pytest.raises(CommandError, match=r"that it is meant and say why\. --accept-prices"):
        run(path)
    assert not Variant.objects.exists()
    _out, err, status = run(path, accept_prices=True)
    assert err == "products.csv line 2: column 'price': '9.50' is below the cost of 9.60.\n"
    assert (status, Variant.objects.get().list_minor) == (0, 950)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv cannot be read: No such file"):
        run(tmp_path / "none.csv")
    with pytest.raises(CommandError, match=r"There is no market xx"):
        run(SAMPLE / "products.csv", market="xx")


def test_the_export_command_writes_what_the_import_takes(tmp_path: Path) -> None:
    run(SAMPLE / "products.csv", keep_going=True)
    for name in ("all.csv", "all.xlsx"):
        call_command("export_products", tmp_path / name)
        out, err, status = run(tmp_path / name)
        assert (out.startswith("77 rows read: 0 new, 0 changed, 77 unchanged"), err, status) == (
            True,
            "",
            0,
        ), out
