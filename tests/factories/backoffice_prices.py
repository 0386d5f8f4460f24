"""Prices, rules and quotes that staff pages are opened on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.learning.models.learning import ModelChange, ModelRamp, RampStep
from pricing.ledger.models.books import PriceBook, PriceBookEntry
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceOverride, PriceProposal
from pricing.ledger.models.quotes import Quote, QuoteSeal
from pricing.policy.models.breakers import BreakerTrip
from pricing.policy.models.policy import EmergencyCap, JurisdictionRow, KillSwitch, PricingPolicy
from pricing.private.models.private import PrivacyBudget, PrivateRelease
from pricing.publishing.core.changes import AUDIT_WAIVER, MODEL_USE
from profiles.models import (
    Shopper,
)
from shop.ground.approvals.services import ask_approval
from shop.ground.catalog.models import Variant
from shop.ground.kernel.ids import uuid7
from tests.factories.competitors import make_competitor_rows
from tests.factories.pricing_shocks import make_shock_row

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def make_prices(number: int, variant: Variant, shopper: Shopper) -> None:
    """Make a price of a variant with all that stands behind it, the rules and their history."""
    shared = {"variant": variant, "market_id": "us"}
    PriceLedgerEntry.objects.create(
        **shared, kind="list", amount_minor=500, valid_from=NOON, source="import"
    )
    PublicPrice.objects.create(
        **shared, list_minor=500, public_minor=480, anchor_minor=500, changed_at=NOON
    )
    staff = get_user_model().objects.get(email=f"alice{number}@example.com")
    PriceContest.objects.create(
        quote_id=uuid7(),
        shopper=shopper,
        email=f"asks{number}@example.com",
        language="en",
        text=f"Why {number}?",
        asked_at=NOON,
    )
    _make_changes(variant, staff)
    _make_book(number, variant, shopper, staff)
    _make_trial(number, staff)
    _make_rules(number, variant, staff)
    make_competitor_rows(number, variant, staff)
    make_shock_row(variant)


def _make_changes(variant: Variant, staff: Any) -> None:
    """A change that waits for staff, and a price they set by hand."""
    bands = {name: [1.0, 2.0, 3.0] for name in ("units", "revenue", "profit")}
    PriceProposal.objects.create(
        variant=variant,
        market_id="us",
        created_at=NOON,
        state="pending",
        cause="model",
        current_minor=500,
        proposed_minor=489,
        final_minor=489,
        floor_minor=400,
        ceiling_minor=500,
        objective="profit",
        gain=1.01,
        chance=0.9,
        candidates=[[489, 1.01, 0.9]],
        effect={"share": bands, "weekly": bands},
        bound=["observational"],
        policy_version=1,
        first_by=staff,
    )
    PriceOverride.objects.create(
        variant=variant,
        market_id="us",
        amount_minor=480,
        starts_at=NOON,
        expires_at=NOON + timedelta(days=5),
        reason="anniversary",
        created_at=NOON,
        created_by=staff,
    )


def example_report() -> dict[str, Any]:
    """A report in which large households get too few of the discounts."""
    ratio = {"value": 0.99, "low": 0.985, "high": 0.995}
    offers = {"value": 0.7, "low": 0.6, "high": 0.8}
    where = {"trait": "household", "group": "large"}
    area = {**where, "value": 0.54, "low": 0.5, "high": 0.58, "members": 120, "others": 681}
    finding = {**where, **offers, "rule": "offers", "limit": 0.8, "is_certain": True}
    chance = {**where, **area, "rule": "price_tells_trait", "limit": 0.5, "is_certain": False}
    figures = {"paid": ratio, "discount": ratio, "offers": offers}
    return {
        "groups": [{**where, "members": 120, **figures}],
        "feature_areas": [area],
        "price_areas": [area],
        "findings": [chance, finding],
    }


def _make_audit(model: DemandModelVersion, staff: Any) -> None:
    """A failed audit that somebody wants to answer for."""
    audit = ModelAudit.objects.create(
        model=model,
        sha256=model.sha256,
        at=NOON,
        is_passed=False,
        is_blind=True,
        people=801,
        compared=200,
        report=example_report(),
    )
    ask_approval(AUDIT_WAIVER, audit.pk, name="audit", reason="", by_id=staff.pk, now=NOON)


def _make_release(number: int) -> None:
    """A quarter's budget, and what one release took of it."""
    budget = PrivacyBudget.objects.create(
        quarter=date(2020 + number, 1, 1), epsilon_cap=3.0, epsilon_spent=1.0, delta_cap=1e-5
    )
    PrivateRelease.objects.create(
        budget=budget,
        purpose="cells",
        at=NOON,
        first_week=date(2020 + number, 1, 6),
        end_week=date(2020 + number, 4, 6),
        epsilon=1.0,
        delta=1e-6,
        most_cells=25,
        noise_sd=22.7,
        arrays=b"",
        sha256=f"{number}" * 64,
    )


def _make_book(number: int, variant: Variant, shopper: Shopper, staff: Any) -> None:
    model = DemandModelVersion.objects.create(
        trained_at=NOON + timedelta(hours=number),
        window_start=date(2026, 1, 1),
        window_end=date(2026, 11, 1),
        metrics={"wmape": 0.4},
        arrays=b"",
        sha256=f"{number}" * 64,
        feature_hash="f" * 64,
    )
    ask_approval(MODEL_USE, model.pk, name="model", reason="", by_id=staff.pk, now=NOON)
    _make_audit(model, staff)
    _make_release(number)
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


def _make_trial(number: int, staff: Any) -> None:
    """A trial that a breaker stopped, with what it left behind."""
    model = DemandModelVersion.objects.get(sha256=f"{number}" * 64)
    ramp = ModelRamp.objects.create(
        model=model,
        salt=f"{number}",
        begun_at=NOON,
        begun_by=staff,
        ended_at=NOON + timedelta(days=1),
        end="tripped",
    )
    RampStep.objects.create(ramp=ramp, share=0.05, at=NOON, evidence={"decisions": 12})
    ModelChange.objects.create(
        model=model, kind="ramp_stopped", at=NOON + timedelta(days=1), reason="fewer sales"
    )
    BreakerTrip.objects.create(
        kind="ramp",
        scope="model",
        key=str(model.pk),
        action="stopped_ramp",
        evidence={"difference": -20.0},
        at=NOON + timedelta(days=1),
        seen_at=NOON + timedelta(days=1),
    )


def _make_rules(number: int, variant: Variant, staff: Any) -> None:
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
