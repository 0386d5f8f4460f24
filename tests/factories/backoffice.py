"""A shop with `ROWS` rows in every table, no two alike: what staff pages are opened on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType

from orders.models import (
    Order,
)
from profiles.models import (
    Answer,
    AuditTrait,
    ConsentRecord,
    Event,
    Question,
    Review,
    Segment,
    SegmentVersion,
    Shopper,
    ShopperProfile,
    SimilarityVersion,
)
from promotions.tokens.services import make_staff_token
from shop.ground.catalog.models import (
    Brand,
    Category,
    Market,
    Product,
    ProductPicture,
    ProductWeek,
    SearchSynonym,
    Store,
    Variant,
)
from shop.ground.inventory.models import StockLocation, StockMovement, StockRecord, StockReservation
from shop.ground.jobs.models import JobRun, QuarantinedRow
from shop.ground.outbox.models import Fact
from tests.factories.backoffice_loyalty import make_loyalty
from tests.factories.backoffice_orders import make_order, make_promotions
from tests.factories.backoffice_prices import NOON, make_prices

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
        _make_review(number, variant, shopper)
        make_prices(number, variant, shopper)
        make_promotions(number, shopper)
        make_loyalty(number, shopper)
        make_order(number, variant, shopper)
        _make_machine(number)


def _make_catalog(number: int) -> Variant:
    Market.objects.create(code=f"m{number}", name=f"Market {number}")
    Store.objects.create(external_ref=f"s{number}", name=f"Store {number}", market_id="us")
    SearchSynonym.objects.create(term=f"term {number}", meanings=["product"], language="en")
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
    ProductPicture.objects.create(
        product=product,
        file_name="front.jpg",
        source_digest=f"{number:064}",
        state="refused",
        refusal="broken",
        created_at=NOON,
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


def _make_review(number: int, variant: Variant, shopper: Shopper) -> None:
    Review.objects.create(
        shopper=shopper,
        product=variant.product,
        variant=variant,
        rating=1 + number % 5,
        text="Lovely and fresh",
        language="en",
        positivity=0.9,
        bought_at=NOON,
        written_at=NOON,
    )
    asked = Question.objects.create(
        shopper=shopper, product=variant.product, text="Is it fresh?", language="en", asked_at=NOON
    )
    Answer.objects.create(
        question=asked, shopper=shopper, text="Yes", language="en", answered_at=NOON
    )


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


def _make_machine(number: int) -> None:
    run = JobRun.objects.create(
        name=f"job_{number}",
        queue="live",
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
    make_staff_token(
        account_id=clerk.pk,
        name=f"Planner {number}",
        scopes=["campaigns:read"],
        expires_at=NOON + timedelta(days=90 + number),
        now=NOON,
    )
    Fact.objects.create(
        kind="OrderPlaced", payload={"order_id": number}, occurred_at=NOON, due_at=NOON
    )
