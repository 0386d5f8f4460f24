"""What lists of customers keep of people, for how long, and what leaves the shop."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from profiles.models import Customer
from profiles.privacy.services import erase_everywhere, export_everything
from shop.doors.customer_lists import api as customers
from shop.doors.customer_lists.services import forget_lists
from shop.doors.pages.privacy import ROOMS
from shop.doors.product_lists import api
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.ground.kernel.sheets import sheet_lines
from tests.factories.customer_lists import HEADER, LIST, find, shopper, take, undo
from tests.factories.pricing import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.STATE_FOLDER = settings.MEDIA_ROOT = tmp_path


def test_of_an_imported_list_only_refused_rows_are_kept(tmp_path: Path) -> None:
    view = take(LIST)
    kept = (tmp_path / "imports" / ProductImport.objects.get(pk=view.id).upload).read_text()
    assert "dan@example" in kept
    assert "ann@example" not in kept.lower()
    assert find(view.id).sample == []
    (_header, row) = api.list_refused_rows(view.id)
    assert row[:3] == ["dan@example", "1004", "Dan Ito"]
    assert row[-1].startswith("customers.csv line 5: column 'email'")
    assert forget_lists(now=NOON + timedelta(days=30)) == 0
    assert forget_lists(now=NOON + timedelta(days=30, seconds=1)) == 1
    assert not ProductImportRow.objects.exists()
    assert list((tmp_path / "imports").iterdir()) == []
    with pytest.raises(api.ListRefused, match="its file and rows were deleted"):
        undo(view)


def test_access_and_erasure_reach_what_was_imported() -> None:
    take(LIST)
    waiting = take(LIST.replace("1001", "2001"), apply=False)
    other = take(f"{HEADER}\nzoe@example.com,,Zoe,,,,,,,\n", apply=False)
    ann = shopper("ann@example.com").pk
    told = export_everything(shopper_id=ann, rooms=ROOMS)
    assert told["profiles"]["customer"]["name"] == "Ann Lee"
    assert told["profiles"]["consents"][0]["given_on"] in (None, "2024-05-31")
    assert told["lists"]["rows"][0]["after"]["phone"] == "+12125552368"
    erase_everywhere(shopper_id=ann, rooms=ROOMS, now=NOON)
    assert not Customer.objects.filter(shopper_id=ann).exists()
    assert not ProductImportRow.objects.filter(email="ann@example.com").exists()
    assert find(waiting.id).state == "failed"
    assert find(waiting.id).problem.startswith("customers.csv: a customer it names was erased")
    assert find(other.id).state == "checked"


def test_an_export_comes_back_unchanged_and_may_be_masked() -> None:
    take(LIST)
    rows = list(customers.export_rows(is_masked=False))
    assert [row[0] for row in rows[1:]] == [f"{name}@example.com" for name in NAMES]
    ann = dict(zip(rows[0], rows[1], strict=True))
    assert (ann["mail_consent"], ann["mail_consent_date"]) == ("yes", "2024-05-31")
    view = take("".join(sheet_lines(rows)))
    assert (view.counts["same"], view.counts["refused"]) == (4, 0)
    masked = dict(zip(rows[0], list(customers.export_rows(is_masked=True))[1], strict=True))
    assert masked["email"] == "a•••@e•••.com"
    assert masked["name"] == "A•••"
    assert masked["mail_consent"] == "yes"


NAMES = ("ann", "bob", "cat", "eve")
