"""Stock is never sold twice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.utils import DatabaseError

from shop.ground.catalog.models import Brand, Category, Market, Product, Variant
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockLocation, StockMovement, StockRecord, StockReservation
from shop.ground.inventory.selectors import available
from shop.ground.inventory.services import (
    OutOfStock,
    ReservationGone,
    adjust_stock,
    commit_reservation,
    expire_reservations,
    load_opening_stock,
    receive_stock,
    release_reservation,
    reserve_stock,
    return_stock,
)
from shop.ground.outbox.models import Fact
from tests.factories.statements import Wrapper, act_before, read_unlocked

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SOON = NOON + timedelta(minutes=30)


def make_variants(pieces: int, count: int = 1) -> list[int]:
    """Cheddar, gouda, ...: `count` variants with `pieces` on hand each."""
    Market.objects.get_or_create(code="us", defaults={"name": "United States"})
    StockLocation.objects.get_or_create(code="online", defaults={"name": "Online store"})
    shelf = Category.objects.create(
        external_ref="dairy", slug="dairy", name="Dairy", path="dairy", depth=0
    )
    brand = Brand.objects.create(external_ref="1:National", name="Alder Brook")
    made = []
    for number in range(count):
        product = Product.objects.create(
            external_ref=f"p{number}",
            name=f"Cheese {number}",
            slug=f"cheese-{number}",
            category=shelf,
            brand=brand,
            created_at=NOON,
        )
        variant = Variant.objects.create(
            product=product, external_ref=f"p{number}", sku=f"FT-{number}", list_minor=400
        )
        made.append(variant.pk)
    load_opening_stock(lines=[StockLine(pk, pieces) for pk in made], reference="test", now=NOON)
    return made


def stock(variant_id: int) -> tuple[int, int]:
    """Return (on hand, reserved)."""
    return StockRecord.objects.values_list("on_hand", "reserved").get(variant_id=variant_id)


@transaction.atomic
def reserve(holder: str, *lines: tuple[int, int]) -> None:
    reserve_stock(
        holder=holder, lines=[StockLine(pk, quantity) for pk, quantity in lines], expires_at=SOON
    )


@pytest.mark.django_db
def test_hold_takes_pieces_from_others() -> None:
    (cheddar,) = make_variants(10)
    reserve("alice", (cheddar, 3))
    assert stock(cheddar) == (10, 3)
    assert available([cheddar, 999]) == {cheddar: 7, 999: 0}


@pytest.mark.django_db
def test_all_lines_or_none() -> None:
    cheddar, gouda = make_variants(5, count=2)
    with pytest.raises(OutOfStock) as caught:
        reserve("alice", (cheddar, 2), (gouda, 6))
    assert caught.value.detail == {"available": {str(gouda): 5}}
    assert (stock(cheddar), stock(gouda)) == ((5, 0), (5, 0))


@pytest.mark.django_db
def test_second_hold_of_the_same_holder_replaces_the_first() -> None:
    cheddar, gouda = make_variants(5, count=2)
    reserve("alice", (cheddar, 5))
    reserve("alice", (cheddar, 4), (gouda, 1))
    assert (stock(cheddar), stock(gouda)) == ((5, 4), (5, 1))
    reserve("alice", (gouda, 5))
    assert (stock(cheddar), stock(gouda)) == ((5, 0), (5, 5))


@pytest.mark.django_db
def test_sale_is_noted_once() -> None:
    (cheddar,) = make_variants(3)
    reserve("alice", (cheddar, 2))
    commit_reservation(holder="alice", reference="order 1", now=NOON)
    commit_reservation(holder="alice", reference="order 1", now=NOON)
    assert stock(cheddar) == (1, 0)
    movements = StockMovement.objects.order_by("id").values_list("kind", "quantity", "reference")
    assert list(movements) == [("opening", 3, "test"), ("sold", -2, "order 1")]


@pytest.mark.django_db
def test_last_piece_sold_is_a_fact() -> None:
    (cheddar,) = make_variants(2)
    reserve("alice", (cheddar, 2))
    commit_reservation(holder="alice", reference="order 1", now=NOON)
    facts = Fact.objects.filter(kind="StockDepleted").values_list("payload", flat=True)
    assert list(facts) == [{"variant_id": cheddar}]


@pytest.mark.django_db
def test_holds_of_two_run_out_together() -> None:
    (cheddar,) = make_variants(3)
    reserve("alice", (cheddar, 2))
    reserve("bob", (cheddar, 1))
    assert expire_reservations(now=SOON + timedelta(seconds=1)) == 2
    assert stock(cheddar) == (3, 0)


@pytest.mark.django_db
def test_hold_that_ran_out_cannot_be_sold() -> None:
    (cheddar,) = make_variants(3)
    reserve("alice", (cheddar, 3))
    assert expire_reservations(now=SOON) == 0
    assert expire_reservations(now=SOON + timedelta(seconds=1)) == 1
    assert stock(cheddar) == (3, 0)
    with pytest.raises(ReservationGone):
        commit_reservation(holder="alice", reference="order 1", now=SOON)


@pytest.mark.django_db
def test_release_gives_back_and_can_be_repeated() -> None:
    (cheddar,) = make_variants(3)
    reserve("bob", (cheddar, 2))
    release_reservation(holder="bob")
    release_reservation(holder="bob")
    assert stock(cheddar) == (3, 0)
    assert StockReservation.objects.values_list("state", flat=True).get() == "released"


@pytest.mark.django_db
def test_deliveries_returns_and_counts_are_in_the_ledger() -> None:
    (cheddar,) = make_variants(3)
    receive_stock(lines=[StockLine(cheddar, 10)], reference="delivery 7", now=NOON)
    return_stock(lines=[StockLine(cheddar, 1)], reference="return 2", now=NOON)
    adjust_stock(variant_id=cheddar, on_hand=12, reference="count", now=NOON)
    assert stock(cheddar) == (12, 0)
    changes = StockMovement.objects.order_by("id").values_list("quantity", flat=True)
    assert list(changes) == [3, 10, 1, -2]


@pytest.mark.django_db
def test_count_below_what_is_reserved_is_refused() -> None:
    (cheddar,) = make_variants(3)
    reserve("alice", (cheddar, 2))
    with pytest.raises(OutOfStock):
        adjust_stock(variant_id=cheddar, on_hand=1, reference="count", now=NOON)
    assert stock(cheddar) == (3, 2)


@pytest.mark.django_db
def test_database_itself_refuses_to_oversell() -> None:
    (cheddar,) = make_variants(3)
    with pytest.raises(IntegrityError, match="stock_never_oversold"), transaction.atomic():
        StockRecord.objects.filter(variant_id=cheddar).update(reserved=4)


@pytest.mark.django_db
def test_ledger_cannot_be_rewritten() -> None:
    make_variants(3)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        StockMovement.objects.update(quantity=5)


@pytest.mark.django_db
def test_opening_stock_is_loaded_once() -> None:
    (cheddar,) = make_variants(3)
    again = load_opening_stock(lines=[StockLine(cheddar, 50)], reference="again", now=NOON)
    assert (again, stock(cheddar)) == (0, (3, 0))


def run_together(*jobs: Callable[[], None], around: Sequence[Wrapper] = ()) -> list[str]:
    """Run each job on its own thread and connection; return the names of what they raised."""
    raised: list[str] = []

    def run(job: Callable[[], None]) -> None:
        try:
            with contextlib.ExitStack() as stack:
                for wrapper in around:
                    stack.enter_context(connection.execute_wrapper(wrapper))
                job()
        except OutOfStock as error:
            raised.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


@pytest.fixture
def slow_decision() -> Wrapper:
    """Both buyers have read the stock before either of them writes, if nothing stops them."""
    barrier = threading.Barrier(2)

    def meet() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1)

    return act_before("UPDATE shop_stockrecord record", meet)


@pytest.mark.django_db(transaction=True)
def test_two_buyers_of_the_last_piece_at_once(slow_decision: Wrapper) -> None:
    (cheddar,) = make_variants(1)
    raised = run_together(
        lambda: reserve("alice", (cheddar, 1)),
        lambda: reserve("bob", (cheddar, 1)),
        around=[slow_decision],
    )
    assert raised == ["OutOfStock"]
    assert stock(cheddar) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_without_lock_and_constraint_the_last_piece_is_sold_twice(slow_decision: Wrapper) -> None:
    """The race above is real: with the lock off (and the constraint, the second net) it happens."""
    (cheddar,) = make_variants(1)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_stockrecord DROP CONSTRAINT stock_never_oversold")
    try:
        raised = run_together(
            lambda: reserve("alice", (cheddar, 1)),
            lambda: reserve("bob", (cheddar, 1)),
            around=[slow_decision, read_unlocked("shop_stockrecord")],
        )
        assert raised == []
        assert stock(cheddar) == (1, 2)
    finally:
        StockRecord.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE shop_stockrecord ADD CONSTRAINT stock_never_oversold"
                " CHECK (reserved <= on_hand)"
            )


@pytest.mark.django_db(transaction=True)
def test_one_holder_in_two_tabs_counts_once(slow_decision: Wrapper) -> None:
    (cheddar,) = make_variants(5)
    raised = run_together(
        lambda: reserve("alice", (cheddar, 2)),
        lambda: reserve("alice", (cheddar, 2)),
        around=[slow_decision],
    )
    assert raised == []
    assert stock(cheddar) == (5, 2)


@pytest.mark.django_db(transaction=True)
def test_carts_in_opposite_order_do_not_deadlock() -> None:
    cheddar, gouda = make_variants(100, count=2)
    forward = [
        lambda n=n: reserve(f"alice {n}", (cheddar, 1), (gouda, 1))  # type: ignore[misc]  # default
        for n in range(10)
    ]
    backward = [
        lambda n=n: reserve(f"bob {n}", (gouda, 1), (cheddar, 1))  # type: ignore[misc]  # default
        for n in range(10)
    ]
    assert run_together(*forward, *backward) == []
    assert (stock(cheddar), stock(gouda)) == ((100, 20), (100, 20))
