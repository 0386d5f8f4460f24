"""Who the visitor is to offers, and who the signed-in shopper is."""

from __future__ import annotations

from orders.services.cart_values import Priced, price_rows
from orders.services.rows import OpenCart, read_cart_of
from orders.services.valuation import quote_lines
from profiles.core.values import ShopperValue
from profiles.selectors import find_shopper
from promotions.selectors import ShopperView
from promotions.selectors.tiers import read_tier
from shop.pages.context import PageContext
from shop.pages.quotes import quote_context


def find_member_id(ctx: PageContext) -> int | None:
    """Return the shopper of the account; None for who is not signed in. One query, else none."""
    if ctx.account_id is None or ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id


class Visitor:
    """The visitor of one page: each thing is read once, when it is first asked for."""

    def __init__(self, ctx: PageContext) -> None:
        self._ctx = ctx
        self._found: list[ShopperValue | None] = []
        self._tiers: list[str | None] = []
        self._carts: list[tuple[OpenCart, tuple[Priced, ...]]] = []

    def find(self) -> ShopperValue | None:
        """Return the visitor's shopper. One query, once; none for whom nobody knows."""
        if not self._found:
            pseudonym = self._ctx.shopper_pseudonym
            self._found.append(None if pseudonym is None else find_shopper(pseudonym))
        return self._found[0]

    def look(self) -> ShopperView:
        """Return the visitor as a cart would: who it is, and whether personal offers are for them.

        Whom nobody knows has not ordered yet. Queries: as `find`.
        """
        shopper = self.find()
        if shopper is None:
            is_member = self._ctx.account_id is not None
            return ShopperView(None, is_member=is_member, is_first_order=True)
        return ShopperView(
            shopper.id,
            is_member=shopper.account_id is not None,
            allows_personal=shopper.consents.price and not self._ctx.gpc,
        )

    def read_cart(self) -> tuple[OpenCart, tuple[Priced, ...]]:
        """Return the visitor's cart, and its lines at the prices that hold for them now.

        Two queries more than `find`, once; one where there is no cart. Nothing is stored.
        """
        if not self._carts:
            context = quote_context(self._ctx, "cart")
            opened = read_cart_of(self.find(), context)
            priced = price_rows(opened, quote_lines(opened, context), context)
            self._carts.append((opened, tuple(priced)))
        return self._carts[0]

    def read_tier(self) -> str | None:
        """Return the membership tier. Two queries more, once; none for who is not signed in."""
        if self._ctx.account_id is None:
            return None
        if not self._tiers:
            shopper_id = self.look().shopper_id
            tier = None
            if shopper_id is not None:
                tier = read_tier(shopper_id=shopper_id, now=self._ctx.now)
            self._tiers.append(tier)
        return self._tiers[0]
