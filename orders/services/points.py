"""Loyalty points in carts and orders: what is wanted, what is used, what each unit carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from orders.core.settled import SettledLine
from orders.core.totals import LineAmounts
from orders.core.values import CartPoints, Contact
from orders.services.ages import is_restricted
from orders.services.identity import identity_of
from orders.services.rows import OpenCart
from pricing.core.values import QuoteContext
from promotions.core.points import AGE_LIMITED
from promotions.core.values import Evaluation
from promotions.selectors.points_cart import CartGoods, plan_points_of
from promotions.services.points_orders import PointsLine, open_points
from shop.catalog.selectors.places import find_places


def plan_cart_points(
    opened: OpenCart,
    lines: Sequence[SettledLine],
    evaluation: Evaluation,
    context: QuoteContext,
) -> CartPoints | None:
    """Return what the cart earns and what points pay of it; None without a programme.

    No query for guests; one for account holders, two for members.
    """
    sold = [line for line in lines if line.is_sold]
    places = find_places([line.card.variant_id for line in sold])
    member = opened.shopper if opened.shopper and opened.shopper.account_id else None
    found = plan_points_of(
        shopper_id=None if member is None else member.id,
        market_code=context.market,
        goods=[
            CartGoods(
                0 if is_restricted(line.card) else evaluation.totals[line.line_id],
                _earning_places(line, places),
            )
            for line in sold
        ],
        wanted=0 if opened.cart is None else opened.cart.points_wanted,
        bonus=bonus_of(evaluation),
        now=context.now,
    )
    if found is None:
        return None
    plan = found.plan
    by_line = zip(plan.points_by_line, plan.amounts, strict=True)
    return CartPoints(
        is_member=found.is_member,
        earns=found.earns,
        available=found.available,
        pending=found.pending,
        least=found.least,
        usable=found.most.points,
        usable_minor=found.most.amount_minor,
        used=plan.points,
        used_minor=plan.amount_minor,
        reason=plan.reason,
        by_line={line.line_id: part for line, part in zip(sold, by_line, strict=True)},
    )


def open_order_points(
    *,
    number: str,
    shopper_id: int,
    lines: Sequence[tuple[SettledLine, LineAmounts]],
    evaluation: Evaluation,
    contact: Contact,
    now: datetime,
) -> int:
    """Hold the points an order spends and note what it earns; return that. Raises PointsRefused."""
    places = find_places([line.card.variant_id for line, _ in lines])
    return open_points(
        order_ref=number,
        shopper_id=shopper_id,
        lines=[
            PointsLine(
                line=position,
                quantity=line.quantity,
                goods_minor=amounts.subtotal_minor - amounts.discount_minor + amounts.points_minor,
                category_ids=_earning_places(line, places),
                spent=amounts.points,
                spent_minor=amounts.points_minor,
            )
            for position, (line, amounts) in enumerate(lines)
        ],
        identity=identity_of(contact),
        bonus=bonus_of(evaluation),
        now=now,
    )


def bonus_of(evaluation: Evaluation) -> int:
    """Return the points that offers give on top."""
    return sum(grant.points for grant in evaluation.points)


def _earning_places(
    line: SettledLine, places: Mapping[int, tuple[tuple[int, ...], int]]
) -> tuple[int, ...]:
    """Return a line's categories, and what says that its product earns nothing."""
    trail = places[line.card.variant_id][0]
    return (*trail, AGE_LIMITED) if is_restricted(line.card) else trail
