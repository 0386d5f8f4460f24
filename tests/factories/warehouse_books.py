"""What must hold of pieces, money, points and limits after any step of the warehouse machine."""

from __future__ import annotations

from django.db.models import Sum
from hypothesis.stateful import RuleBasedStateMachine, invariant

from orders.fulfilment.api import HANDED_OUT, list_left
from orders.fulfilment.models import ShipmentLine
from orders.models import Order, OrderLine
from orders.returns.models import ReturnLine
from promotions.coupons.core import share_of_units
from promotions.models import Campaign, Coupon, PointsOrder, Redemption
from shop.ground.inventory.models import StockMovement, StockRecord
from tests.factories.loyalty import list_unbalanced_accounts
from tests.factories.payment_rules import held_by


class WarehouseBooks(RuleBasedStateMachine):
    """The ledgers of a machine that keeps the ids of its products, sixty pieces each."""

    goods: list[int]

    @invariant()
    def nothing_is_packed_that_was_not_bought(self) -> None:
        for line in OrderLine.objects.all():
            live = ShipmentLine.objects.filter(line=line).exclude(shipment__state="cancelled")
            packed = live.aggregate(sum=Sum("quantity"))["sum"] or 0
            assert packed == line.packed_quantity <= line.quantity
            out = live.filter(shipment__state__in=HANDED_OUT).aggregate(sum=Sum("quantity"))
            claims = ReturnLine.objects.filter(line=line).exclude(item__state="withdrawn")
            claimed = claims.aggregate(sum=Sum("quantity"))["sum"] or 0
            assert line.taken_back_quantity <= claimed <= (out["sum"] or 0)

    @invariant()
    def money_back_is_what_the_pieces_cost(self) -> None:
        for order in Order.objects.prefetch_related("lines", "payments", "refunds", "returns"):
            given = sum(refund.amount_minor for refund in order.refunds.all())
            assert given == order.refunded_minor <= order.total_minor
            (payment,) = order.payments.all()
            assert payment.refunded_minor == order.refunded_minor <= payment.amount_minor
            assert held_by(payment) == order.total_minor - order.refunded_minor
            returned = sum(each.refunded_minor for each in order.returns.all())
            assert returned <= order.refunded_minor
            assert is_left(order) == (order.status not in ("refunded", "cancelled"))
            assert (order.refunded_minor < order.total_minor) == is_left(order)

    @invariant()
    def stock_is_the_sum_of_its_movements(self) -> None:
        for good in self.goods:
            moves = StockMovement.objects.filter(variant_id=good)
            on_hand = moves.aggregate(sum=Sum("quantity"))["sum"]
            assert StockRecord.objects.get(variant_id=good).on_hand == on_hand
            lines = OrderLine.objects.filter(variant_id=good).aggregate(sum=Sum("quantity"))
            back = moves.filter(kind="returned").aggregate(sum=Sum("quantity"))["sum"] or 0
            assert on_hand == 60 - (lines["sum"] or 0) + back

    @invariant()
    def points_follow_the_pieces(self) -> None:
        assert list_unbalanced_accounts() == []
        orders = {one.number: one for one in Order.objects.prefetch_related("lines")}
        for points in PointsOrder.objects.all():
            lines = orders[points.order_ref].lines.all()
            back = {line.position: line.refunded_quantity for line in lines}
            spent, earned = (
                sum(
                    share_of_units(row[name], row["quantity"], before=0, more=back[row["line"]])
                    for row in points.lines
                )
                for name in ("spent", "earned")
            )
            assert (points.returned, points.reversed) == (spent, earned)

    @invariant()
    def limits_are_free_when_nothing_is_left(self) -> None:
        uses = list(Redemption.objects.all())
        live = [use for use in uses if use.state == "committed"]
        assert Coupon.objects.get().redeemed == sum(bool(use.coupon_id) for use in live) <= 2
        for campaign in Campaign.objects.all():
            spent = sum(use.amount_minor for use in live if use.campaign_id == campaign.pk)
            assert campaign.spent_minor == spent <= (campaign.budget_minor or 0)
        orders = {one.number: one for one in Order.objects.prefetch_related("lines")}
        for use in uses:
            is_kept = is_left(orders[use.order_ref], is_gift=use.coupon_id is None)
            assert (use.state == "committed") == is_kept

    @invariant()
    def an_order_is_fulfilled_when_nothing_is_left(self) -> None:
        for order in Order.objects.filter(status__in=("paid", "fulfilled")):
            under_way = order.shipments.filter(state__in=("packed", "ready", "shipped")).exists()
            arrived = order.shipments.filter(state="delivered").exists()
            is_done = arrived and not under_way and not list_left(order.pk)
            assert is_done == (order.status == "fulfilled")


def is_left(order: Order, *, is_gift: bool = False) -> bool:
    """Return whether a piece that was bought, or also a gift, is not back."""
    lines = [line for line in order.lines.all() if is_gift or not line.is_gift]
    return any(line.refunded_quantity < line.quantity for line in lines)
