"""A shop with `ROWS` rows in every table, no two alike: what staff pages are opened on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType

from orders.models import (
    Cart,
    CartLine,
    DeliveryMethod,
    Order,
    OrderEvent,
    OrderLine,
    Payment,
    Refund,
    TaxRate,
)
from pricing.models import (
    DemandModelVersion,
    EmergencyCap,
    JurisdictionRow,
    KillSwitch,
    PriceBook,
    PriceBookEntry,
    PriceLedgerEntry,
    PricingPolicy,
    PublicPrice,
    Quote,
    QuoteSeal,
)
from profiles.models import (
    AuditTrait,
    ConsentRecord,
    Event,
    Segment,
    SegmentVersion,
    Shopper,
    ShopperProfile,
    SimilarityVersion,
)
from promotions.models import Campaign, Coupon, Offer, Redemption
from shop.catalog.models import Brand, Category, Market, Product, ProductWeek, Store, Variant
from shop.inventory.models import StockLocation, StockMovement, StockRecord, StockReservation
from shop.jobs.models import JobRun, QuarantinedRow
from shop.kernel.ids import uuid7
from shop.outbox.models import Fact

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ROWS = 8


def make_staff(role: str = "", *, is_superuser: bool = False) -> Any:
    """Return a staff account with `role` (its group must exist), or the superuser."""
    name = role or ("root" if is_superuser else "nobody")
    account = get_user_model().objects.create_user(
        f"{name}@staff.example", is_staff=True, is_superuser=is_superuser
    )
    account.groups.set(Group.objects.filter(name=role))
    return account


def stock_shop() -> None:
    """Fill every table with `ROWS` rows that point at different rows of the others."""
    for number in range(ROWS):
        variant = _make_catalog(number)
        shopper = _make_shopper(number)
        _make_stock(number, variant)
        _make_prices(number, variant, shopper)
        _make_promotions(number, shopper)
        _make_order(number, variant, shopper)
        _make_machine(number)


def _make_catalog(number: int) -> Variant:
    Market.objects.create(code=f"m{number}", name=f"Market {number}")
    Store.objects.create(external_ref=f"s{number}", name=f"Store {number}", market_id="us")
    category = Category.objects.create(
        external_ref=f"c{number}",
        slug=f"cheese-{number}",
        name=f"Cheese {number}",
        path=f"cheese-{number}",
        depth=0,
    )
    brand = Brand.objects.create(external_ref=f"b{number}", name=f"Brand {number}")
    product = Product.objects.create(
        external_ref=f"p{number}",
        name=f"Cheddar {number}",
        slug=f"cheddar-{number}",
        category=category,
        brand=brand,
        created_at=NOON,
    )
    variant = Variant.objects.create(
        product=product,
        external_ref=f"v{number}",
        sku=f"SKU-{number}",
        name="200 g",
        list_minor=500 + number,
        cost_minor=300,
        cost_source="merchant",
    )
    ProductWeek.objects.create(variant=variant, week_start=date(2026, 11, 16), display_share=0.5)
    return variant


def _make_shopper(number: int) -> Shopper:
    account = get_user_model().objects.create_user(f"alice{number}@example.com")
    shopper = Shopper.objects.create(
        external_ref=f"household {number}",
        account=account,
        home_store=Store.objects.get(external_ref=f"s{number}"),
        consent_price=True,
        created_at=NOON,
        last_seen_at=NOON,
    )
    segment = Segment.objects.create(
        code=f"segment-{number}", name=f"Segment {number}", name_zh="顾客", created_at=NOON
    )
    features = {"orders": float(number), "recency": 0.5}
    ShopperProfile.objects.create(
        shopper=shopper, segment=segment, tags=["on_offer"], features=features, refreshed_at=NOON
    )
    ConsentRecord.objects.create(
        shopper=shopper,
        purpose="price",
        is_granted=True,
        how="default",
        locale="en",
        text_version="1",
        recorded_at=NOON,
    )
    AuditTrait.objects.create(shopper=shopper, name="age", value="45-54")
    Event.objects.create(
        occurred_at=NOON,
        received_at=NOON,
        shopper=shopper,
        kind="search",
        query="cheddar",
        channel="online",
        source="web",
    )
    for fit in (SegmentVersion, SimilarityVersion):
        fit.objects.create(fitted_at=NOON, as_of=NOON, arrays=b"", sha256=f"{number}" * 64)
    return shopper


def _make_stock(number: int, variant: Variant) -> None:
    location = StockLocation.objects.create(code=f"l{number}", name=f"Location {number}")
    online = StockLocation.objects.get(code="online")
    StockRecord.objects.create(variant=variant, location=online, on_hand=9, reserved=2)
    StockReservation.objects.create(
        holder=f"cart-{number}",
        variant=variant,
        location=location,
        quantity=1,
        expires_at=NOON,
    )
    StockMovement.objects.create(
        variant=variant, location=location, kind="received", quantity=9, at=NOON
    )


def _make_prices(number: int, variant: Variant, shopper: Shopper) -> None:
    shared = {"variant": variant, "market_id": "us"}
    PriceLedgerEntry.objects.create(
        **shared, kind="list", amount_minor=500, valid_from=NOON, source="import"
    )
    PublicPrice.objects.create(
        **shared, list_minor=500, public_minor=480, anchor_minor=500, changed_at=NOON
    )
    staff = get_user_model().objects.get(email=f"alice{number}@example.com")
    model = DemandModelVersion.objects.create(
        trained_at=NOON + timedelta(hours=number),
        window_start=date(2026, 1, 1),
        window_end=date(2026, 11, 1),
        metrics={"wmape": 0.4},
        arrays=b"",
        sha256=f"{number}" * 64,
        feature_hash="f" * 64,
        asked_by=staff,
    )
    policy = PricingPolicy.objects.create(version=100 + number, created_at=NOON, created_by=staff)
    book = PriceBook.objects.create(
        version=number + 1,
        market_id="us",
        model_version=model,
        policy=policy,
        published_at=NOON,
        effective_at=NOON,
        arrays=b"",
        sha256=f"{number}" * 64,
    )
    PriceBookEntry.objects.create(
        shopper=shopper,
        book=book,
        variant_ids=[variant.pk],
        quoted_minors=[450],
        priced_at=NOON,
    )
    JurisdictionRow.objects.create(
        code=f"X{number}",
        valid_from=date(2027, 1, 1),
        personal_allowed=False,
        opt_in_required=True,
        label_code="none",
        reference_strategy="eu_low30",
        source="a law",
        reviewed_by="counsel",
    )
    EmergencyCap.objects.create(
        market_id="us",
        category=variant.product.category,
        starts_at=NOON - timedelta(days=30),
        ends_at=NOON - timedelta(days=20),
        reason="a storm",
        created_by=staff,
    )
    KillSwitch.objects.create(scope="sku", key=variant.sku, is_active=False, by=staff, at=NOON)
    QuoteSeal.objects.create(
        day=date(2026, 11, 1 + number), rows=1, digest="d" * 64, previous="p" * 64, sealed_at=NOON
    )


def make_quote(variant: Variant, shopper: Shopper, at: datetime = NOON, **fields: Any) -> UUID:
    """Store a personal quote of 4.50 for a public price of 4.80; return its id."""
    quote_id = uuid7(int(at.timestamp() * 1000))
    stored = {
        "id": quote_id,
        "issued_at": at,
        "expires_at": at + timedelta(hours=1),
        "shopper": shopper,
        "shopper_hash": "h",
        "variant": variant,
        "market_code": "us",
        "channel": "online",
        "currency": "USD",
        "list_minor": 500,
        "public_minor": 480,
        "quoted_minor": 450,
        "is_personal": True,
        "rung": "personal",
        "arm": "treated",
        "label_code": "generic",
        "jurisdiction_code": "US-other",
        "policy_version": 1,
        "model_version": 1,
        "book_version": 1,
        "reasons": [
            {"code": "public", "amount_minor": 480, "text": "Public price"},
            {"code": "personal", "amount_minor": -30, "text": "For you"},
        ],
        "features": {"recency": 0.5},
        "guard_actions": ["below_cap"],
        "kid": 1,
        "signature": "s",
    }
    Quote.objects.create(**(stored | fields))
    return quote_id


def _make_promotions(number: int, shopper: Shopper) -> None:
    campaign = Campaign.objects.create(
        code=f"campaign-{number}",
        name=f"Campaign {number}",
        kind="coupon",
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=1),
    )
    offer = Offer.objects.create(
        campaign=campaign,
        code=f"offer-{number}",
        name=f"Offer {number}",
        benefit_kind="percentage",
        percent=10,
    )
    coupon = Coupon.objects.create(code=f"SAVE{number}", offer=offer)
    Redemption.objects.create(
        campaign=campaign,
        offer=offer,
        coupon=coupon,
        shopper=shopper,
        order_ref=f"R{number}",
        amount_minor=50,
        at=NOON,
    )


def _make_order(number: int, variant: Variant, shopper: Shopper) -> None:
    quote_id = make_quote(variant, shopper, NOON + timedelta(minutes=number))
    cart = Cart.objects.create(
        shopper=shopper,
        market_code="us",
        currency="USD",
        created_at=NOON,
        changed_at=NOON,
        expires_at=NOON,
    )
    CartLine.objects.create(
        cart=cart,
        variant=variant,
        quantity=2,
        list_minor=500,
        public_minor=480,
        quoted_minor=450,
        quote_id=quote_id,
        added_at=NOON,
    )
    order = Order.objects.create(
        number=f"W-{number:04}",
        shopper=shopper,
        market_code="us",
        email=f"alice{number}@example.com",
        name="Alice Liddell",
        currency="USD",
        subtotal_minor=900,
        total_minor=900,
        status="paid",
        placed_at=NOON - timedelta(hours=number),
    )
    OrderLine.objects.create(
        order=order,
        position=0,
        variant=variant,
        sku=variant.sku,
        name="Cheddar",
        quantity=2,
        list_minor=500,
        public_minor=480,
        quoted_minor=450,
        subtotal_minor=900,
        total_minor=900,
        quote_id=quote_id,
        is_personal=True,
    )
    OrderEvent.objects.create(order=order, kind="placed", at=NOON)
    payment = Payment.objects.create(
        order=order,
        provider="sandbox",
        method="card",
        currency="USD",
        amount_minor=900,
        state="succeeded",
        idempotency_key=f"pay-{number}",
        created_at=NOON,
    )
    Refund.objects.create(
        order=order,
        payment=payment,
        amount_minor=10,
        reason="dent",
        idempotency_key=f"refund-{number}",
        at=NOON,
    )
    DeliveryMethod.objects.create(
        market_code="us", code=f"van-{number}", name="Van", price_minor=300
    )
    TaxRate.objects.create(
        market_code="us", category_path=f"x{number}", percent=5, valid_from=date(2027, 1, 1)
    )


def _make_machine(number: int) -> None:
    run = JobRun.objects.create(
        name=f"job_{number}",
        queue="outbox",
        started_at=NOON,
        heartbeat_at=NOON,
        finished_at=NOON,
        outcome="failed",
        error="Traceback\nZeroDivisionError: division by zero",
    )
    QuarantinedRow.objects.create(
        run=run, source="products", row_number=number, reason="no price", payload={"upc": "1"}
    )
    clerk = get_user_model().objects.create_user(f"clerk{number}@staff.example", is_staff=True)
    LogEntry.objects.create(
        user=clerk,
        content_type=ContentType.objects.get_for_model(Order),
        object_repr=f"alice{number}@example.com",
        action_flag=2,
    )
    Fact.objects.create(
        kind="OrderPlaced", payload={"order_id": number}, occurred_at=NOON, due_at=NOON
    )
