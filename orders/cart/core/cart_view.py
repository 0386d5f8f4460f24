"""From settled lines and an evaluation to the cart as every door shows it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orders.cart.core.stages import CartHead, SettledLine, gift_line_id
from orders.order.core import LineAmounts, Totals, check_ledger, sum_totals
from orders.terms.core import Method, TaxTable, choose_option, price_options, tax_on
from orders.values import CartLineView, CartPoints, CartView, DeliveryOption, Notice
from orders.wording import say_hour, say_notice
from promotions.engine.api import Adjustment, AwardedGift, Evaluation
from shop.ground.kernel.errors import FairtagError


class UnknownDelivery(FairtagError):
    """There is no such way of delivery in this market."""

    code = "unknown_delivery"


@dataclass(frozen=True, slots=True)
class Valued:
    """A cart with all sums: what view, checkout and order are made from."""

    view: CartView
    amounts: Mapping[str, LineAmounts]
    totals: Totals
    options: tuple[DeliveryOption, ...]


def value_lines(
    head: CartHead,
    lines: Sequence[SettledLine],
    evaluation: Evaluation,
    *,
    taxes: TaxTable,
    methods: Sequence[Method],
    delivery_code: str | None,
    points: CartPoints | None = None,
) -> Valued:
    """Return the cart with every sum; the ledger is checked. Raises UnknownDelivery.

    Delivery is free from a worth of products at the price for everybody: whatever makes products
    cheaper (a personal price, an offer, points) never makes delivery dearer.
    """
    by_line = _group_by_line(evaluation)
    paid = {} if points is None else points.by_line
    amounts = {
        line.line_id: _amounts(line, by_line[line.line_id], paid.get(line.line_id, (0, 0)), taxes)
        for line in lines
    }
    products = sum(line.full_minor for line in lines)
    options: tuple[DeliveryOption, ...] = ()
    if lines:
        options = price_options(methods, products, taxes, head.language, cuts=evaluation.deliveries)
    delivery = choose_option(options, delivery_code)
    if lines and delivery_code is not None and delivery is None:
        raise UnknownDelivery("There is no such way of delivery.", delivery=delivery_code)
    totals = sum_totals(amounts.values(), delivery)
    check_ledger(totals, amounts.values())
    views = tuple(
        _line_view(
            line,
            amounts[line.line_id],
            tuple(by_line[line.line_id]),
            (*_notices(line, head), *_floor_notices(line, head, evaluation)),
        )
        for line in lines
    )
    return Valued(
        view=replace(_cart_view(head, views, evaluation, totals, delivery), points=points),
        amounts=amounts,
        totals=totals,
        options=options,
    )


def _group_by_line(evaluation: Evaluation) -> dict[str, list[Adjustment]]:
    by_line: dict[str, list[Adjustment]] = defaultdict(list)
    for adjustment in (*evaluation.adjustments, *map(_gift_adjustment, evaluation.gifts)):
        by_line[adjustment.line_id].append(adjustment)
    return by_line


def _gift_adjustment(gift: AwardedGift) -> Adjustment:
    return Adjustment(
        offer_id=gift.offer_id,
        campaign_id=gift.campaign_id,
        line_id=gift_line_id(gift.variant_id),
        amount_minor=-gift.value_minor,
        reason_code=gift.reason_code,
        label=gift.label,
        coupon_code=gift.coupon_code,
        revision=gift.revision,
        law_label=gift.law_label,
    )


def _amounts(
    line: SettledLine,
    adjustments: Sequence[Adjustment],
    paid: tuple[int, int],
    taxes: TaxTable,
) -> LineAmounts:
    points, points_minor = paid
    discount = points_minor - sum(adjustment.amount_minor for adjustment in adjustments)
    rate = taxes.rate_for(line.card.category_path, line.card.tax_class)
    tax = tax_on(line.subtotal_minor - discount, rate)
    return LineAmounts(line.subtotal_minor, discount, tax, points, points_minor)


def _line_view(
    line: SettledLine,
    amounts: LineAmounts,
    adjustments: tuple[Adjustment, ...],
    notices: tuple[Notice, ...],
) -> CartLineView:
    return CartLineView(
        line_id=line.line_id,
        card=line.card,
        quantity=line.quantity,
        price=line.price,
        subtotal_minor=amounts.subtotal_minor,
        discount_minor=amounts.discount_minor,
        total_minor=amounts.total_minor,
        tax_minor=amounts.tax.tax_minor,
        adjustments=adjustments,
        notices=notices,
        is_gift=line.is_gift,
    )


def _cart_view(
    head: CartHead,
    lines: tuple[CartLineView, ...],
    evaluation: Evaluation,
    totals: Totals,
    delivery: DeliveryOption | None,
) -> CartView:
    personal = [line.price for line in lines if line.price.is_personal]
    return CartView(
        cart_id=head.cart_id,
        version=head.version,
        currency=head.currency,
        lines=lines,
        subtotal_minor=totals.subtotal_minor,
        discount_minor=totals.discount_minor,
        tax_minor=totals.tax_minor,
        tax_added_minor=totals.tax_added_minor,
        delivery=delivery,
        total_minor=totals.total_minor,
        offers=evaluation.applied,
        coupon_codes=head.coupon_codes,
        rejected=tuple(each for each in evaluation.rejected if each.code is not None),
        hints=evaluation.hints,
        notices=(
            *(notice for line in lines for notice in line.notices),
            *(
                Notice("offer_partly", one.message, quantity=one.units, offer_id=one.offer_id)
                for one in evaluation.partly_given
            ),
        ),
        has_personal_price=bool(personal),
        label=personal[0].label if personal else "",
    )


def _notices(line: SettledLine, head: CartHead) -> list[Notice]:
    if not line.is_sold:
        return [_notice("unavailable", line, head, blocks_checkout=True)]
    found = []
    if line.settled.change:
        rose = line.settled.change == "rose"
        found.append(
            _notice(
                f"price_{line.settled.change}",
                line,
                head,
                was_minor=line.settled.was_minor,
                now_minor=line.price.quoted_minor,
                needs_consent=rose,
                blocks_checkout=rose,
            )
        )
    elif line.settled.kept_until is not None:
        found.append(
            _notice(
                "price_kept",
                line,
                head,
                was_minor=line.settled.was_minor,
                now_minor=line.price.quoted_minor,
                until=line.settled.kept_until,
            )
        )
    if line.free <= 0:
        found.append(_notice("sold_out", line, head, quantity=0, blocks_checkout=True))
    elif line.free < line.quantity:
        found.append(_notice("only_left", line, head, quantity=line.free, blocks_checkout=True))
    return found


def _floor_notices(line: SettledLine, head: CartHead, evaluation: Evaluation) -> list[Notice]:
    return [
        Notice(
            code="offer_at_floor",
            message=say_notice(
                "offer_at_floor",
                language=head.language,
                currency=head.currency,
                name=line.card.name,
                offer=one.label,
            ),
            line_id=line.line_id,
            offer_id=one.offer_id,
        )
        for one in evaluation.floored
        if one.line_id == line.line_id
    ]


def _notice(
    code: str,
    line: SettledLine,
    head: CartHead,
    *,
    was_minor: int | None = None,
    now_minor: int | None = None,
    quantity: int | None = None,
    until: datetime | None = None,
    needs_consent: bool = False,
    blocks_checkout: bool = False,
) -> Notice:
    message = say_notice(
        code,
        language=head.language,
        currency=head.currency,
        name=line.card.name,
        was_minor=was_minor or 0,
        now_minor=now_minor or 0,
        count=quantity or 0,
        until="" if until is None else say_hour(until, head.time_zone, head.language),
    )
    return Notice(
        code=code,
        message=message,
        line_id=line.line_id,
        was_minor=was_minor,
        now_minor=now_minor,
        quantity=quantity,
        until=until,
        needs_consent=needs_consent,
        blocks_checkout=blocks_checkout,
    )


MAX_QUANTITY = 99
MAX_LINES = 100
MAX_POINTS = 10_000_000
CART_LIVES = timedelta(days=30)
HOLD = timedelta(minutes=60)
SHORT_HOLD = timedelta(minutes=15)  # of what is scarce, or more than one's share


def merged_quantity(mine: int, theirs: int) -> int:
    """Return how many of a variant a merged cart holds.

    The larger of both: a shopper who put the same thing in twice, before and after the login,
    wants it once.

    >>> merged_quantity(1, 2)
    2
    """
    return min(MAX_QUANTITY, max(mine, theirs))
