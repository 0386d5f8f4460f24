"""Points in carts and orders: earned, used, refunded and given back, each to the last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orders.cart.services.carts import add_to_cart, use_points, view_cart
from orders.checkout.services.cancelling import cancel_order, expire_unpaid_orders
from orders.checkout.services.checkout import start_checkout
from orders.models import DeliveryMethod, Order
from orders.payments.api import RefundPart, refund_order
from orders.terms.selectors import forget_terms
from pricing.base.core.values import QuoteContext
from profiles.models import Account, Shopper
from promotions.loyalty.selectors.terms import forget_programme
from promotions.loyalty.services.membership import join_programme
from promotions.loyalty.services.points import Act, PointsRefused, make_available, take_available
from promotions.loyalty.services.points_mail import release_due_points
from promotions.models import Bucket, PointsAccount, PointsEntry, PointsOrder
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.errors import FairtagError
from tests.factories.loyalty import list_unbalanced_accounts, make_terms
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(prices: FakePrices) -> QuoteContext:
    """A member with 1,000 points."""
    make_terms()
    visit = _account_holder("alice@example.com")
    account_id = join_programme(shopper_id=_shopper(visit).pk, market_code="us", now=NOON)
    make_available(
        account_id=account_id,
        act=Act(PointsEntry.Kind.ADJUST, "gift", NOON),
        source=Bucket.ADJUSTED,
        points=1_000,
        expires_at=None,
    )
    return visit


def _account_holder(email: str) -> QuoteContext:
    guest = make_shopper()
    account = Account.objects.create_user(email, "a long password")
    Shopper.objects.filter(pk=guest.id).update(account=account)
    return context_of(replace(guest, account_id=account.pk))


def _shopper(visit: QuoteContext) -> Shopper:
    return Shopper.objects.get(pseudonym=visit.shopper_pseudonym)


def _balances() -> tuple[int, int, int, int]:
    assert list_unbalanced_accounts() == []
    account = PointsAccount.objects.get()
    return account.pending, account.available, account.held, account.owed


def _fill(visit: QuoteContext, shelf: Shelf) -> None:
    """Three cheddars (12.00) and a merlot (9.00): 21.00 of products."""
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=3)
    add_to_cart(context=visit, variant_id=shelf.merlot)


def test_a_cart_says_what_it_earns_and_what_points_pay(alice: QuoteContext, shelf: Shelf) -> None:
    _fill(alice, shelf)
    before = view_cart(context=alice)
    assert before.points is not None
    assert (before.points.earns, before.points.available, before.points.usable) == (
        21,
        1_000,
        1_000,
    )
    view = use_points(context=alice, points=350)
    assert view.points is not None
    assert (view.points.used, view.points.used_minor, view.points.earns) == (350, 350, 17)
    assert view.total_minor == before.total_minor - 350
    assert view.discount_minor == before.discount_minor + 350
    assert sum(line.discount_minor for line in view.lines) == 350


def test_those_without_membership_read_what_they_would_earn(
    alice: QuoteContext, shelf: Shelf
) -> None:
    for visit in (context_of(make_shopper()), _account_holder("bob@example.com")):
        _fill(visit, shelf)
        view = use_points(context=visit, points=500)
        assert view.points is not None
        assert (view.points.is_member, view.points.earns, view.points.used) == (False, 21, 0)
        order = place(visit)
        assert (order.points_earned, order.points_spent) == (0, 0)
    assert not PointsOrder.objects.exists()


def test_points_do_not_take_free_delivery_away(alice: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=alice, variant_id=shelf.merlot, quantity=4)
    assert view_cart(context=alice).total_minor == 3_600
    assert use_points(context=alice, points=1_000).total_minor == 2_600


def test_an_order_with_points_and_offer_refunds_units_exactly(
    alice: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("tenth", percent="10")
    _fill(alice, shelf)
    use_points(context=alice, points=777)
    order = place(alice)
    assert (order.points_spent, order.points_minor, order.points_earned) == (777, 777, 11)
    assert _balances() == (11, 223, 777, 0)
    assert pay(order) == "succeeded"
    assert _balances() == (11, 223, 0, 0)
    money = []
    for line, quantity in ((0, 1), (1, 1), (0, 2)):
        before = Order.objects.get().refunded_minor
        refund_order(
            order_id=order.order_id,
            parts=[RefundPart(order.lines[line].line_id, quantity, restocked=quantity)],
            reason="back",
            idempotency_key=f"back-{line}-{quantity}",
            now=NOON,
        )
        money.append(Order.objects.get().refunded_minor - before)
    assert sum(money) == order.total_minor
    assert _balances() == (0, 1_000, 0, 0)
    assert PointsOrder.objects.get().state == "void"
    assert Order.objects.get().status == "refunded"


def test_an_order_paid_by_points_is_returned_in_parts(alice: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=alice, variant_id=shelf.rye, quantity=2)
    use_points(context=alice, points=600)
    view = view_cart(context=alice)
    order = place(alice, delivery_method="pickup", shown_total_minor=view.total_minor)
    assert (order.total_minor, order.status) == (0, "paid")
    for part in range(2):
        refund_order(
            order_id=order.order_id,
            parts=[RefundPart(order.lines[0].line_id, 1, restocked=1)],
            reason="back",
            idempotency_key=f"back-{part}",
            now=NOON,
        )
        assert _balances() == (0, 700 + 300 * part, 0, 0)
    assert Order.objects.get().status == "refunded"


@pytest.mark.parametrize("how", ["unpaid", "paid", "expired"])
def test_an_order_that_ends_gives_its_points_back(
    alice: QuoteContext, shelf: Shelf, how: str
) -> None:
    _fill(alice, shelf)
    use_points(context=alice, points=500)
    order = place(alice)
    if how == "expired":
        assert expire_unpaid_orders(now=NOON + timedelta(hours=2)) == 1
    else:
        if how == "paid":
            pay(order)
        cancel_order(order_id=order.order_id, reason="changed my mind", now=NOON)
    assert _balances() == (0, 1_000, 0, 0)


def test_points_spent_meanwhile_stop_the_order(
    alice: QuoteContext, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(alice, shelf)
    use_points(context=alice, points=900)
    account = PointsAccount.objects.get()
    take_available(
        account_id=account.pk,
        act=Act(PointsEntry.Kind.ADJUST, "elsewhere", NOON),
        target=Bucket.ADJUSTED,
        points=500,
    )
    with pytest.raises(FairtagError) as refusal:
        place(alice, shown_total_minor=1_699)
    assert refusal.value.code == "total_changed"
    assert not Order.objects.exists()
    assert _balances() == (0, 500, 0, 0)


def test_what_an_order_earned_is_available_after_the_return_window(
    alice: QuoteContext, shelf: Shelf
) -> None:
    _fill(alice, shelf)
    pay(place(alice))
    assert _balances() == (21, 1_000, 0, 0)
    assert release_due_points(now=NOON + timedelta(days=31)) == 1
    assert _balances() == (0, 1_021, 0, 0)


@pytest.mark.parametrize("points", [-1, 10_000_001])
def test_a_number_of_points_nobody_has_is_refused(alice: QuoteContext, points: int) -> None:
    with pytest.raises(FairtagError) as refusal:
        use_points(context=alice, points=points)
    assert refusal.value.code == "bad_points"
    assert issubclass(PointsRefused, FairtagError)


def test_age_restricted_products_earn_no_points_and_take_none(
    alice: QuoteContext, shelf: Shelf
) -> None:
    wine = Category.objects.get(path="drinks")
    Category.objects.filter(pk=wine.pk).update(is_restricted=True)
    forget_catalog()
    forget_programme()
    add_to_cart(context=alice, variant_id=shelf.merlot, quantity=1)
    add_to_cart(context=alice, variant_id=shelf.cheddar, quantity=1)
    seen = view_cart(context=alice)
    assert seen.points is not None
    assert (seen.points.earns, seen.points.usable_minor) == (4, 400)
    used = use_points(context=alice, points=1_000)
    assert used.points is not None
    assert (used.points.used_minor, used.points.earns) == (400, 0)
    place(alice, is_of_age=True)
    assert PointsOrder.objects.get().spent_minor == 400


def test_a_same_day_courier_takes_no_wine(alice: QuoteContext, shelf: Shelf) -> None:
    DeliveryMethod.objects.create(
        market_code="us", code="courier", name="Courier", price_minor=100, needs_address=True
    )
    forget_terms()
    add_to_cart(context=alice, variant_id=shelf.cheddar, quantity=1)
    assert "courier" in {option.code for option in start_checkout(context=alice).options}
    Category.objects.filter(path="drinks").update(is_restricted=True)
    forget_catalog()
    add_to_cart(context=alice, variant_id=shelf.merlot, quantity=1)
    found = start_checkout(context=alice)
    assert "courier" not in {option.code for option in found.options}
    assert found.minimum_age == 21
