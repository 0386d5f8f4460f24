"""Files of codes as partners send them, from the staff page to a cart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.cart.services.carts import add_to_cart, apply_coupon
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.coupons.core import BadCodeFile, find_layout
from promotions.coupons.services.codes import import_codes
from promotions.models import CodeImport, Coupon, Offer, RefusedCode
from tests.factories.backoffice import make_staff
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
PAGE = "/admin/promotions/codeimport/add/"
type Upload = Callable[..., str]

GERMAN = "\ufeffCoupon-Code;Wert;Gültig bis\r\nacme-0001;5,00;31.12.2026\r\n\r\nAcme-0002;5,00;\r\n"
BAR = 'sep=|\n"Promo Code"|Uses|Per customer\n"ACME 0001"|3|1\n="00042"|\n'
WIDE = "优惠码\t使用次数\nACME-0001\t2\nACME-0002\t\n"
MAC = "code,uses\rACME-0001,\rACME-0002,7\r"
BARE = "\n\nacme-0001\nacme-0002\n"


@pytest.fixture
def offer(shelf: Shelf) -> Offer:
    return make_campaign("dairy", amount_minor=100, code="OURS-0001").offers.get()


@pytest.fixture
def upload(client: Client, offer: Offer) -> Upload:
    """Send a file by the staff page; return the page it leads to."""
    client.force_login(make_staff("root", is_superuser=True))

    def send(content: bytes, *, dry: bool = False, uses: str = "1") -> str:
        fields: dict[str, object] = {
            "offer": offer.pk,
            "uses": uses,
            "file": SimpleUploadedFile("partner.csv", content),
            "refused-TOTAL_FORMS": 0,
            "refused-INITIAL_FORMS": 0,
        }
        answer = client.post(PAGE, fields | ({"is_dry_run": "on"} if dry else {}), follow=True)
        return " ".join(answer.content.decode().split())

    return send


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (GERMAN.encode(), [("ACME-0001", 1, None), ("ACME-0002", 1, None)]),
        (BAR.encode(), [("ACME0001", 3, 1), ("00042", 1, None)]),
        (WIDE.encode("utf-16"), [("ACME-0001", 2, None), ("ACME-0002", 1, None)]),
        (MAC.encode(), [("ACME-0001", 1, None), ("ACME-0002", 7, None)]),
        (BARE.encode(), [("ACME-0001", 1, None), ("ACME-0002", 1, None)]),
    ],
    ids=["german", "bars", "utf-16", "mac", "bare"],
)
def test_files_of_many_hands_are_read(
    upload: Upload, content: bytes, found: list[tuple[str, int, int | None]]
) -> None:
    words = upload(content)
    assert "2 codes were imported, 0 rows were refused and kept." in words
    rows = Coupon.objects.exclude(code="OURS-0001").order_by("pk")
    assert list(rows.values_list("code", "max_redemptions", "per_shopper_limit")) == found
    assert ("Unknown columns were skipped: Wert, Gültig bis." in words) is (
        content == GERMAN.encode()
    )


def test_codes_are_refused_for_an_offer_without_codes(upload: Upload, offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(requires_coupon=False)
    assert "This offer applies without a code." in upload(BARE.encode(), dry=True)
    assert (CodeImport.objects.count(), Coupon.objects.count()) == (0, 1)


BAD = """Code;Uses
ours-0001;
NEW-0001;
new-0001;
;1
AB;1
1,23457E+11;1
SCHÖN-0001;1
NEW-0002;viele
;
"""


def test_a_dry_run_names_faults_and_changes_nothing(upload: Upload, client: Client) -> None:
    words = upload(BAD.encode("latin-1"), dry=True)
    assert "Dry run, nothing was changed: 1 codes fit, 7 rows would be refused." in words
    assert Coupon.objects.count() == 1
    assert list(RefusedCode.objects.order_by("line").values_list("line", "reason")) == [
        (2, "exists"),
        (4, "twice_in_file"),
        (5, "no_code"),
        (6, "code_too_short"),
        (7, "code_rounded"),
        (8, "unreadable"),
        (9, "bad_number"),
    ]
    report = CodeImport.objects.get()
    page = client.get(f"/admin/promotions/codeimport/{report.pk}/change/").content.decode()
    for said in (
        "the code exists already and stays as it is",
        "the code stands twice in the file: the first one counts",
        "a spreadsheet rounded the code: format its column as text and save again",
        "characters of the code cannot be read: save the file as UTF-8",
    ):
        assert page.count(said) == 2, said  # in the sum and beside the row


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\r\n  \r\n", "The file is empty."),
        (b"Nummer;Wert\r\n1;2\r\n", "No column is named \u201ccode\u201d"),
        (b"code\nACME-0001\n" + b'"' + b"x" * 200_000, "Line 3 cannot be read"),
    ],
    ids=["empty", "unknown", "broken"],
)
def test_a_file_without_codes_is_refused_with_a_sentence(
    upload: Upload, content: bytes, said: str
) -> None:
    assert said in upload(content)
    assert (Coupon.objects.count(), CodeImport.objects.count()) == (1, 0)


def test_a_file_leads_to_its_report_or_a_translated_refusal(
    client: Client, offer: Offer, upload: Upload
) -> None:
    def post(content: bytes, page: str = PAGE) -> Any:
        file = SimpleUploadedFile("codes.csv", content)
        rows = {"refused-TOTAL_FORMS": 0, "refused-INITIAL_FORMS": 0}
        typed = {"offer": offer.pk, "file": file, "uses": "1", "is_dry_run": "on", **rows}
        return client.post(page, typed, follow=True)

    answer = post(BAD.encode())
    report = CodeImport.objects.get()
    assert answer.redirect_chain[-1][0] == f"/admin/promotions/codeimport/{report.pk}/change/"
    words = answer.content.decode()
    assert "the code exists already and stays as it is" in words
    assert "was added successfully" not in words
    chinese = post(b"Nummer;Wert\r\n1;2\r\n", f"/zh-hans{PAGE}").content.decode()
    assert "没有名为“code”的列" in chinese
    assert "No column is named" not in chinese


def test_a_partners_code_lowers_a_cart_once(
    upload: Upload, prices: FakePrices, shelf: Shelf
) -> None:
    upload(GERMAN.encode())
    forget_offer_book()
    visit = context_of(make_shopper())
    add_to_cart(context=visit, variant_id=shelf.merlot)
    assert apply_coupon(context=visit, code=" acme-0002").discount_minor == 100
    assert Coupon.objects.get(code="ACME-0002").max_redemptions == 1


def test_long_files_are_read_in_few_statements(offer: Offer) -> None:
    """Every tenth stands twice."""
    lines = ["Code;Uses"] + [f"acme-{n - n % 10 // 9:06};" for n in range(10_000)]
    with CaptureQueriesContext(connection) as captured:
        report = import_codes(
            offer_id=offer.pk, file_name="big.csv", lines=lines, is_dry_run=False, now=NOON, uses=1
        )
    assert len(captured) <= 16
    assert (report.good, report.bad, report.reasons) == (9_000, 1_000, {"twice_in_file": 1_000})
    assert Coupon.objects.filter(max_redemptions=1, offer=offer).count() == 9_000
    assert RefusedCode.objects.count() == 1_000


def test_a_lone_word_is_no_list_of_codes() -> None:
    with pytest.raises(BadCodeFile):
        find_layout(["Gutscheine"])
