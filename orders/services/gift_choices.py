"""The shopper's choice among the gifts of an offer."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from orders.core.refusals import CartRefused
from orders.core.values import CartView
from orders.metrics import cart_changes_total
from orders.services.rows import count_version, lock_cart
from orders.services.valuation import Valuation, value_cart
from pricing.core.values import QuoteContext

MOST_CHOICES = 20


@transaction.atomic
def choose_gift(
    *, context: QuoteContext, offer_id: int, variant_id: int | None, version: int | None = None
) -> CartView:
    """Take this variant of the gifts of an offer; None: whatever the offer gives first.

    The choice is kept while the cart lives and holds again whenever the cart earns the gift.
    Raises CartRefused (no_such_gift: the offer gives nothing with this cart; gift_gone: it gives
    something, but not this any more), CartChanged.
    """
    opened = lock_cart(context, version=version)
    if opened.cart is None:
        raise CartRefused("The cart is empty.", code="cart_empty")
    kept = {key: each for key, each in opened.cart.gift_choices.items() if key != str(offer_id)}
    if variant_id is not None:
        kept = dict(list(kept.items())[1 - MOST_CHOICES :]) | {str(offer_id): variant_id}
    if kept == opened.cart.gift_choices:
        return value_cart(opened, context).valued.view
    opened.cart.gift_choices = kept
    valuation = value_cart(opened, context)
    if variant_id is not None:
        _check_given(valuation, offer_id, variant_id)
    count_version(opened, context.now)
    cart_changes_total.labels(kind="gift").inc()
    return replace(valuation.valued.view, version=opened.cart.version)


def _check_given(valuation: Valuation, offer_id: int, variant_id: int) -> None:
    given = {gift.offer_id: gift.variant_id for gift in valuation.evaluation.gifts}
    if offer_id not in given:
        raise CartRefused(
            "This offer gives nothing with what is in your cart now.", code="no_such_gift"
        )
    if given[offer_id] != variant_id:
        raise CartRefused(
            "A gift you chose is gone. Please choose again.", code="gift_gone", offer_ids=[offer_id]
        )
