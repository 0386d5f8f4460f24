"""What the form of a product does with doubtful prices: show, have confirmed, hand in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.api import SecondPersonNeeded
from pricing.publishing.core.values import Doubt, Meant
from shop.doors.backoffice.products.products import Draft, save_draft
from shop.doors.product_lists.api import ListRefused, ask_for_prices, say_doubt
from shop.ground.catalog.core.loading import VariantRow
from shop.ground.catalog.selectors import get_market, home_market
from shop.ground.catalog.selectors.editing import EditedProduct
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.database.retrying import try_twice


def show_doubts(doubts: Sequence[Doubt]) -> list[str]:
    """Return doubtful prices, each with what speaks against it."""
    currencies = list_currencies()
    return [say_doubt(one, currencies[one.price.market]) for one in doubts]


@try_twice
@transaction.atomic
def save_or_ask(
    draft: Draft,
    known: EditedProduct | None,
    revision: int,
    *,
    meant: Meant,
    by_id: int,
    now: datetime,
) -> tuple[Draft, int | None]:
    """Save a product; return what is saved and the list by which a second person is asked for its
    prices below cost.

    Those stay as they are until then. Raises what `save_draft` raises, and ListRefused for a new
    variant below cost.
    """
    try:
        with transaction.atomic():
            save_draft(draft, known, revision, now, meant=meant)
    except SecondPersonNeeded as needed:
        below = {one.price.sku: one.price for one in needed.doubts}
        if any(one.present_minor is None for one in below.values()):
            raise ListRefused(
                _("A new variant below its cost needs a second person: import it with a list.")
            ) from needed
        kept = [_keep_price(draft, sku, one.present_minor or 0) for sku, one in below.items()]
    else:
        return draft, None
    variants = {row.ref: row for row in draft.product.variants} | {row.ref: row for row in kept}
    product = replace(draft.product, variants=tuple(variants.values()))
    rest = replace(meant, count=meant.count - len(below))
    saved = replace(draft, product=product)
    save_draft(saved, known, revision, now, meant=rest)
    return saved, ask_for_prices(
        {sku: one.price_minor for sku, one in below.items()},
        currency=get_market(home_market()).currency,
        reason=meant.reason,
        by_id=by_id,
        now=now,
    )


def _keep_price(draft: Draft, sku: str, present_minor: int) -> VariantRow:
    row = next(one for one in draft.product.variants if one.sku == sku)
    return replace(row, list_minor=present_minor)
