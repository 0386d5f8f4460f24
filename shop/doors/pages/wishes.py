"""The wish list, and letters about sold-out products that are back."""

from __future__ import annotations

from profiles.wishes.api import (
    ask_restock,
    ask_restock_by_mail,
    drop_restock,
    drop_saved,
    list_awaited,
    list_saved,
    save_variant,
)
from shop.doors.pages.cards import join_cards, quote_page
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor, add_offers, find_member_id
from shop.doors.pages.values import ProductCard
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import ProductNotFound, get_product, list_cards


def saved(ctx: PageContext, visitor: Visitor) -> tuple[ProductCard, ...]:
    """Return the saved variants as cards, the newest first, each just as it was saved.

    What is no longer sold has no price and is left out.
    """
    shopper = visitor.find()
    variant_ids = [] if shopper is None else list_saved(shopper.id)
    prices = quote_page(ctx, variant_ids, "saved")
    return add_offers(ctx, join_cards(list_cards(variant_ids, ctx.language), prices), visitor)


def keep(ctx: PageContext, shopper_id: int, variant_id: int, *, is_saved: bool) -> int:
    """Save a variant or take it off the list; return how many are on it. Raises ListFull."""
    if not is_saved:
        return drop_saved(shopper_id=shopper_id, variant_id=variant_id)
    return save_variant(shopper_id=shopper_id, variant_id=variant_id, now=ctx.now)


def is_awaited(ctx: PageContext, card: CatalogCard) -> bool:
    """Return whether the account is told when the variant is back. No query while it is in stock,
    nor for guests; else two."""
    if card.available > 0:
        return False
    shopper_id = find_member_id(ctx)
    return shopper_id is not None and bool(list_awaited(shopper_id, [card.variant_id]))


def find_sold_out(ctx: PageContext, slug: str, variant_id: int) -> CatalogCard | None:
    """Return a variant of a product if it is sold out, None if there are pieces.

    Raises ProductNotFound.
    """
    detail = get_product(slug, ctx.language)
    found = [one for one in (detail.card, *detail.variants) if one.variant_id == variant_id]
    if not found:
        raise ProductNotFound("This product has no such variant.", slug=slug)
    return None if found[0].available > 0 else found[0]


def await_stock(ctx: PageContext, variant_id: int, email: str) -> bool:
    """Note who wants to be told: the account, else the address; return whether it has to be
    confirmed by the link in a letter."""
    shopper_id = find_member_id(ctx)
    if shopper_id is not None:
        ask_restock(
            shopper_id=shopper_id, variant_id=variant_id, language=ctx.language, now=ctx.now
        )
        return False
    ask_restock_by_mail(email=email, variant_id=variant_id, language=ctx.language, now=ctx.now)
    return True


def stop_waiting(ctx: PageContext, variant_id: int) -> None:
    """End the account's request to be told."""
    shopper_id = find_member_id(ctx)
    if shopper_id is not None:
        drop_restock(shopper_id=shopper_id, variant_id=variant_id)
