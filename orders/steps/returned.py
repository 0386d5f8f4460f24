"""What returned units give back besides money: points, partners' shares, gifts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.models import Order
from promotions.services.partners import record_partner_returns
from promotions.services.points_orders import ReturnedUnits, return_points


def return_order_points(
    order: Order, returned: Sequence[tuple[int, int, int]], *, now: datetime, is_whole: bool
) -> None:
    """Settle (position, units back before, units back now) with partners and with points.

    `is_whole`: nothing is left of the order, so the delivery goes back as well.
    """
    units = [ReturnedUnits(position, before, more) for position, before, more in returned]
    record_partner_returns(order_ref=order.number, units=units, now=now, is_whole=is_whole)
    return_points(order_ref=order.number, units=units, now=now)
