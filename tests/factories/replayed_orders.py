"""Whose orders are replayed, and what the shop knew of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cart.services import evaluation_input
from orders.cart.services.carts import add_to_cart, apply_coupon
from orders.models import Order
from pricing.base.core.values import QuoteContext
from profiles.models import Account, Shopper
from profiles.shoppers.selectors.shoppers import list_shoppers
from profiles.values import Consents, OnlineProfile, ShopperValue
from tests.factories.campaigns import BEFORE
from tests.factories.loyalty import make_member, make_terms
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, place

FULL = Consents(price=True, recommendations=True, analytics=True)


class World:
    """A shop, a member who shops, and what the shop knows of them."""

    def __init__(self, shelf: Shelf, prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shelf, self.prices, self.patch = shelf, prices, monkeypatch
        self.codes: list[str] = []
        make_terms()
        self.meet_alice()

    def meet_alice(self) -> ShopperValue:
        """Let a new member shop; the same name is another person each time."""
        number = Shopper.objects.count()
        self.member = make_member(f"alice-{number}@example.com", now=NOON - timedelta(days=90))
        Account.objects.filter(shopper=self.member.shopper_id).update(date_joined=BEFORE)
        rows = Shopper.objects.filter(pk=self.member.shopper_id or 0)
        rows.update(consent_price=True, consent_recommendations=True, consent_analytics=True)
        self.alice = list_shoppers([self.member.shopper_id or 0])[0]
        return self.alice

    @property
    def visit(self) -> QuoteContext:
        """The member's visit."""
        return context_of(self.alice)

    def know(self, segment: str | None, *tags: str) -> None:
        """Let the online profile say this of the member."""
        shown = OnlineProfile(
            pseudonym=str(self.alice.pseudonym),
            shopper_id=self.alice.id,
            consents=FULL,
            is_warm=True,
            feature_row=None,
            segment=segment,
            tags=tags,
        )
        known = {shown.pseudonym: shown}
        self.patch.setattr(evaluation_input, "read_online_profiles", lambda *_: known)

    def buy(self) -> str:
        """Place an order of cheddar and merlot; return its number."""
        add_to_cart(context=self.visit, variant_id=self.shelf.cheddar, quantity=2)
        add_to_cart(context=self.visit, variant_id=self.shelf.merlot)
        for code in self.codes:
            apply_coupon(context=self.visit, code=code)
        return place(self.visit, key=f"press-{Order.objects.count()}").number
