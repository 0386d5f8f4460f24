"""Past orders of customers that the shop has become history to learn from."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from orders.models import Order
from profiles.models import Event, Shopper
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from shop.management.commands import import_past_orders
from tests.factories.customer_lists import HEADER, shopper, take
from tests.factories.product_lists import take_list

LIST = """order_number,date,email,sku,quantity,paid
1001,2026-03-02,ann@example.com,MUG,2,17.00
1001,2026-03-02,ann@example.com,CUP,1,4.50
1002,2026-04-01,ann@example.com,MUG,1,9.50
1003,2026-04-01,nobody@example.com,MUG,1,9.50
1004,2026-04-01,ann@example.com,HAT,1,"9,50"
"""


@pytest.mark.django_db
def test_past_orders_belong_to_known_customers_only(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.STATE_FOLDER = tmp_path / "state"
    take_list("sku,title,category,price,stock\nMUG,Mug,Home,9.50,3\nCUP,Cup,Home,5.00,1\n")
    take(f"{HEADER}\nann@example.com,7,Ann,,,,,,,\n")
    path = tmp_path / "orders.csv"
    path.write_text(LIST)
    for _ in range(2):  # the second time nothing is new
        with pytest.raises(SystemExit):
            call_command("import_past_orders", str(path))
        said = capsys.readouterr()
        assert "5 rows read: 3 taken, 2 not." in said.out
        assert said.err.splitlines() == [
            (
                "orders.csv line 5: column 'email': there is no customer 'nobody@example.com' in"
                " the shop; import customers first."
            ),
            "orders.csv line 6: column 'paid': '9,50' has a comma; write 9.50.",
            (
                "orders.csv line 6: column 'sku': there is no variant 'HAT' in the shop; import"
                " products first."
            ),
        ]
        ann = shopper("ann@example.com")
        assert [(one.number, one.total_minor) for one in Order.objects.order_by("placed_at")] == [
            ("S1001", 2_150),
            ("S1002", 950),
        ]
        bought = Event.objects.filter(kind="purchase", shopper_id=ann.pk)
        mug = Variant.objects.get(sku="MUG")
        assert sorted(bought.values_list("variant_id", "quantity", "paid_minor")) == sorted(
            [(mug.pk, 2, 1_700), (mug.pk, 1, 950), (Variant.objects.get(sku="CUP").pk, 1, 450)]
        )
        assert Shopper.objects.count() == 1
        assert (ann.consent_price, ann.consent_analytics) == (False, False)
        assert (mug.list_minor, Variant.objects.count()) == (950, 2)


@pytest.fixture
def load(settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Load two orders, one of today: what the cup cost is given; return what is said."""
    settings.STATE_FOLDER = tmp_path / "state"
    take_list("sku,title,category,price,stock\nMUG,Mug,Home,9.50,3\nCUP,Cup,Home,5.00,1\n")
    take(f"{HEADER}\nann@example.com,7,Ann,,,,,,,\n")
    path = tmp_path / "orders.csv"

    def run(cup: str) -> tuple[str, list[str]]:
        path.write_text(
            "order_number,date,email,sku,quantity,paid\n"
            "P1,2026-03-02,ann@example.com,MUG,2,17.00\n"
            f"P1,2026-03-02,ann@example.com,CUP,1,{cup}\n"
            f"P2,{utc_now().date()},ann@example.com,MUG,1,9.50\n"
        )
        with pytest.raises(SystemExit):
            call_command("import_past_orders", str(path))
        said = capsys.readouterr()
        *problems, late = said.err.splitlines()
        assert late == (
            f"orders.csv line 4: column 'date': '{utc_now().date()}' is not over yet; past orders"
            " are of days before today."
        )
        return said.out.splitlines()[-1], problems

    return run


@pytest.mark.django_db
def test_an_order_is_imported_whole_and_never_from_the_future(load: Any) -> None:
    assert load('"4,50"') == (
        "3 rows read: 0 taken, 3 not.",
        [
            (
                "orders.csv line 2: the order 'P1' is left out, because its line 3 is refused;"
                " correct that and import the file again."
            ),
            "orders.csv line 3: column 'paid': '4,50' has a comma; write 4.50.",
        ],
    )
    assert not Order.objects.exists()
    assert load("4.50") == ("3 rows read: 2 taken, 1 not.", [])
    assert load("4.40") == (
        "3 rows read: 1 taken, 2 not.",
        [
            (
                "orders.csv line 3: the order 'P1' is in the shop without this row; an order that"
                " is in is not changed."
            )
        ],
    )
    assert Order.objects.values_list("number", "total_minor").get() == ("SP1", 2_150)
    assert Event.objects.filter(kind="purchase").count() == 2


@pytest.mark.django_db
def test_a_day_is_over_by_the_clocks_of_the_shop(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BUSINESS_TIME_ZONE = "America/New_York"
    evening = datetime(2026, 3, 3, 2, tzinfo=UTC)  # 2 March, 21:00
    monkeypatch.setattr(import_past_orders, "utc_now", lambda: evening)
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_number,date,email,sku,quantity,paid\n"
        "P1,2026-03-01,,MUG,1,9.50\n"
        "P2,2026-03-02,,MUG,1,9.50\n"
    )
    with pytest.raises(SystemExit):
        call_command("import_past_orders", str(path), stderr=(said := StringIO()))
    assert [line[:17] for line in said.getvalue().splitlines() if "not over yet" in line] == [
        "orders.csv line 3"
    ]
