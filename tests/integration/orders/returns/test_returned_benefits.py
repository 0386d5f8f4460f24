"""What returns give back besides money: points, gifts, codes, limits, shares, delivery."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orders.cart.services.carts import apply_coupon, use_points
from orders.checkout.services.cancelling import cancel_order
from orders.models import Order, OrderLine, TaxRate
from orders.payments.api import RefundPart, refund_order
from orders.refusals import OrderRefused
from orders.returns.api import Finding, receive_return, request_return, settle_return, show_returns
from orders.terms.selectors import forget_terms
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from promotions.models import (
    Campaign,
    Coupon,
    Partner,
    PartnerEntry,
    PartnerShare,
    PointsAccount,
    Redemption,
)
from shop.ground.inventory.models import StockRecord
from tests.factories.loyalty import list_unbalanced_accounts, make_member_shopper, make_terms
from tests.factories.orders import NOON, FakePrices, Shelf, context_of
from tests.factories.parcels import buy, deliver
from tests.factories.promotions import make_campaign, make_gift

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(prices: FakePrices) -> QuoteContext:
    """A member with 1,000 points."""
    make_terms()
    return context_of(make_member_shopper(1_000))


@pytest.fixture
def gift(shelf: Shelf) -> Campaign:
    """A free rye with cheese."""
    return make_gift(shelf.rye, {"categories": [shelf.cheese]}, budget_minor=900)


def send_back(order: OrderView, **pieces: int) -> int:
    """Send pieces back by SKU, have them accepted and restocked; return what was refunded."""
    lines = dict(OrderLine.objects.filter(order_id=order.order_id).values_list("sku", "pk"))
    wanted = [(lines[sku], count) for sku, count in pieces.items()]
    before = Order.objects.get(pk=order.order_id).refunded_minor
    asked = request_return(order_id=order.order_id, lines=wanted, reason="changed_mind", now=NOON)
    receive_return(return_id=asked.return_id, now=NOON)
    found = [Finding(line_id, count, count) for line_id, count in wanted]
    settle_return(return_id=asked.return_id, findings=found, now=NOON)
    return Order.objects.get(pk=order.order_id).refunded_minor - before


def balances() -> tuple[int, int, int, int]:
    assert list_unbalanced_accounts() == []
    member = PointsAccount.objects.get()
    return member.pending, member.available, member.held, member.owed


def shared() -> list[tuple[bool, int]]:
    rows = PartnerEntry.objects.order_by("pk")
    return list(rows.values_list("is_delivery", "partner_minor"))


def test_partial_returns_give_back_points_limits_and_shares(
    alice: QuoteContext, shelf: Shelf
) -> None:
    campaign = make_campaign(
        "tenth", percent="10", code="TENTH", budget_minor=500, uses=3, per_shopper=1
    )
    partner = Partner.objects.create(code="dairy", name="Happy Dairy")
    PartnerShare.objects.create(partner=partner, campaign=campaign, percent=Decimal(50))
    TaxRate.objects.create(
        market_code="us", category_path="@delivery", percent=10, is_included=False, valid_from=NOON
    )
    forget_terms()
    apply_coupon(context=alice, code="TENTH")
    use_points(context=alice, points=250)
    order = buy(alice, {shelf.merlot: 3})
    fee = order.delivery_minor + order.tax_added_minor
    assert (order.discount_minor, order.points_minor) == (270 + 250, 250)
    assert order.total_minor == 2_700 - 270 - 250 + fee
    earned = balances()[0]
    assert (earned, balances()) == (21, (21, 750, 0, 0))
    deliver(order)

    assert send_back(order, MERLOT=1) == 727  # 2,180 for three: 727, 727, 726
    # The first of three pieces takes what does not divide: 250 spent are 84, 83, 83; 21 are 7 each
    assert balances() == (14, 834, 0, 0)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (1, 270)
    assert shared() == [(False, 135), (False, -45)]

    assert send_back(order, MERLOT=2) == 1_453 + fee
    assert balances() == (0, 1_000, 0, 0)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (0, 0)
    assert shared() == [(False, 135), (False, -45), (False, -90)]
    assert Order.objects.get().refunded_minor == order.total_minor
    apply_coupon(context=alice, code="TENTH")  # once per shopper, and that once came back
    again = buy(alice, {shelf.merlot: 1}, key="again")
    assert again.discount_minor == 90


def test_a_gift_may_be_kept_when_everything_else_returns(
    alice: QuoteContext, shelf: Shelf, gift: Campaign
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=300, uses=3)
    partner = Partner.objects.create(code="bakery", name="Bakery")
    PartnerShare.objects.create(partner=partner, campaign=gift, percent=Decimal(50))
    apply_coupon(context=alice, code="HELLO")
    order = buy(alice, {shelf.cheddar: 3})
    deliver(order)
    assert send_back(order, CHEDDAR=1) == 367
    spent = dict(Campaign.objects.values_list("code", "spent_minor"))
    assert spent == {"gift": 300, "hello": 100}
    # all that cost something is back: the delivery, too, and the code; the gift stays used
    assert send_back(order, CHEDDAR=2) == 733 + order.delivery_minor
    assert Order.objects.get().status == "refunded"
    assert Order.objects.get().refunded_minor == order.total_minor
    assert Coupon.objects.get().redeemed == 0
    spent = dict(Campaign.objects.values_list("code", "spent_minor"))
    assert spent == {"gift": 300, "hello": 0}
    used = Redemption.objects.get(campaign=gift)
    assert (used.state, used.came_back_minor, shared()) == ("committed", 0, [(False, 150)])
    assert StockRecord.objects.get(variant_id=shelf.rye).on_hand == 9
    # it may still come back, for no money
    line = next(one for one in show_returns(order_id=order.order_id, now=NOON).lines if one.pieces)
    assert line.sentence.startswith("A gift: please put it in when you send back all")
    assert send_back(order, RYE=1) == 0
    assert StockRecord.objects.get(variant_id=shelf.rye).on_hand == 10
    assert set(Campaign.objects.values_list("spent_minor", flat=True)) == {0}
    assert shared() == [(False, 150), (False, -150)]
    with pytest.raises(OrderRefused):
        send_back(order, RYE=1)


def test_a_returned_gift_frees_its_use(alice: QuoteContext, shelf: Shelf, gift: Campaign) -> None:
    order = buy(alice, {shelf.cheddar: 1})
    deliver(order)
    assert send_back(order, RYE=1, CHEDDAR=1) == order.total_minor
    assert Campaign.objects.get().spent_minor == 0
    assert StockRecord.objects.get(variant_id=shelf.rye).on_hand == 10
    assert Redemption.objects.get().state == "released"


@pytest.mark.parametrize("how", ["refunded", "canceled"])
def test_an_unsent_gift_goes_back_to_stock(
    alice: QuoteContext, shelf: Shelf, gift: Campaign, how: str
) -> None:
    order = buy(alice, {shelf.cheddar: 1})
    cheddar = OrderLine.objects.get(is_gift=False)
    if how == "canceled":
        cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
    else:
        refund_order(
            order_id=order.order_id,
            parts=[RefundPart(cheddar.pk, 1, restocked=1)],
            reason="not there",
            idempotency_key="r",
            now=NOON,
        )
    assert StockRecord.objects.get(variant_id=shelf.rye).on_hand == 10
    assert (Campaign.objects.get().spent_minor, Redemption.objects.get().state) == (0, "released")
    assert Order.objects.get().refunded_minor == order.total_minor
