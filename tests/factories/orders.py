"""A small shop to buy in: products with stock, and prices a test can move.

Alice has an account and a personal price on cheddar, Bob is a guest, Charlie opted out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from orders.cart.services.carts import view_cart
from orders.checkout.services.checkout import start_checkout
from orders.checkout.services.placing import place_order
from orders.payments.api import start_payment
from orders.values import Contact, OrderView
from pricing.api import QuoteRefused
from pricing.base.core.values import (
    JurisdictionRule,
    PriceView,
    QuoteBatch,
    QuoteContext,
    VerifiedQuote,
)
from pricing.ledger.core.record import label_text
from profiles.accounts.services.identity import get_or_create_guest
from profiles.values import Consents, ShopperValue
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockLocation
from shop.ground.inventory.services import receive_stock

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LABEL = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
RULE = JurisdictionRule(
    code="US-NY",
    personal_allowed=True,
    label_code="us_ny",
    label_en=LABEL,
    label_zh="个性化价格",
    reference_strategy="median90_paid",
    opt_in_required=False,
    unit_price_required=False,
    test_label_en=f"{LABEL} THE PRICE IS PART OF A PRICE TEST.",
    test_label_zh="个性化价格，属于价格测试",
)
HOLDS = timedelta(minutes=60)

BOB_AT_HOME = Contact(
    email="bob@example.org",
    name="Bob Baker",
    address_line1="1 Mill Lane",
    city="Albany",
    region="NY",
    postcode="12207",
    country="US",
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Variant ids of the products, and the categories they lie in."""

    cheddar: int
    gouda: int
    rye: int
    merlot: int
    cheese: int
    bread: int


@dataclass(slots=True)
class FakePrices:
    """Public and personal prices a test sets; quotes hold an hour, as pricing's do.

    `personal` maps (pseudonym, variant) to a price; floors are half the public price.
    """

    public: dict[int, int]
    personal: dict[tuple[str, int], int] = field(default_factory=dict)
    held: dict[tuple[str | None, int, int], tuple[UUID, datetime]] = field(default_factory=dict)
    stored: list[str] = field(default_factory=list)
    has_floors: bool = True
    label_code: str = "us_ny"

    def quote_variants(self, *, context: QuoteContext, variant_ids: Sequence[int]) -> QuoteBatch:
        """Return the set prices; a variant without one is not sold."""
        views = {v: self._view(v, context) for v in variant_ids if v in self.public}
        return QuoteBatch(views, {})

    def verify_quote(
        self, *, token: str, shopper_pseudonym: str | None, variant_id: int, now: datetime
    ) -> VerifiedQuote:
        """Check owner, variant and time, in that order."""
        quote = self.read_token(token)
        if quote.variant_id != variant_id:
            raise QuoteRefused("other variant", code="quote_other_variant")
        if quote.is_personal and quote.owner.decode() != (shopper_pseudonym or ""):
            raise QuoteRefused("other shopper", code="quote_other_shopper")
        if now >= quote.expires_at:
            raise QuoteRefused("expired", code="quote_expired")
        return quote

    def read_token(self, token: str) -> VerifiedQuote:
        """Decode a token of `quote_variants`."""
        known = json.loads(token)
        return VerifiedQuote(
            quote_id=UUID(known["id"]),
            variant_id=known["variant"],
            market="us",
            channel="online",
            currency="USD",
            list_minor=known["public"],
            public_minor=known["public"],
            quoted_minor=known["quoted"],
            is_personal=known["quoted"] < known["public"],
            rung="personal",
            label_code=self.label_code,
            jurisdiction_code="US-NY",
            policy_version=1,
            model_version=1,
            book_version=1,
            arm="treated",
            owner=known["owner"].encode(),
            issued_at=datetime.fromisoformat(known["expires"]) - HOLDS,
            expires_at=datetime.fromisoformat(known["expires"]),
            kid=1,
        )

    def store_quotes(self, *, tokens: Iterable[str]) -> list[UUID]:
        """Remember that the quotes were stored."""
        given = list(tokens)
        self.stored += given
        return [self.read_token(token).quote_id for token in given]

    def floor_minor(self, *, variant_ids: Sequence[int], **_: Any) -> Mapping[int, int]:
        """Return half the public price, or nothing."""
        return {v: self.public[v] // 2 if self.has_floors else 0 for v in variant_ids}

    def _view(self, variant_id: int, context: QuoteContext) -> PriceView:
        public = self.public[variant_id]
        owner = context.shopper_pseudonym
        quoted = public if context.gpc else self.personal.get((owner or "", variant_id), public)
        is_personal = quoted < public
        quote_id, expires_at = self._hold(
            owner if is_personal else None, variant_id, quoted, context
        )
        token = {
            "id": str(quote_id),
            "variant": variant_id,
            "public": public,
            "quoted": quoted,
            "owner": owner or "",
            "expires": expires_at.isoformat(),
        }
        return PriceView(
            variant_id=variant_id,
            currency="USD",
            list_minor=public,
            public_minor=public,
            quoted_minor=quoted,
            is_personal=is_personal,
            label_code=self.label_code if is_personal else "",
            label=label_text(RULE, self.label_code, context.language) if is_personal else "",
            quote_id=quote_id,
            token=json.dumps(token),
            expires_at=expires_at,
            rung="personal" if is_personal else "public",
        )

    def _hold(
        self, owner: str | None, variant_id: int, quoted: int, context: QuoteContext
    ) -> tuple[UUID, datetime]:
        key = (owner, variant_id, quoted)
        known = self.held.get(key)
        if known is None or known[1] <= context.now:
            known = self.held[key] = (uuid4(), context.now + HOLDS)
        return known


def make_shelf(pieces: int = 10) -> Shelf:
    """Put cheddar (4.00), gouda (5.00), rye (3.00) and merlot (9.00) into the shop, in stock."""
    dairy = _category(None, "dairy")
    cheese = _category(dairy, "dairy/cheese")
    bread = _category(None, "bread")
    drinks = _category(None, "drinks")
    brand = Brand.objects.create(external_ref="farm", name="Farm")
    StockLocation.objects.get_or_create(code="online", defaults={"name": "Online store"})
    products = {
        "cheddar": _variant("cheddar", cheese, brand, 400),
        "gouda": _variant("gouda", cheese, brand, 500),
        "rye": _variant("rye", bread, brand, 300),
        "merlot": _variant("merlot", drinks, brand, 900),
    }
    lines = [StockLine(variant_id, pieces) for variant_id in products.values()]
    receive_stock(lines=lines, reference="opening", now=NOON)
    return Shelf(**products, cheese=cheese.pk, bread=bread.pk)


def make_shopper(now: datetime = NOON) -> ShopperValue:
    """Return a guest who agreed to personal prices and offers."""
    consents = Consents(price=True, recommendations=True, analytics=True)
    return get_or_create_guest(pseudonym=None, defaults=consents, market_code="us", now=now)


def context_of(shopper: ShopperValue, now: datetime = NOON, **fields: Any) -> QuoteContext:
    """Return the visit of a shopper in New York."""
    known: dict[str, Any] = {
        "market": "us",
        "channel": "online",
        "jurisdiction_code": "US-NY",
        "language": "en",
        "gpc": False,
        "purpose": "cart",
    }
    return QuoteContext(shopper_pseudonym=shopper.pseudonym, now=now, **(known | fields))


def place(context: QuoteContext, key: str = "press-1", **fields: Any) -> OrderView:
    """Check out and place the order for Bob at home, as shown."""
    start_checkout(context=context)
    known: dict[str, Any] = {
        "contact": BOB_AT_HOME,
        "delivery_method": "standard",
        "shown_total_minor": view_cart(context=context).total_minor,
    }
    return place_order(context=context, idempotency_key=key, **(known | fields))


def pay(order: OrderView, now: datetime = NOON, method: str = "sandbox-card", key: str = "") -> str:
    """Pay an order; return the state of the attempt."""
    step = start_payment(
        order_id=order.order_id,
        method=method,
        idempotency_key=key or f"pay-{order.number}",
        now=now,
    )
    return step.state


def later(context: QuoteContext, **time: float) -> QuoteContext:
    """Return the same visit some time later."""
    return replace(context, now=context.now + timedelta(**time))


def _category(parent: Category | None, path: str) -> Category:
    name = path.rsplit("/", 1)[-1]
    return Category.objects.create(
        parent=parent,
        external_ref=path,
        slug=path.replace("/", "-"),
        name=name,
        path=path,
        depth=path.count("/"),
    )


def _variant(name: str, category: Category, brand: Brand, list_minor: int) -> int:
    product = Product.objects.create(
        external_ref=name,
        name=name.capitalize(),
        slug=name,
        category=category,
        brand=brand,
        created_at=NOON,
    )
    variant = Variant.objects.create(
        product=product, external_ref=name, sku=name.upper(), list_minor=list_minor
    )
    return variant.pk
