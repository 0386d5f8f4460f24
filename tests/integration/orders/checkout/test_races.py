"""Several shoppers at once, on real connections: never one piece too many, never one too few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier

from django.db import OperationalError, connection, transaction

from orders.cart.services.carts import add_to_cart, view_cart
from orders.checkout.services.cancelling import cancel_order
from orders.checkout.services.checkout import start_checkout
from orders.checkout.services.idempotency import IdempotencyInFlight
from orders.checkout.services.placing import place_order
from orders.models import Cart, Order, OrderLine
from orders.payments.api import confirm_payment, start_payment
from orders.payments.models import Payment
from pricing.base.core.values import QuoteContext
from promotions.models import Campaign, Coupon
from shop.ground.inventory.models import StockMovement, StockRecord
from shop.ground.inventory.services import OutOfStock
from shop.ground.kernel.errors import FairtagError
from tests.factories.orders import (
    BOB_AT_HOME,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    pay,
    place,
)
from tests.factories.promotions import make_campaign
from tests.factories.statements import read_unlocked

WORKERS = 8
BusyShop = tuple[Shelf, FakePrices]


def _in_parallel[Result](jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    def run(job: Callable[[], Result]) -> Result:
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, jobs))


def _fill(variants: dict[int, int]) -> QuoteContext:
    visit = context_of(make_shopper())
    for variant_id, quantity in variants.items():
        add_to_cart(context=visit, variant_id=variant_id, quantity=quantity)
    return visit


def _buy(visit: QuoteContext) -> bool:
    """Check out, order and pay; False if it was sold out. Anything else is an error."""
    try:
        order = place(visit)
    except OutOfStock:
        return False
    return pay(order) == "succeeded"


def _sold(variant_id: int) -> int:
    moves = StockMovement.objects.filter(variant_id=variant_id, kind="sold")
    return -sum(moves.values_list("quantity", flat=True))


def test_ten_pieces_make_ten_orders_whoever_comes(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    visits = [_fill({shelf.rye: 1}) for _ in range(60)]
    won = _in_parallel([lambda visit=visit: _buy(visit) for visit in visits])
    assert won.count(True) == 10
    assert (_sold(shelf.rye), StockRecord.objects.get(variant_id=shelf.rye).on_hand) == (10, 0)
    assert Order.objects.filter(status="paid").count() == 10


def test_the_last_piece_has_one_winner_each_time(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    for _ in range(15):
        StockRecord.objects.filter(variant_id=shelf.merlot).update(on_hand=1, reserved=0)
        duel = [_fill({shelf.merlot: 1}) for _ in range(2)]
        start = Barrier(2)

        def fight(visit: QuoteContext, start: Barrier = start) -> bool:
            start.wait(5)
            return _buy(visit)

        won = _in_parallel([lambda visit=visit: fight(visit) for visit in duel])
        assert sorted(won) == [False, True]


def test_positive_control_without_locks_stock_is_oversold(busy_shop: BusyShop) -> None:
    """The race is real on this machine: counting first and writing later sells too much."""
    shelf, _ = busy_shop
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE shop_stockrecord DROP CONSTRAINT stock_never_oversold")
    try:
        visits = [_fill({shelf.rye: 1}) for _ in range(40)]
        _in_parallel([lambda visit=visit: _hold_unlocked(visit) for visit in visits])
        assert StockRecord.objects.get(variant_id=shelf.rye).reserved > 10
    finally:
        StockRecord.objects.update(reserved=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE shop_stockrecord ADD CONSTRAINT stock_never_oversold"
                " CHECK (reserved <= on_hand)"
            )


def _hold_unlocked(visit: QuoteContext) -> bool:
    try:
        with connection.execute_wrapper(read_unlocked("shop_stockrecord", seconds=0.005)):
            start_checkout(context=visit)
    except OutOfStock:
        return False
    return True


def test_carts_of_many_goods_in_any_order_never_deadlock(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    products = [shelf.cheddar, shelf.gouda, shelf.rye, shelf.merlot]
    StockRecord.objects.update(on_hand=1_000)
    make_campaign("a", amount_minor=10, code="AAA", budget_minor=10**6)
    make_campaign("b", amount_minor=10, code="BBB", budget_minor=10**6)
    rng = Random(5)
    visits = []
    for _ in range(40):
        visits.append(_fill(dict.fromkeys(rng.sample(products, rng.randint(2, 4)), 1)))
        codes = rng.sample(["AAA", "BBB"], 2)
        Cart.objects.filter(shopper__pseudonym=visits[-1].shopper_pseudonym).update(
            coupon_codes=codes
        )

    def buy_and_maybe_cancel(n: int, visit: QuoteContext) -> bool:
        order = place(visit)
        bought = pay(order) == "succeeded"
        if n % 3 == 0:
            cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
        return bought

    jobs = [
        lambda n=n, visit=visit: buy_and_maybe_cancel(n, visit) for n, visit in enumerate(visits)
    ]
    assert all(_in_parallel(jobs))
    kept = OrderLine.objects.filter(order__status="paid")
    for variant_id in products:
        record = StockRecord.objects.get(variant_id=variant_id)
        assert (record.on_hand, record.reserved) == (
            1_000 - kept.filter(variant_id=variant_id).count(),
            0,
        )
    uses = Order.objects.filter(status="paid").count()
    assert set(Coupon.objects.values_list("redeemed", flat=True)) == {uses}
    assert set(Campaign.objects.values_list("spent_minor", flat=True)) == {uses * 10}


def test_positive_control_locks_in_opposite_order_do_deadlock(busy_shop: BusyShop) -> None:
    """Sorting the locks is what keeps the test above quiet: unsorted they meet head-on."""
    shelf, _ = busy_shop
    meet = Barrier(2)

    def lock(first: int, second: int) -> str:
        try:
            with transaction.atomic():
                StockRecord.objects.select_for_update().get(variant_id=first)
                meet.wait(5)
                StockRecord.objects.select_for_update().get(variant_id=second)
        except OperationalError as error:
            return "deadlock" if "deadlock detected" in str(error) else "other"
        return "fine"

    pair = (shelf.rye, shelf.gouda)
    ends = _in_parallel([lambda: lock(*pair), lambda: lock(*reversed(pair))])
    assert sorted(ends) == ["deadlock", "fine"]


def test_a_button_pressed_ten_times_makes_one_order(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    visit = _fill({shelf.rye: 1})
    start_checkout(context=visit)
    total = view_cart(context=visit).total_minor

    def press() -> str:
        for _ in range(200):
            try:
                order = place_order(
                    context=visit,
                    idempotency_key="button",
                    contact=BOB_AT_HOME,
                    delivery_method="standard",
                    shown_total_minor=total,
                )
            except IdempotencyInFlight:
                continue
            pay(order, key="button:pay")
            return order.number
        return "never"

    numbers = set(_in_parallel([press] * 10))
    assert numbers == {Order.objects.get().number}
    assert Payment.objects.get().state == "succeeded"
    assert _sold(shelf.rye) == 1


def test_two_keys_for_one_cart_are_one_order(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    visit = _fill({shelf.rye: 1})
    start_checkout(context=visit)

    def press(key: str) -> str:
        try:
            return place(visit, key=key, shown_total_minor=799).number
        except FairtagError as refusal:
            return refusal.code

    answers = _in_parallel([lambda n=n: press(f"tab-{n}") for n in range(6)])
    assert answers.count("cart_empty") == 5
    assert Order.objects.count() == 1


def test_paying_and_cancelling_at_once_ends_whole(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    for n in range(8):
        order = place(_fill({shelf.rye: 1}), key=f"k{n}")
        step = start_payment(
            order_id=order.order_id, method="sandbox-secure", idempotency_key=f"p{n}", now=NOON
        )
        meet = Barrier(2)

        def confirm(step=step, meet=meet) -> str:  # noqa: ANN001  # bound for this round
            meet.wait(5)
            return confirm_payment(
                payment_id=step.payment_id,
                action_token=step.action_token,
                approved=True,
                now=NOON,
            ).state

        def cancel(order=order, meet=meet) -> str:  # noqa: ANN001  # bound for this round
            meet.wait(5)
            return cancel_order(order_id=order.order_id, reason="shopper", now=NOON).status

        _in_parallel([confirm, cancel])
        assert Order.objects.get(pk=order.order_id).status == "cancelled"
        assert Payment.objects.get(pk=step.payment_id).state == "refunded"
    record = StockRecord.objects.get(variant_id=shelf.rye)
    assert (record.on_hand, record.reserved) == (10, 0)


def test_two_tabs_adding_at_once_share_one_cart(busy_shop: BusyShop) -> None:
    shelf, _ = busy_shop
    visit = context_of(make_shopper())
    products = [shelf.rye, shelf.gouda, shelf.rye, shelf.cheddar, shelf.rye]
    _in_parallel([lambda v=v: add_to_cart(context=visit, variant_id=v) for v in products])
    cart = view_cart(context=visit)
    assert {line.card.name: line.quantity for line in cart.lines} == {
        "Rye": 3,
        "Gouda": 1,
        "Cheddar": 1,
    }
    assert (Cart.objects.count(), cart.version) == (1, 5)
