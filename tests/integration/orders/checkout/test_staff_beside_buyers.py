"""Buyers beside whatever staff write at that moment: real connections, and nobody is sent away."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import OperationalError, connection, transaction

from orders.cart.services.carts import add_to_cart
from orders.checkout.services.checkout import start_checkout
from orders.models import Order, OrderLine
from orders.payments.core.values import RefundPart
from orders.payments.services.refunds import refund_order
from pricing.api import save_products
from pricing.base.core.values import QuoteContext
from pricing.publishing.services.products import Ask, set_list_prices
from promotions.models import Campaign
from promotions.release.api import move_campaign
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.catalog.selectors.stored import read_products
from shop.ground.catalog.services import archive_product, restore_product
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.models import StockRecord
from shop.ground.inventory.services import OutOfStock, adjust_stock
from shop.ground.kernel.errors import FairtagError
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.factories.promotions import make_campaign
from tests.factories.statements import act_before

BusyShop = tuple[Shelf, FakePrices]
BUYERS, BASKETS, ROUNDS = 5, 6, 8
HELD = 'INSERT INTO "shop_stockreservation"'
_moments = count(1)


def fill(variant_id: int) -> QuoteContext:
    visit = context_of(make_shopper())
    add_to_cart(context=visit, variant_id=variant_id, quantity=1)
    return visit


def meet(*acts: Callable[[], object]) -> list[str]:
    """Run both at once; return which of them the database ended, by the name of its error."""

    def run(act: Callable[[], object]) -> str:
        try:
            act()
        except OperationalError as error:
            return type(error.__cause__).__name__
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


def wait(gate: Barrier) -> None:
    """Wait for the other one, the first time; a second try meets nobody."""
    try:
        gate.wait(10)
    except BrokenBarrierError:
        return
    gate.abort()


def check_out(visit: QuoteContext, gate: Barrier, *, again: bool) -> None:
    """Hold the stock, and go on to the rows that name the variant once staff hold theirs."""
    start = start_checkout if again else start_checkout.__wrapped__  # type: ignore[attr-defined]  # what the decorator wraps
    with connection.execute_wrapper(act_before(HELD, lambda: wait(gate))):
        start(context=visit)


def count_whole(variant_id: int, gate: Barrier) -> None:
    """Count stock after locking the variant for good, as saves of products did."""
    with transaction.atomic():
        list(Variant.objects.select_for_update().filter(pk=variant_id))
        wait(gate)
        adjust_stock(variant_id=variant_id, on_hand=50, reference="a count", now=NOON)


def save_whole(ref: str, variant_id: int, gate: Barrier) -> None:
    """Save a product with a count, as its page does."""
    row = read_products([ref])[ref].row
    with transaction.atomic():
        save_products(products=[replace(row, description="New.")], market="us", now=NOON)
        wait(gate)
        adjust_stock(variant_id=variant_id, on_hand=50, reference="a count", now=NOON)


def test_positive_control_whole_locks_end_one_of_two(busy_shop: BusyShop) -> None:
    rye, gate = busy_shop[0].rye, Barrier(2)
    visit = fill(rye)
    lost = meet(
        lambda: check_out(visit, gate, again=False),
        lambda: count_whole(rye, gate),
    )
    assert lost == ["", "DeadlockDetected"]


def test_whoever_loses_a_deadlock_tries_once_more(busy_shop: BusyShop) -> None:
    rye, gate = busy_shop[0].rye, Barrier(2)
    visit = fill(rye)
    lost = meet(
        lambda: check_out(visit, gate, again=True),
        lambda: try_twice(count_whole)(rye, gate),
    )
    assert lost == ["", ""]
    assert StockRecord.objects.get(variant_id=rye).reserved == 1


def test_a_product_is_saved_beside_a_checkout_of_it(busy_shop: BusyShop) -> None:
    rye, gate = busy_shop[0].rye, Barrier(2)
    ref = Product.objects.get(variants=rye).external_ref
    visit = fill(rye)
    lost = meet(
        lambda: check_out(visit, gate, again=False),
        lambda: save_whole(ref, rye, gate),
    )
    assert lost == ["", ""]
    record = StockRecord.objects.get(variant_id=rye)
    assert (record.on_hand, record.reserved) == (50, 1)


def raise_price(shelf: Shelf) -> None:
    number = next(_moments)
    moment = NOON + timedelta(seconds=number)
    set_list_prices(asks={shelf.rye: Ask(400 + number % 2)}, market="us", now=moment)


def save_list(shelf: Shelf) -> None:
    number = next(_moments)
    rows = [one.row for _ref, one in sorted(read_products(_refs()).items())]
    changed = [replace(row, description=f"Text {number}") for row in rows]
    save_products(products=changed, market="us", now=NOON + timedelta(seconds=number))


def _refs() -> list[str]:
    return list(Product.objects.values_list("external_ref", flat=True))


def count_stock(shelf: Shelf) -> None:
    adjust_stock(variant_id=shelf.rye, on_hand=900, reference="a count", now=NOON)


def give_back(shelf: Shelf) -> None:
    line = OrderLine.objects.filter(order__status="paid").order_by("pk").first()
    if line is not None:
        refund_order(
            order_id=line.order_id,
            parts=[RefundPart(line.pk, 1, restocked=1)],
            reason="broken",
            idempotency_key=f"refund-{line.order_id}",
            now=NOON,
        )


def pause_campaign(shelf: Shelf) -> None:
    campaign = Campaign.objects.get()
    step = "pause" if campaign.status == "live" else "resume"
    move_campaign(campaign_id=campaign.pk, step=step, reason="a test", by_id=None, now=NOON)


def archive(shelf: Shelf) -> None:
    product_id = Variant.objects.values_list("product_id", flat=True).get(pk=shelf.gouda)
    archive_product(product_id=product_id)
    restore_product(product_id=product_id)


WRITES = [raise_price, save_list, count_stock, give_back, pause_campaign, archive]


@pytest.mark.parametrize("write", WRITES)
def test_buyers_meet_no_fault_beside_staff(
    busy_shop: BusyShop, write: Callable[[Shelf], None]
) -> None:
    shelf, _ = busy_shop
    StockRecord.objects.update(on_hand=1_000)
    make_campaign("a", amount_minor=10, budget_minor=10**6)
    forget_catalog()
    products = [shelf.cheddar, shelf.gouda, shelf.rye]
    visits = []
    for number in range(BUYERS * BASKETS):
        visit = context_of(make_shopper())
        for variant_id in (products[number % 3], products[(number + 1) % 3]):
            add_to_cart(context=visit, variant_id=variant_id, quantity=1)
        visits.append(visit)

    def buy(number: int) -> None:
        for visit in visits[number::BUYERS]:
            buy_one(visit)

    def work() -> None:
        for _round in range(ROUNDS):
            write_once(write, shelf)

    lost = meet(*(lambda number=number: buy(number) for number in range(BUYERS)), work)
    assert lost == [""] * (BUYERS + 1)
    assert Order.objects.filter(status__in=["paid", "refunded"]).exists()
    reserved = StockRecord.objects.values_list("reserved", flat=True)
    assert min(reserved) >= 0


def buy_one(visit: QuoteContext) -> None:
    """Buy; what the shop refuses in words (sold out, archived meanwhile) is no fault."""
    try:
        pay(place(visit))
    except (FairtagError, OutOfStock):
        return


def write_once(write: Callable[[Shelf], None], shelf: Shelf) -> None:
    try:
        write(shelf)
    except FairtagError:
        return
