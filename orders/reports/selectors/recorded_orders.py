"""Orders as the evaluator would have seen their carts: for replays and rehearsals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from orders.cart.models import Cart
from orders.checkout.models import OrderFacts
from orders.order.models import Order, OrderLine
from promotions.engine.api import (
    COUNT_IN,
    SPENT_IN,
    FrozenFacts,
    OrderHistory,
    ShopperFacts,
    asks_history,
    windows_in,
)
from promotions.offers.api import thaw_facts
from shop.ground.catalog.selectors import CostToday
from shop.ground.kernel.clock import utc_now

GONE = (Order.Status.CANCELLED, Order.Status.EXPIRED)
NO_CART = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """A line as it was agreed: the price a piece was quoted at, and what offers took off.

    `cost_minor` is what a piece cost then, in its market today where nobody noted it. A gift is
    worth its quoted price and was not bought.
    """

    line_id: str
    variant_id: int
    name: str
    quantity: int
    quoted_minor: int
    discount_minor: int
    cost_minor: int | None
    adjustments: tuple[dict[str, object], ...]
    public_minor: int = 0
    list_minor: int = 0
    is_gift: bool = False


@dataclass(frozen=True, slots=True)
class RecordedOrder:
    """An order with its lines; what points paid is no discount of an offer.

    `codes` are those that applied, `entered` all that stood in the cart, where it is still known.
    `fee_minor` is what the chosen delivery cost before `delivery_cuts`. `is_member`: had an account
    by then. `personal_cap` is the one it was made under, None before there was any. `facts` is
    what the evaluator was asked, where it was kept with the order.
    """

    order_id: int
    number: str
    shopper_id: int | None
    is_member: bool
    placed_at: datetime
    market_code: str
    channel: str
    region: str
    currency: str
    language: str
    codes: tuple[str, ...]
    delivery_method: str
    lines: tuple[RecordedLine, ...]
    entered: tuple[str, ...] = ()
    fee_minor: int = 0
    delivery_cuts: tuple[dict[str, object], ...] = ()
    personal_cap: int | None = None
    facts: FrozenFacts | None = None

    @property
    def bought(self) -> tuple[RecordedLine, ...]:
        """Return the lines without gifts: what the shopper put into the cart."""
        return tuple(line for line in self.lines if not line.is_gift)


def load_recorded_orders(
    *, market_code: str, since: datetime, until: datetime, limit: int
) -> list[RecordedOrder]:
    """Return orders placed in `[since, until)`, oldest first; of more than `limit` the newest.

    Cancelled and expired ones are left out. Three queries.
    """
    rows = Order.objects.filter(
        market_code=market_code, placed_at__gte=since, placed_at__lt=until
    ).exclude(status__in=GONE)
    newest = list(_with_shopper(rows).order_by("-placed_at", "-id")[:limit])
    return _record(newest[::-1])


def find_recorded_order(order_id: int) -> RecordedOrder | None:
    """Return one order, whatever became of it, with its facts. Four queries."""
    order = next(iter(_record(list(_with_shopper(Order.objects.filter(pk=order_id))))), None)
    return None if order is None else replace(order, facts=_find_facts(order_id))


def _find_facts(order_id: int) -> FrozenFacts | None:
    """Return the facts of an order, None where there are none (any more) or nobody can read them.

    Orders from before facts were kept have none, nor have those of forgotten shoppers.
    """
    seen = OrderFacts.objects.filter(pk=order_id).values_list("seen", flat=True).first()
    try:
        return None if seen is None else thaw_facts(seen)
    except ValueError:
        return None


def find_facts_then(
    orders: Sequence[RecordedOrder], facts: Collection[str], *, now: datetime | None = None
) -> list[ShopperFacts]:
    """Return, for each order, what was known of its shopper's orders when it was placed.

    Whether it was the first, and the windows `facts` name. Segment, tags, tier and groups are not
    kept by day and are left unknown. One query.
    """
    now = now or utc_now()
    shopper_ids = {order.shopper_id for order in orders}
    times, amounts = _earlier_orders(shopper_ids, now, only_first=not asks_history(facts))
    found = []
    for order in orders:
        shopper_id = order.shopper_id
        if shopper_id is None:
            found.append(ShopperFacts(is_member=order.is_member))
            continue
        before = times[shopper_id] < order.placed_at.timestamp()
        past, paid = times[shopper_id][before], amounts[shopper_id][before]
        found.append(
            ShopperFacts(
                shopper_id=shopper_id,
                is_member=order.is_member,
                is_first_order=not len(past),
                history=_history(past, paid, facts, order.placed_at),
            )
        )
    return found


def _with_shopper(rows: QuerySet[Order]) -> QuerySet[Order]:
    return rows.select_related("shopper__account")


def _record(orders: Sequence[Order]) -> list[RecordedOrder]:
    lines: dict[int, list[RecordedLine]] = defaultdict(list)
    rows = OrderLine.objects.filter(order_id__in=[order.pk for order in orders])
    cost = Coalesce("cost_minor", CostToday("variant_id", "order__market_code"))
    for row in rows.annotate(unit_cost=cost).order_by("order_id", "position"):
        lines[row.order_id].append(
            RecordedLine(
                line_id=str(row.position),
                variant_id=row.variant_id,
                name=row.name,
                quantity=row.quantity,
                quoted_minor=row.quoted_minor,
                discount_minor=row.discount_minor - row.points_minor,
                cost_minor=row.unit_cost,
                adjustments=tuple(row.adjustments),
                public_minor=row.public_minor,
                list_minor=row.list_minor,
                is_gift=row.is_gift,
            )
        )
    carts = Cart.objects.filter(pk__in=[order.cart_id for order in orders if order.cart_id])
    entered = dict(carts.exclude(coupon_codes=[]).values_list("pk", "coupon_codes"))
    return [
        _record_order(order, tuple(lines[order.pk]), entered.get(order.cart_id or NO_CART))
        for order in orders
    ]


def _record_order(
    order: Order, lines: tuple[RecordedLine, ...], entered: Sequence[str] | None
) -> RecordedOrder:
    return RecordedOrder(
        order_id=order.pk,
        number=order.number,
        shopper_id=order.shopper_id,
        is_member=_was_member(order),
        placed_at=order.placed_at,
        market_code=order.market_code,
        channel=order.channel,
        region=order.jurisdiction_code,
        currency=order.currency,
        language=order.language,
        codes=tuple(order.coupon_codes),
        delivery_method=order.delivery_method,
        lines=lines,
        entered=tuple(entered or order.coupon_codes),
        fee_minor=order.delivery_minor
        - sum(int(cut["amount_minor"]) for cut in order.delivery_adjustments),
        delivery_cuts=tuple(order.delivery_adjustments),
        personal_cap=order.personal_cap,
    )


def _was_member(order: Order) -> bool:
    account = None if order.shopper is None else order.shopper.account
    return account is not None and account.date_joined <= order.placed_at


def _earlier_orders(
    shopper_ids: Collection[int | None], now: datetime, *, only_first: bool
) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Return moments (seconds) and paid amounts of every order of the shoppers, or of the first."""
    known = [one for one in shopper_ids if one is not None]
    rows = Order.objects.filter(shopper_id__in=known, placed_at__lt=now).exclude(status__in=GONE)
    moments: dict[int, list[float]] = {one: [] for one in known}
    paid: dict[int, list[int]] = {one: [] for one in known}
    rows = rows.order_by("shopper_id", "placed_at")
    rows = rows.distinct("shopper_id") if only_first else rows
    columns = ("shopper_id", "placed_at", "total_minor", "refunded_minor")
    for shopper_id, placed_at, total, refunded in rows.values_list(*columns):
        moments[shopper_id].append(placed_at.timestamp())
        paid[shopper_id].append(total - refunded)
    return (
        {key: np.array(values, dtype=np.float64) for key, values in moments.items()},
        {key: np.array(values, dtype=np.int64) for key, values in paid.items()},
    )


def _history(
    past: np.ndarray, paid: np.ndarray, facts: Collection[str], at: datetime
) -> OrderHistory | None:
    if not asks_history(facts):
        return None
    begins = {
        days: (at - timedelta(days=days)).timestamp()
        for days in (*windows_in(facts, COUNT_IN), *windows_in(facts, SPENT_IN))
    }
    last = datetime.fromtimestamp(float(past[-1]), at.tzinfo) if len(past) else None
    return OrderHistory(
        last_at=last,
        counts={days: int((past > since).sum()) for days, since in begins.items()},
        spent_minor={days: int(paid[past > since].sum()) for days, since in begins.items()},
    )
