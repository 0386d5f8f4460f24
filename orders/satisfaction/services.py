"""Keep and forget what buyers say about an order."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.order.models import Order
from orders.refusals import OrderNotFound, OrderRefused
from orders.satisfaction.core import HIGHEST, LONGEST_WORDS, LOWEST
from orders.satisfaction.models import OrderRating
from orders.satisfaction.selectors import Rating, is_rateable


@transaction.atomic
def rate_order(*, order_id: int, score: int, words: str | None = None, now: datetime) -> Rating:
    """Keep the answer to "How was this order?"; a later one replaces it. `words` None keeps those
    that are there.

    Raises OrderRefused (not_rateable: nothing of it has arrived; bad_score; words_long),
    OrderNotFound.
    """
    if not LOWEST <= score <= HIGHEST:
        raise OrderRefused(_("Choose one of the five answers."), code="bad_score")
    if words is not None and len(words.strip()) > LONGEST_WORDS:
        said = _("Write at most %(n)s characters.") % {"n": LONGEST_WORDS}
        raise OrderRefused(said, code="words_long")
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound("There is no such order.")
    if not is_rateable(order.status, set(order.shipments.values_list("state", flat=True))):
        raise OrderRefused(
            _("You can say how it was once something of the order has arrived."),
            code="not_rateable",
        )
    kept: dict[str, object] = {"score": score, "rated_at": now}
    if words is not None:
        kept["words"] = words.strip()
    row, _made = OrderRating.objects.update_or_create(order=order, defaults=kept)
    return Rating(row.score, row.words, row.rated_at)


def forget_ratings(order_ids: Collection[int]) -> None:
    """Delete the answers about these orders. Safe to run twice."""
    OrderRating.objects.filter(pk__in=order_ids).delete()
