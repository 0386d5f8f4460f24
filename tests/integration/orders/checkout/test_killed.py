"""SIGKILL between any two steps of a sale: nothing is lost, and nothing is done twice.

One order goes its whole way through a real web server and a real worker, and at each of its steps
the one that works is killed: before its transaction commits, in the commit, before Stripe acts,
after it acted, and while its answer is written. The test is shopper, staff and clock: it repeats
what had no answer, and sends the jobs of the schedule when it wants them to run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from orders.models import Order
from orders.payments.models import Payment
from profiles.models import Event
from promotions.models import Campaign, Coupon, PointsAccount, PointsOrder
from shop.ground.inventory.models import StockMovement, StockRecord, StockReservation
from shop.ground.kernel.clock import utc_now
from tests.factories.fake_stripe import FakeStripe
from tests.factories.killed_sales import Sale
from tests.factories.loyalty import list_unbalanced_accounts, make_terms
from tests.factories.orders import make_shelf
from tests.factories.processes import run_processes, wait_until
from tests.factories.promotions import make_campaign


@pytest.fixture
def sale(
    transactional_db: None, fresh_memory: None, stripe: FakeStripe, tmp_path: Path
) -> Iterator[Sale]:
    make_terms()
    shelf = make_shelf()
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=300, uses=3)
    now = utc_now()
    Campaign.objects.update(starts_at=now, ends_at=now + timedelta(days=1))
    with run_processes(stripe, tmp_path) as processes:
        yield Sale(processes, shelf)


@dataclass(frozen=True, slots=True)
class Step:
    """What one person does, the row that it writes, and the books before and after it.

    `whole`: the web server dies with all its processes in the commit.
    """

    act: Callable[[Sale], int]
    table: str
    when: str
    before: str
    after: str
    whole: bool = False


TAKEN = "NEW.state = 'succeeded'"
PLACED = "awaiting_payment"
OPEN = f"{PLACED}, needs_action, requires_payment_method"
PAID = "paid, authorized, requires_capture, event payment_intent.amount_capturable_updated"
SENT = "succeeded, succeeded, event payment_intent.amount_capturable_updated"
STEPS = {
    "place": Step(Sale.place, "orders_order", "true", "", PLACED),
    "pay": Step(
        *(Sale.pay, "orders_payment", "NEW.state = 'needs_action'"),
        *(f"{PLACED}, started, requires_payment_method", OPEN),
    ),
    "pack": Step(
        *(Sale.pack, "orders_shipment", "true", PAID, f"{PAID}, parcel packed"), whole=True
    ),
    "ship": Step(
        *(Sale.ship, "orders_shipment", "NEW.state = 'shipped'"),
        *(f"paid, {SENT}, parcel packed", f"paid, {SENT}, parcel shipped"),
    ),
    "arrive": Step(
        *(Sale.arrive, "orders_shipment", "NEW.state = 'delivered'"),
        *(f"paid, {SENT}, parcel shipped", f"fulfilled, {SENT}, parcel delivered"),
    ),
    "send back": Step(
        *(Sale.send_back, "orders_return", "true", f"fulfilled, {SENT}, parcel delivered"),
        f"fulfilled, {SENT}, parcel delivered, return requested",
    ),
    "receive": Step(
        *(Sale.receive, "orders_return", "NEW.state = 'received'"),
        f"fulfilled, {SENT}, parcel delivered, return requested",
        f"fulfilled, {SENT}, parcel delivered, return received",
    ),
    "inspect": Step(
        *(Sale.inspect, "orders_refund", "true"),
        f"fulfilled, {SENT}, parcel delivered, return received",
        f"fulfilled, {SENT}, parcel delivered, return settled, refund pending",
    ),
}


def die_twice(sale: Sale, name: str) -> None:
    """Do a step while the web server dies before its commit, then in it; then do it once more."""
    step, web = STEPS[name], sale.processes.web
    for at_commit, state in ((False, step.before), (True, step.after)):
        is_whole = step.whole and at_commit
        killing = sale.processes.killed_at_row(
            web, step.table, step.when, at_commit=at_commit, whole=is_whole
        )
        with killing:
            assert step.act(sale) == 0, f"{name}: there was an answer"
        assert sale.state() == state, (name, at_commit)
        sale.processes.wait_for_web()
    assert step.act(sale) in (200, 201, 302, 409), name
    assert sale.state() == step.after, f"{name} again"


def die_at_stripe(sale: Sale, request: str, table: str) -> None:
    """Let the worker die before Stripe acts, after it acted, before it notes that, and in that."""
    worker = sale.processes.worker
    for acted in (False, True):
        with sale.processes.killed_at_request(worker, request, acted=acted, whole=acted):
            sale.settle()
    for at_commit in (False, True):
        with sale.processes.killed_at_row(worker, table, TAKEN, at_commit=at_commit):
            sale.settle()


def place_and_pay(sale: Sale) -> None:
    """The web server dies at Stripe, too, and the only webhook is lost with it."""
    die_twice(sale, "place")
    for acted in (False, True):
        with sale.processes.killed_at_request(
            sale.processes.web, "POST /v1/payment_intents", acted=acted
        ):
            assert sale.pay() == 0
        sale.processes.wait_for_web()
    die_twice(sale, "pay")
    (intent,) = sale.stripe.intents
    sale.stripe.confirm(intent)
    with sale.processes.killed_at_row(
        sale.processes.web, "orders_paymentevent", "true", at_commit=False
    ):
        assert sale.hear() == 0
    sale.finish_outbox()
    lost = f"{PLACED}, needs_action, requires_capture"
    assert sale.state() == lost  # nobody else notices that the money is reserved
    with sale.processes.killed_at_row(
        sale.processes.worker, "orders_order", "NEW.status = 'paid'", at_commit=False
    ):
        sale.reconcile()
    paid = "paid, authorized, requires_capture"
    wait_until(lambda: sale.state() == paid, "the reconciliation, done again by the next worker")
    with sale.processes.killed_at_row(
        sale.processes.web, "orders_paymentevent", "true", at_commit=True
    ):
        assert sale.hear() == 0
    sale.processes.wait_for_web()
    assert (sale.hear(), sale.state()) == (200, PAID)


def pack_and_capture(sale: Sale) -> None:
    die_twice(sale, "pack")
    assert sale.state() == f"{PAID}, parcel packed"  # the commit was kept, the wake-up was lost
    die_at_stripe(sale, "/capture", "orders_payment")
    assert sale.state() == f"paid, {SENT}, parcel packed"


def send_back_and_refund(sale: Sale) -> None:
    sale.processes.forget_jobs()  # one of them would send the refund before its turn
    for name in ("ship", "arrive", "send back", "receive", "inspect"):
        die_twice(sale, name)
    assert sale.stripe.refunds == {}  # the commit was kept, the wake-up was lost
    die_at_stripe(sale, "POST /v1/refunds", "orders_refund")
    settled = f"fulfilled, {SENT}, parcel delivered, return settled, refund succeeded"
    assert sale.state() == f"{settled}, sent back {Order.objects.get().refunded_minor}"


def write_letters(sale: Sale) -> None:
    """The worker dies before a letter is sent, between sending and noting it, and in the commit."""
    Order.objects.update(link_until=utc_now())  # so that the next letter begins with a new link
    for table, when, at_commit in (
        ("orders_order", "NEW.link_until > now()", False),
        ("orders_orderevent", "NEW.kind = 'email_sent'", False),
        ("shop_fact", "NEW.delivered_at IS NOT NULL", True),
    ):
        with sale.processes.killed_at_row(sale.processes.worker, table, when, at_commit=at_commit):
            sale.deliver()
    sale.finish_outbox()


def check_letters(sale: Sale) -> None:
    """Each once, but for the one whose sender died before it was noted: its id says that it is."""
    sent = Counter(sale.letters())
    assert sorted(subject.replace(sale.number, "N") for _, subject in sent) == [
        "A parcel of order N is on its way",
        "A parcel of order N was delivered",
        "Order N is paid",
        "Refund for order N",
        "Your order N",
        "Your return N-R1 has arrived",
        "Your return N-R1 is refunded",
        "Your return N-R1: what to do now",
    ]
    assert sorted(sent.values()) == [*[1] * 7, 2]


def check_books(sale: Sale) -> None:
    """Stock, money, points, limits and profiles: three ryes were bought, and one came back."""
    order, payment = Order.objects.get(), Payment.objects.get()
    (refund,) = sale.stripe.refunds.values()
    assert refund["amount"] == order.refunded_minor == payment.refunded_minor
    assert payment.captured_minor == order.total_minor
    assert sale.stripe.held() == {sale.number: order.total_minor - order.refunded_minor}
    moves = StockMovement.objects.filter(variant_id=sale.shelf.rye).order_by("pk")
    assert [(one.kind, one.quantity) for one in moves] == [
        *(("received", 10), ("sold", -3), ("returned", 1)),
    ]
    stock = StockRecord.objects.get(variant_id=sale.shelf.rye)
    assert (stock.on_hand, stock.reserved) == (8, 0)
    assert not StockReservation.objects.filter(state="held").exists()
    member = PointsAccount.objects.get()
    assert list_unbalanced_accounts() == []
    assert (member.available, member.held, member.owed) == (1_000 - 150 + 50, 0, 0)
    points = PointsOrder.objects.get()
    assert (points.earned, points.reversed, member.pending) == (6, 2, 4)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (1, 100)
    events = Event.objects.filter(kind__in=("purchase", "return")).order_by("kind")
    assert list(events.values_list("kind", "quantity")) == [("purchase", 3), ("return", 1)]


@pytest.mark.slow
def test_a_sale_survives_a_kill_at_each_of_its_steps(sale: Sale) -> None:
    sale.fill()
    place_and_pay(sale)
    pack_and_capture(sale)
    send_back_and_refund(sale)
    write_letters(sale)
    check_letters(sale)
    check_books(sale)
