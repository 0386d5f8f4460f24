"""Lists of products: taken in, again, interrupted, undone and given back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from orders.models import Order, OrderLine
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.publishing.services.products import Ask, set_list_prices
from shop.doors.product_lists import api
from shop.doors.product_lists.services import applying, checking
from shop.doors.product_lists.services.working import work_on_imports
from shop.ground.catalog.models import Market, Product, Variant
from shop.ground.inventory.models import StockMovement, StockRecord
from tests.factories.product_lists import export, find, take_list, tick, work
from tests.factories.statements import act_before

pytestmark = pytest.mark.django_db

HEADER = (
    "handle,title,title_zh,category,category_zh,brand,option1_name,option1_value,sku,price,stock,"
    "cost"
)
LIST = f"""{HEADER}
tent,Tent,帐篷,Camp > Tents,露营 > 帐篷,Ridge,Size,2,TENT-2,199.00,4,90.00
tent,,,,,,,3,TENT-3,249.00,2,
stove,"Stove
for two",炉子,Camp > Stoves,露营 > 炉具,Ridge,,,STOVE,"50,37",9,
mug,Mug,杯子,Camp > Kitchen,露营 > 厨具,,,,MUG,9.50,30,
"""
MENDED = LIST.replace('"50,37"', "50.37")


@pytest.fixture(autouse=True)
def _shop(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def test_a_dry_run_tells_what_would_happen_and_changes_nothing() -> None:
    view = take_list(LIST, apply=False)
    assert view.state == "checked"
    assert dict(view.counts) == {
        "read": 4,
        "new": 3,
        "changed": 0,
        "same": 0,
        "added": 0,
        "refused": 1,
        "warnings": 0,
        "without_stock": 0,
    }
    assert api.list_sentences(view.id) == [
        ("products.csv line 4: column 'price': '50,37' has a comma; write 50.37.", True)
    ]
    assert list(api.list_refused_rows(view.id)) == [
        [*HEADER.split(","), "error"],
        [
            *("stove", "Stove\nfor two", "炉子", "Camp > Stoves", "露营 > 炉具", "Ridge"),
            *("", "", "STOVE", "50,37", "9", ""),
            "products.csv line 4: column 'price': '50,37' has a comma; write 50.37.",
        ],
    ]
    assert not Product.objects.exists()
    (tent, *_rest) = api.list_changes(view.id, currency="USD", currencies={"us": "USD"})
    assert tent.columns[0] == ("title", "", "Tent")
    assert ("price", "", "$199.00") in tent.columns


def test_a_list_becomes_products_with_variants_prices_and_stock() -> None:
    view = take_list(LIST)
    assert (view.state, view.counts["new"], view.counts["refused"]) == ("done", 3, 1)
    tent = Product.objects.get(external_ref="tent")
    assert (tent.name, tent.name_zh, tent.option_names) == ("Tent", "帐篷", ["Size"])
    assert (tent.category.name, tent.category.parent.name_zh) == ("Tents", "露营")
    two, three = tent.variants.order_by("position")
    assert (two.sku, two.options, two.list_minor, two.cost_minor) == (
        "TENT-2",
        {"Size": "2"},
        19_900,
        9_000,
    )
    assert (three.options, three.cost_minor, three.cost_source) == ({"Size": "3"}, None, "unknown")
    assert StockRecord.objects.get(variant=two).on_hand == 4
    assert PriceLedgerEntry.objects.filter(variant=two, amount_minor=19_900).count() == 2
    assert not Variant.objects.filter(sku="STOVE").exists()
    mended = take_list(MENDED)
    assert (mended.counts["new"], mended.counts["same"]) == (1, 3)


def test_the_same_list_again_changes_nothing() -> None:
    take_list(MENDED)
    before = (StockMovement.objects.count(), PriceLedgerEntry.objects.count())
    again = take_list(MENDED)
    assert (again.counts["read"], again.counts["same"]) == (4, 4)
    assert (StockMovement.objects.count(), PriceLedgerEntry.objects.count()) == before
    assert not api.list_changes(again.id, currency="USD", currencies={})


def test_a_list_without_handles_finds_its_variants_by_sku() -> None:
    take_list(MENDED)
    changed = take_list("sku,stock,price\nTENT-3,7,\nMUG,,8.00\n")
    assert changed.counts["changed"] == 2
    assert StockRecord.objects.get(variant__sku="TENT-3").on_hand == 7
    movement = StockMovement.objects.get(variant__sku="TENT-3", kind="adjusted")
    assert (movement.quantity, movement.reference) == (5, f"import {changed.id}")
    mug = Variant.objects.get(sku="MUG")
    assert mug.list_minor == 800
    assert Variant.objects.get(sku="TENT-3").product.external_ref == "tent"


def test_a_killed_worker_is_followed_by_one_that_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "BATCH", 1)
    view = take_list(MENDED, apply=False)
    api.start_applying(import_id=view.id, now=tick())

    def die(done: int, of: int) -> None:
        assert of == 3
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(die)
    assert (find(view.id).state, find(view.id).done) == ("applying", 2)
    assert sorted(Product.objects.values_list("external_ref", flat=True)) == ["stove", "tent"]
    work()
    ended = find(view.id)
    assert (ended.state, ended.counts["new"], ended.counts["read"]) == ("done", 4, 4)
    assert StockMovement.objects.filter(kind="opening").count() == 4
    work()
    assert StockMovement.objects.count() == 4


def test_a_list_is_checked_and_taken_over_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "BATCH", 1)
    monkeypatch.setattr(checking, "BATCH", 1)
    import_id = api.receive_list(file_name="products.csv", content=LIST.encode(), now=tick())
    api.choose_columns(import_id=import_id, fields=find(import_id).fields)
    slices = []
    for begin in (None, lambda: api.start_applying(import_id=import_id, now=tick())):
        if begin:
            begin()
        while work_on_imports(clock=tick, tell=lambda done, of: None, gives_way=lambda: True):
            slices.append((find(import_id).state, find(import_id).done))
    assert slices == [
        *(("checking", 2), ("checking", 3), ("checked", 4)),
        *(("applying", 1), ("applying", 2), ("done", 3)),
    ]
    counts = find(import_id).counts
    assert (counts["new"], counts["refused"], counts["read"]) == (3, 1, 4)
    assert [line for line, *_rest in api.list_refused_rows(import_id)] == ["handle", "stove"]


def reprice(sku: str, amount: int) -> None:
    Variant.objects.filter(sku=sku).update(list_minor=amount)


def test_prices_changed_since_the_check_are_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(applying, "BATCH", 1)
    take_list(MENDED)
    view = take_list("sku,price\nMUG,8.00\nSTOVE,45.00\n", apply=False)
    reprice("STOVE", 4_900)
    api.start_applying(import_id=view.id, now=tick())
    work()
    assert find(view.id).stale_because == "Prices changed since this was checked. Check it again."
    api.choose_columns(import_id=view.id, fields=["sku", "price"])
    work()
    api.start_applying(import_id=view.id, now=tick())
    work(lambda done, of: reprice("STOVE", 4_800) if done == 1 else None)
    prices = dict(Variant.objects.values_list("sku", "list_minor"))
    assert (find(view.id).state, prices["MUG"], prices["STOVE"]) == ("done", 800, 4_800)
    assert [one.refused_because for one in api.list_refused(view.id)] == [
        ["its price changed since this was checked; it was left as it is"]
    ]


def test_a_price_is_compared_once_it_is_locked() -> None:
    take_list(MENDED)
    view = take_list("sku,price\nMUG,8.00\n", apply=False)
    api.start_applying(import_id=view.id, now=tick())
    lock = act_before("pg_advisory_xact_lock", lambda: reprice("MUG", 900))
    with connection.execute_wrapper(lock):
        work()
    assert (find(view.id).state, Variant.objects.get(sku="MUG").list_minor) == ("checked", 900)


def test_all_or_none_is_refused_with_a_sentence() -> None:
    import_id = api.receive_list(file_name="products.csv", content=LIST.encode(), now=tick())
    api.choose_columns(import_id=import_id, fields=find(import_id).fields, is_whole=True)
    work()
    with pytest.raises(api.ListRefused) as refusal:
        api.start_applying(import_id=import_id, now=tick())
    assert str(refusal.value) == (
        "products.csv: 1 rows are refused, and the list is to be imported whole or not at all."
    )


def undo(view: api.ImportView) -> api.ImportView:
    api.start_undoing(import_id=view.id, by_id=None, now=tick())
    work()
    return find(view.id)


def test_undo_restores_what_changed_and_archives_what_is_new() -> None:
    take_list(MENDED)
    before = export()
    second = take_list(
        "sku,title,title_zh,category,price,stock,cost,barcode\n"
        "MUG,Steel mug,,Home > Mugs,8.00,31,2.00,4006381333931\n"
        "CUP,Cup,,Home > Mugs,5.00,1,,\n"
    )
    assert (second.counts["new"], second.counts["changed"]) == (1, 1)
    undone = undo(second)
    assert (undone.state, undone.counts["undone"], undone.counts["kept"]) == ("undone", 2, 0)
    cup = Variant.objects.get(sku="CUP")
    assert (cup.is_active, cup.product.is_active) == (False, False)
    rest = [line for line in export().splitlines() if not line.startswith("CUP,")]
    assert rest == before.splitlines()
    # The mended list brings back what the undo archived.
    third = take_list("sku,title,category,price,stock\nCUP,Cup,Home > Mugs,5.00,1\n")
    assert third.counts["changed"] == 1
    assert Variant.objects.get(sku="CUP").is_active


def test_an_archived_product_stays_so_until_a_list_restores_it() -> None:
    take_list(MENDED)
    Product.objects.filter(external_ref="tent").update(is_active=False)
    take_list("sku,price\nTENT-2,180.00\n")
    tent = Product.objects.get(external_ref="tent")
    assert (tent.is_active, Variant.objects.get(sku="TENT-2").list_minor) == (False, 18_000)
    take_list("sku,archived\nTENT-2,no\nTENT-3,\n")
    tent.refresh_from_db()
    assert tent.is_active


def test_undo_keeps_what_was_changed_or_sold_since() -> None:
    take_list(MENDED)
    second = take_list(
        "sku,price,title,category\nMUG,8.00,,\nTENT-2,180.00,,\nTENT-3,230.00,,\nCUP,5,Cup,Home\n"
    )
    assert second.counts["changed"] == 3
    ids = dict(Variant.objects.values_list("sku", "pk"))
    set_list_prices(asks={ids["TENT-2"]: Ask(17_000)}, market="us", now=tick())
    sell(ids["CUP"])
    undone = undo(second)
    assert (undone.counts["undone"], undone.counts["kept"]) == (2, 2)
    kept = api.list_kept(second.id, currency="USD", currencies={})
    assert [(one.line, one.name, one.kept_because) for one in kept] == [
        (3, "TENT-2", "'price' was changed since; it says '170.00' now"),
        (5, "CUP", "'CUP' was ordered since; archive it by hand if it is not to be sold"),
    ]
    assert Variant.objects.get(sku="CUP").is_active
    assert Variant.objects.get(sku="MUG").list_minor == 950


def test_a_price_is_recalled_although_it_was_sold_at() -> None:
    take_list(MENDED)
    wrong = take_list("sku,price,stock\nMUG,0.01,40\n")
    mug = Variant.objects.get(sku="MUG")
    sell(mug.pk)
    StockRecord.objects.filter(variant=mug).update(on_hand=39)
    assert undo(wrong).counts["undone"] == 1
    mug.refresh_from_db()
    assert (mug.list_minor, StockRecord.objects.get(variant=mug).on_hand) == (950, 39)


def test_undo_leads_to_no_price_below_cost() -> None:
    take_list(MENDED)
    second = take_list("sku,price\nTENT-2,300.00\nTENT-3,300.00\n")
    take_list("sku,cost\nTENT-2,199.01\nTENT-3,248.99\n")
    assert (undo(second).counts["undone"], find(second.id).counts["kept"]) == (1, 1)
    [kept] = api.list_kept(second.id, currency="USD", currencies={})
    assert kept.kept_because == "'199.00' is below the cost of 199.01"
    prices = dict(Variant.objects.values_list("sku", "list_minor"))
    assert (prices["TENT-2"], prices["TENT-3"]) == (30_000, 24_900)


def sell(variant_id: int) -> None:
    order = Order.objects.create(
        number="W-0001",
        market_code="us",
        email="alice@example.com",
        name="Alice",
        currency="USD",
        subtotal_minor=500,
        total_minor=500,
        status="paid",
        placed_at=tick(),
    )
    OrderLine.objects.create(
        order=order,
        position=0,
        variant_id=variant_id,
        sku="CUP",
        name="Cup",
        quantity=1,
        list_minor=500,
        public_minor=500,
        quoted_minor=500,
        subtotal_minor=500,
        total_minor=500,
    )


def test_prices_of_other_markets_are_kept_apart() -> None:
    Market.objects.create(code="eu", name="Europe", currency="EUR")
    take_list("sku,title,category,price,price[eu]\nMUG,Mug,Home,9.50,8.90\n")
    assert list(
        PriceLedgerEntry.objects.filter(kind="list")
        .order_by("market_id")
        .values_list("market_id", "amount_minor")
    ) == [("eu", 890), ("us", 950)]
    # A list for another market says its prices in that market's currency.
    changed = take_list("sku,price\nMUG,7.90\n", market="eu")
    assert changed.counts["changed"] == 1
    assert Variant.objects.get().list_minor == 950
    assert export().splitlines()[1].endswith(",7.90")


def test_columns_chosen_once_are_remembered_for_the_next_list() -> None:
    text = b"Art,Bezeichnung,Wert,Wo\nMUG,Mug,9.50,Home\n"
    first = api.receive_list(file_name="a.csv", content=text, now=tick())
    assert find(first).fields == ["", "", "", ""]
    with pytest.raises(api.ListRefused, match=r"a\.csv: no column is chosen for sku\."):
        api.choose_columns(import_id=first, fields=["", "title", "price", "category"])
    api.choose_columns(import_id=first, fields=["sku", "title", "price", "category"])
    second = api.receive_list(file_name="b.csv", content=text, now=tick())
    assert find(second).fields == ["sku", "title", "price", "category"]
