"""Fixtures of promotions and orders: a small shop with prices a test can move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from stripe import HTTPClient

from orders.cart.services import carts, valuation
from orders.cart.services import evaluation_input as cart_values
from orders.checkout.services import placing
from orders.order import selectors as views
from orders.returns.selectors.allowances import forget_rules
from orders.terms.selectors import forget_terms
from pricing.base.core.values import QuoteContext
from promotions.campaigns.selectors.book import forget_offer_book
from shop.env import Stripe
from shop.ground.catalog.selectors.versions import forget_catalog
from tests.factories.fake_stripe import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, FakeStripe
from tests.factories.fake_stripe_server import serve_stripe
from tests.factories.orders import RULE, FakePrices, Shelf, context_of, make_shelf, make_shopper


@pytest.fixture
def fresh_memory() -> None:
    """Forget what processes keep in memory for a second: tests change tables faster."""
    forget_offer_book()
    forget_terms()
    forget_rules()
    forget_catalog()
    cache.clear()


@pytest.fixture
def shelf(db: None, fresh_memory: None) -> Shelf:
    """Four products, ten pieces each."""
    made = make_shelf()
    forget_catalog()
    return made


@pytest.fixture
def prices(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> FakePrices:
    """The prices of the shelf, in the test's hand."""
    fake = FakePrices({shelf.cheddar: 400, shelf.gouda: 500, shelf.rye: 300, shelf.merlot: 900})
    fake_pricing(fake, monkeypatch)
    return fake


@pytest.fixture
def visit(prices: FakePrices) -> QuoteContext:
    """The visit of a guest who agreed to personal prices, in the shop of `prices`."""
    return context_of(make_shopper())


def fake_pricing(fake: FakePrices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `fake` answer wherever this room asks pricing."""
    monkeypatch.setattr(valuation, "quote_variants", fake.quote_variants)
    monkeypatch.setattr(cart_values, "quote_variants", fake.quote_variants)
    monkeypatch.setattr(cart_values, "floor_minor", fake.floor_minor)
    monkeypatch.setattr(cart_values, "resolve_jurisdiction", lambda **_: RULE)
    monkeypatch.setattr(views, "find_law", lambda _order: RULE)
    monkeypatch.setattr(carts, "verify_quote", fake.verify_quote)
    monkeypatch.setattr(carts, "read_token", fake.read_token)
    monkeypatch.setattr(carts, "store_quotes", fake.store_quotes)
    monkeypatch.setattr(placing, "store_quotes", fake.store_quotes)


@pytest.fixture
def busy_shop(
    transactional_db: None, fresh_memory: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[Shelf, FakePrices]:
    """A shop that several real connections buy in at once."""
    made = make_shelf()
    forget_catalog()
    fake = FakePrices({made.cheddar: 400, made.gouda: 500, made.rye: 300, made.merlot: 900})
    fake_pricing(fake, monkeypatch)
    return made, fake


@pytest.fixture
def stripe(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStripe]:
    """A fake Stripe that this shop is configured for; its library does not pause to try again."""
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(HTTPClient, "MAX_DELAY", 0)
    with serve_stripe() as fake:
        settings.STRIPE = Stripe(
            SECRET_KEY,
            PUBLISHABLE_KEY,
            WEBHOOK_SECRET,
            api_url=fake.url,
            js_url=f"{fake.url}/stripe.js",
        )
        yield fake
