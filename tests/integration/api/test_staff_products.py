"""Products and lists of them by token: one service writes, and says by field what is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pricing.ledger.models.ledger import PriceLedgerEntry
from promotions.tokens.core import StaffScope
from shop.ground.catalog.models import Product, ProductPicture, Variant
from shop.ground.inventory.models import StockMovement, StockRecord
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import MERCHANDISER, SUPPORT
from tests.contracts.house import ROOT
from tests.factories.api import API
from tests.factories.product_lists import agree, work
from tests.factories.staff_tokens import make_holder, make_staff_client, make_staff_key
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict

__all__ = ["strict"]
pytestmark = pytest.mark.django_db
STAFF = f"{API}/staff"
PACK = f"{STAFF}/products/trek-pack"
PICTURE = ROOT / "docs/samples/own-shop/pictures"


def document(**fields: Any) -> dict[str, Any]:
    """A pack in two lengths of its back."""
    return {
        "title": "Trek pack",
        "category": ["Bags", "Packs"],
        "brand": "Ridge",
        "description": "24 litres.",
        "variants": [
            {"sku": "TP-S", "options": {"Back": "Short"}, "price_minor": 16900, "cost_minor": 8000}
            | {"opening_stock": 3, "size": "900 g"},
            {"sku": "TP-L", "options": {"Back": "Long"}, "price_minor": 17900},
        ],
        **fields,
    }


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.STATE_FOLDER = tmp_path / "state"
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def ann() -> ApiClient:
    """A system of a merchandiser."""
    return make_staff_client("ann")


def put(client: ApiClient, body: Any, key: str, version: str = "") -> Any:
    headers = {"If_Match": f'"{version}"'} if version else {}
    return client.put(PACK, body, Idempotency_Key=key, **headers)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def faults(answer: Any) -> set[tuple[str, str]]:
    assert refusal(answer) == (400, "invalid")
    return {(one["pointer"], one["code"]) for one in answer.json()["errors"]}


def test_a_product_is_created_and_changed_as_described(
    ann: ApiClient, strict: dict[str, Any]
) -> None:
    made = put(ann, document(), "1")
    check(OPERATIONS["putStaffProduct"], made, strict)
    assert made.json()["is_new"] is True
    again = put(ann, document(), "1")
    assert (again.content, again["Idempotent-Replayed"]) == (made.content, "true")
    read = ann.get(PACK)
    check(OPERATIONS["getStaffProduct"], read, strict)
    assert read["ETag"] == made["ETag"]
    variants = {one["sku"]: one for one in read.json()["variants"]}
    assert (variants["TP-S"]["on_hand"], variants["TP-L"]["on_hand"]) == (3, 0)
    assert variants["TP-S"]["size"] == "900 g"

    same = put(ann, read.json(), "2", read.json()["version"])
    assert (same.json()["changes"], same.json()["version"]) == ([], read.json()["version"])
    body = {"brand": "", "variants": [{"sku": "TP-S", "price_minor": 15900, "cost_minor": None}]}
    changed = put(ann, body, "3", read.json()["version"])
    assert changed.json()["changes"] == ["brand", "TP-S price", "TP-S cost"]
    kept = changed.json()
    assert (kept["brand"], kept["title"], kept["description"]) == ("", "Trek pack", "24 litres.")
    variants = {one["sku"]: one for one in kept["variants"]}
    assert (variants["TP-S"]["price_minor"], variants["TP-S"]["cost_minor"]) == (15900, None)
    assert variants["TP-L"]["price_minor"] == 17900
    assert list_log() == [
        "Created the product. By token: CI.",
        "Saved the product: brand, TP-S price, TP-S cost. By token: CI.",
    ]


def list_log() -> list[str]:
    return [say_entry(one) for one in LogEntry.objects.order_by("pk")]


def test_stock_moves_and_a_product_is_retired_and_restored(
    ann: ApiClient, strict: dict[str, Any]
) -> None:
    put(ann, document(), "1")
    moved = {"kind": "received", "pieces": 5, "reason": "first delivery"}
    stock = ann.post(f"{STAFF}/stock/TP-L", moved, Idempotency_Key="4")
    check(OPERATIONS["moveStock"], stock, strict)
    ann.post(f"{STAFF}/stock/TP-L", moved, Idempotency_Key="4")
    assert stock.json() == {"sku": "TP-L", "on_hand": 5, "reserved": 0}
    StockRecord.objects.filter(variant__sku="TP-L").update(reserved=2)
    few = {"kind": "counted", "pieces": 1, "reason": "yearly count"}
    short = ann.post(f"{STAFF}/stock/TP-L", few, Idempotency_Key="5")
    assert refusal(short) == (409, "out_of_stock")
    kinds = StockMovement.objects.filter(variant__sku="TP-L").values_list("kind", "quantity")
    assert list(kinds) == [("received", 5)]
    listed = ann.get(f"{STAFF}/products?limit=1")
    check(OPERATIONS["listStaffProducts"], listed, strict)
    by_sku = ann.get(f"{STAFF}/products?sku=TP-L").json()["products"]
    assert [one["handle"] for one in by_sku] == ["trek-pack"]
    check(OPERATIONS["archiveProduct"], ann.post(f"{PACK}/archive"), strict)
    archived = ann.get(PACK).json()
    assert archived["is_active"] is False
    put(ann, {"title": "Old pack"}, "6", archived["version"])
    assert Product.objects.get().is_active is False, "a change sells nothing again by itself"
    check(OPERATIONS["restoreProduct"], ann.post(f"{PACK}/restore"), strict)
    assert Product.objects.get().is_active is True
    assert list_log()[1:] == [
        "Stock of TP-L: 5 pieces received. Reason: first delivery By token: CI.",
        "Archived: it is no longer sold. By token: CI.",
        "Saved the product: title. By token: CI.",
        "On sale again. By token: CI.",
    ]


def test_faults_are_named_by_field_and_nothing_is_written(ann: ApiClient) -> None:
    wrong = document(
        title="",
        variants=[
            {"sku": "TP-S", "options": {"Back": "Short"}, "barcode": "4006381333932"},
            {"sku": "TP-S", "options": {"Back": "Short"}, "price_minor": 1, "size": "some"},
            {"sku": "TP-X", "price_minor": 5, "prices": {"mars": 5}},
        ],
    )
    assert faults(put(ann, wrong, "1")) == {
        ("#/title", "blank"),
    }
    wrong["title"] = "Trek pack"
    answer = put(ann, wrong, "1")
    assert faults(answer) == {
        ("#/variants/0/barcode", "check_digit"),
        ("#/variants/1/sku", "twice"),
        ("#/variants/1/size", "size"),
        ("#/variants/1", "options_twice"),
        ("#/variants/2/prices", "market"),
    }
    assert faults(put(ann, {"variants": [{"sku": "TP-S"}]}, "1")) == {
        ("#/title", "missing"),
        ("#/category", "missing"),
        ("#/variants/0/price_minor", "missing"),
    }
    assert not Product.objects.exists()
    put(ann, document(), "1")
    version = ann.get(PACK).json()["version"]
    other = f"{STAFF}/products/other"
    stolen = ann.put(other, document(title="Other"), Idempotency_Key="2")
    assert {code for _at, code in faults(stolen)} == {"elsewhere", "stock_known"}
    known = {"variants": [{"sku": "TP-S", "opening_stock": 9}]}
    assert faults(put(ann, known, "3", version)) == {("#/variants/0/opening_stock", "stock_known")}
    assert refusal(put(ann, document(), "4")) == (428, "version_needed")
    assert refusal(put(ann, document(), "5", "77")) == (412, "product_changed")
    gone = ann.put(other, document(), Idempotency_Key="6", If_Match='"1"')
    assert refusal(gone) == (404, "product_not_found")
    assert (Product.objects.count(), Variant.objects.count()) == (1, 2)


def send_form(path: str, key: str, token: str, **form: Any) -> Any:
    """Send a form with files, as `curl -F` does."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return Client(raise_request_exception=False).post(path, form, headers=headers)


def test_a_product_list_is_uploaded_mended_applied_and_undone(
    ann: ApiClient, strict: dict[str, Any]
) -> None:
    token = make_staff_key(make_holder("ann"))
    text = 'sku,title,category,price,stock\nMUG,Steel mug,Home > Mugs,"9,50",3\n'
    file = SimpleUploadedFile("products.csv", text.encode())
    sent = send_form(f"{STAFF}/product-lists", "1", token, file=file)
    check(OPERATIONS["uploadProductList"], sent, strict)
    at = f"{STAFF}/product-lists/{sent.json()['list_id']}"
    assert refusal(ann.post(f"{at}/apply")) == (409, "list_refused")
    check(OPERATIONS["checkProductList"], ann.post(f"{at}/check", {}), strict)
    assert ann.get(at).json()["state"] == "checking"
    work()
    checked = ann.get(at)
    check(OPERATIONS["getProductList"], checked, strict)
    assert checked.json()["problems"] == [
        {
            "line": 2,
            "column": "price",
            "value": "9,50",
            "code": "comma",
            "message": "products.csv line 2: column 'price': '9,50' has a comma; write 9.50.",
            "is_refused": True,
        }
    ]


def test_a_product_list_with_doubtful_prices_is_applied_if_meant(
    ann: ApiClient, strict: dict[str, Any]
) -> None:
    text = "sku,title,category,price,cost,stock\nMUG,Steel mug,Home > Mugs,9.50,9.60,3\n"
    file = SimpleUploadedFile("products.csv", text.encode())
    token = make_staff_key(make_holder("ann"))
    sent = send_form(f"{STAFF}/product-lists", "1", token, file=file)
    at = f"{STAFF}/product-lists/{sent.json()['list_id']}"
    ann.post(f"{at}/check", {})
    work()
    checked = ann.get(at).json()
    assert checked["counts"]["doubtful"] == 1
    assert checked["problems"][0]["code"] == "below_cost"
    for few in ({}, {"meant_prices": 1}, {"meant_prices": 2, "reason": "sold out"}):
        assert refusal(ann.post(f"{at}/apply", few)) == (409, "list_refused")
    said = {"meant_prices": 1, "reason": "sold out"}
    check(OPERATIONS["applyProductList"], ann.post(f"{at}/apply", said), strict)
    assert ann.get(at).json()["state"] == "waiting"
    agree(sent.json()["list_id"])
    work()
    assert ann.get(at).json()["state"] == "done"
    exported = ann.get(f"{STAFF}/products.csv")
    assert "Steel mug" in b"".join(exported.streaming_content).decode()
    check(OPERATIONS["undoProductList"], ann.post(f"{at}/undo"), strict)
    work()
    assert ann.get(at).json()["state"] == "undone"
    assert Product.objects.get().is_active is False


def test_doubtful_prices_of_a_document_must_be_meant(ann: ApiClient) -> None:
    put(ann, document(), "1")

    def ask(price: int, key: str, **said: Any) -> Any:
        body = {"title": "Old pack", "variants": [{"sku": "TP-S", "price_minor": price}], **said}
        return put(ann, body, key, ann.get(PACK).json()["version"])

    doubted = ask(1, "2")
    assert refusal(doubted) == (409, "prices_doubted")
    assert doubted.json()["params"] == {
        "meant_prices": 1,
        "prices": [
            {
                "code": "below_cost",
                "sku": "TP-S",
                "market": "us",
                "price_minor": 1,
                "present_minor": 16900,
                "cost_minor": 8000,
                "floor_minor": 8160,
            }
        ],
    }
    assert refusal(ask(1, "3", meant_prices=1)) == (409, "prices_doubted")
    yes = {"meant_prices": 1, "reason": "end of the line"}
    assert refusal(ask(1, "4", **yes)) == (409, "second_person_needed")
    cleared = {"sku": "TP-S", "price_minor": 1, "cost_minor": None}
    assert refusal(ask(1, "5", **yes | {"variants": [cleared]})) == (409, "second_person_needed")
    assert (ann.get(PACK).json()["title"], Variant.objects.get(sku="TP-S").list_minor) == (
        "Trek pack",
        16900,
    )
    assert ask(8100, "6", **yes).status_code == 200
    assert Variant.objects.get(sku="TP-S").list_minor == 8100
    assert list_log()[-1] == (
        "Saved the product: title, TP-S price. Reason: end of the line By token: CI."
    )


def test_a_token_changes_no_more_prices_than_its_bound() -> None:
    token = make_staff_key(make_holder("ann"), prices_a_day=2)
    own = ApiClient(Authorization=f"Bearer {token}")
    assert put(own, document(), "1").status_code == 200  # first prices

    def ask(key: str, **prices: int) -> Any:
        rows = [{"sku": f"TP-{one}", "price_minor": price} for one, price in prices.items()]
        return put(own, {"variants": rows}, key, own.get(PACK).json()["version"])

    assert ask("2", S=16800).status_code == 200
    refused = ask("3", S=16700, L=17800)
    assert refusal(refused) == (429, "price_changes_spent")
    params = refused.json()["params"]
    entry = PriceLedgerEntry.objects.exclude(set_by="").get()
    until = (entry.valid_from + timedelta(days=1)).isoformat(timespec="seconds")
    assert params == {"most": 2, "changed": 1, "asked": 2, "until": until}
    assert Variant.objects.get(sku="TP-S").list_minor == 16800
    # A list that waits counts, too.
    text = "sku,price\nTP-S,167.00\n"
    lists = []
    for key in "45":
        file = SimpleUploadedFile("products.csv", text.encode())
        sent = send_form(f"{STAFF}/product-lists", key, token, file=file)
        lists.append(f"{STAFF}/product-lists/{sent.json()['list_id']}")
        own.post(f"{lists[-1]}/check", {})
    work()
    assert own.post(f"{lists[0]}/apply", {}).status_code == 200
    assert refusal(own.post(f"{lists[1]}/apply", {})) == (429, "price_changes_spent")
    assert refusal(ask("6", S=16900)) == (429, "price_changes_spent")
    work()
    assert Variant.objects.get(sku="TP-S").list_minor == 16700
    assert PriceLedgerEntry.objects.exclude(set_by="").count() == 2


def test_pictures_come_as_files_as_described(ann: ApiClient, strict: dict[str, Any]) -> None:
    put(ann, document(), "1")
    token = make_staff_key(make_holder("ann"))
    at = f"{STAFF}/products/trek-pack/pictures"
    photo = min(PICTURE.iterdir()).read_bytes()
    form = {"picture": SimpleUploadedFile("mug.png", photo), "alt": "A mug"}
    check(OPERATIONS["addPicture"], send_form(at, "", token, **form), strict)
    check(OPERATIONS["listStaffPictures"], ann.get(at), strict)
    assert ProductPicture.objects.get().alt == "A mug"
    script = SimpleUploadedFile("mug.png", b"<script>alert(1)</script>")
    assert refusal(send_form(at, "", token, picture=script)) == (415, "no_picture")
    assert faults(send_form(at, "", token, alt="none")) == {("#/picture", "required")}
    assert refusal(ann.post(at, {})) == (415, "media_type_unsupported")


def test_large_files_are_read_only_for_tokens_that_open_uploads() -> None:
    address = f"{STAFF}/product-lists"
    large = SimpleUploadedFile("products.csv", b"sku,price\n" + b"A,1\n" * 400_000)
    reader = make_staff_key(make_holder("ann"), StaffScope.PRODUCTS_READ)
    writer = make_staff_key(make_holder("ann"))
    for token, expected in (
        ("staff_forged", (401, "token_invalid")),
        (reader, (403, "staff_forbidden")),
        (writer, (409, "list_refused")),  # too many rows: it was read
    ):
        large.seek(0)
        assert refusal(send_form(address, "1", token, file=large)) == expected
    picture = f"{STAFF}/products/none/pictures"
    huge = SimpleUploadedFile("front.png", bytes(17 * 2**20))
    assert refusal(send_form(picture, "1", writer, picture=huge)) == (413, "body_too_large")


def test_scopes_and_roles_decide(ann: ApiClient) -> None:
    put(ann, document(), "1")
    at = f"{STAFF}/product-lists/1"
    every = {
        StaffScope.PRODUCTS_READ: [
            *(("get", path) for path in (PACK, f"{STAFF}/products", f"{PACK}/pictures", at)),
            ("get", f"{STAFF}/products.csv"),
        ],
        StaffScope.PRODUCTS_WRITE: [
            ("put", PACK),
            *(("post", f"{PACK}/{step}") for step in ("archive", "restore", "pictures")),
            *(("post", f"{at}/{step}") for step in ("check", "apply", "undo")),
            ("post", f"{STAFF}/product-lists"),
        ],
        StaffScope.STOCK_WRITE: [("post", f"{STAFF}/stock/TP-S")],
    }
    for own in every:
        client = make_staff_client("ann", own, role=MERCHANDISER)
        for scope, calls in every.items():
            for method, path in calls:
                answer = client.send(method, path, {} if method != "get" else None)
                assert (answer.status_code == 403) is (scope is not own), (own, path)
    sue = make_staff_client("sue", role=SUPPORT)
    for method, path in every[StaffScope.PRODUCTS_WRITE] + every[StaffScope.STOCK_WRITE]:
        assert sue.send(method, path, {}).status_code == 403, path
