"""Freeze with an order what the evaluator was asked, and forget it in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from orders.models import Order, OrderFacts
from orders.services.valuation import Valuation
from promotions.core.freezing import freeze_facts

# As long as visits are kept: what was inferred of a shopper is not kept as long as their orders
KEEP_FACTS = timedelta(days=400)


def keep_facts(order: Order, valuation: Valuation) -> None:
    """Write down what the evaluator was asked, in the order's transaction. One query."""
    seen = freeze_facts(valuation.asked, [line.line_id for line in valuation.lines])
    OrderFacts.objects.bulk_create([OrderFacts(order=order, seen=seen, at=order.placed_at)])


def forget_old_facts(*, now: datetime) -> int:
    """Delete the facts of orders placed more than `KEEP_FACTS` ago; return how many."""
    return OrderFacts.objects.filter(at__lt=now - KEEP_FACTS).delete()[0]
