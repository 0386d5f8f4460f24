"""Data of a shopper for staff, and the state of the profile pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from profiles.events.core.keys import STREAM
from profiles.events.models import Event
from profiles.features.core import FEATURES
from profiles.segments.api import PredictionLine, describe_chances, name_tags
from profiles.segments.models import SegmentVersion, ShopperProfile
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import MADE_SEGMENT
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.errors import FairtagError


class ShopperUnknown(FairtagError):
    """No shopper has this id."""

    code = "shopper_unknown"


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """A feature in plain words: what it means, where it comes from, and whether prices use it."""

    name: str
    meaning: str
    source: str
    number: float
    is_for_price: bool


@dataclass(frozen=True, slots=True)
class StaffShopper:
    """A shopper as staff see it; addresses are unmasked here, the page masks them by role."""

    shopper_id: int
    pseudonym: UUID
    external_ref: str
    email: str
    home_store: str
    market_code: str
    is_minor: bool
    is_erased: bool
    created_at: datetime
    last_seen_at: datetime
    consents: dict[str, bool]
    opt_out_reason: str
    segment: str
    segment_note: str
    segment_code: str
    tags: tuple[str, ...]
    tag_codes: tuple[str, ...]
    refreshed_at: datetime | None
    features: tuple[FeatureLine, ...]
    chances: tuple[PredictionLine, ...]


def read_shopper(*, shopper_id: int, language: str = "en") -> StaffShopper:
    """Return a shopper with segment, tags and features. Raises ShopperUnknown.

    One query, and one per 5 s for the fit that chances come from.
    """
    related = ("account", "home_store", "profile__segment")
    shopper = Shopper.objects.select_related(*related).filter(pk=shopper_id).first()
    if shopper is None:
        raise ShopperUnknown("No shopper has this number.")
    profile: ShopperProfile | None = getattr(shopper, "profile", None)
    segment = profile.segment if profile else None
    is_chinese = language.startswith("zh")
    return StaffShopper(
        shopper_id=shopper.pk,
        pseudonym=shopper.pseudonym,
        external_ref=shopper.external_ref or "",
        email=shopper.account.email if shopper.account else "",
        home_store=shopper.home_store.name if shopper.home_store else "",
        market_code=shopper.market_code,
        is_minor=shopper.is_minor,
        is_erased=shopper.erased_at is not None,
        created_at=shopper.created_at,
        last_seen_at=shopper.last_seen_at,
        consents=_read_consents(shopper),
        opt_out_reason=shopper.opt_out_reason,
        segment="" if segment is None else segment.name_zh if is_chinese else segment.name,
        segment_note=""
        if segment is None
        else segment.description_zh
        if is_chinese
        else segment.description,
        segment_code="" if segment is None else segment.code,
        tags=tuple(name_tags(_found_tags(profile), language)),
        tag_codes=tuple(profile.tags) if profile else (),
        refreshed_at=profile.refreshed_at if profile else None,
        features=_feature_lines(profile.features if profile else {}),
        chances=describe_chances(profile.features if profile else {}, language),
    )


def _read_consents(shopper: Shopper) -> dict[str, bool]:
    return {
        "price": shopper.consent_price,
        "recommendations": shopper.consent_recommendations,
        "marketing": shopper.consent_marketing,
        "analytics": shopper.consent_analytics,
    }


def _found_tags(profile: ShopperProfile | None) -> tuple[str, ...]:
    """Return the tags but segments of staff, which the page tells apart."""
    codes = () if profile is None else profile.tags
    return tuple(code for code in codes if not code.startswith(MADE_SEGMENT))


def _feature_lines(stored: dict[str, Any]) -> tuple[FeatureLine, ...]:
    """Numbers by registered name, in the order of the registry; maps of interests are left out."""
    return tuple(
        FeatureLine(
            name=name,
            meaning=feature.meaning,
            source=feature.source,
            number=float(stored[name]),
            is_for_price="price" in feature.purposes,
        )
        for name, feature in FEATURES.items()
        if isinstance(stored.get(name), int | float)
    )


@dataclass(frozen=True, slots=True)
class EventLine:
    """An act of a shopper."""

    kind: str
    occurred_at: datetime
    variant_id: int | None
    quantity: int
    paid_minor: int | None
    query: str
    channel: str
    quote_id: UUID | None


def list_recent_events(*, shopper_id: int, limit: int = 40) -> list[EventLine]:
    """Return a shopper's newest stored events. One query."""
    events = Event.objects.filter(shopper_id=shopper_id).order_by("-occurred_at", "-id")[:limit]
    return [
        EventLine(
            kind=event.get_kind_display(),
            occurred_at=event.occurred_at,
            variant_id=event.variant_id,
            quantity=event.quantity,
            paid_minor=event.paid_minor,
            query=event.query,
            channel=event.channel,
            quote_id=event.quote_id,
        )
        for event in events
    ]


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """An answer of a shopper to a question."""

    purpose: str
    is_granted: bool
    how: str
    text_version: str
    recorded_at: datetime


def list_consent_answers(*, shopper_id: int, limit: int = 20) -> list[ConsentLine]:
    """Return a shopper's newest answers. One query."""
    records = ConsentRecord.objects.filter(shopper_id=shopper_id).order_by("-recorded_at", "-id")
    return [
        ConsentLine(
            purpose=record.get_purpose_display(),
            is_granted=record.is_granted,
            how=record.how,
            text_version=record.text_version,
            recorded_at=record.recorded_at,
        )
        for record in records[:limit]
    ]


@dataclass(frozen=True, slots=True)
class ProfileFreshness:
    """When features were last refreshed and segments last fitted; None if never."""

    refreshed_at: datetime | None
    fitted_at: datetime | None


def read_profile_freshness() -> ProfileFreshness:
    """Return how fresh profiles are. Two queries."""
    newest = ShopperProfile.objects.aggregate(at=Max("refreshed_at"))["at"]
    fits = SegmentVersion.objects.filter(is_active=True).values_list("fitted_at", flat=True)
    return ProfileFreshness(refreshed_at=newest, fitted_at=fits.first())


@dataclass(frozen=True, slots=True)
class StreamState:
    """Events accepted but not yet in the table, and how long the oldest has waited."""

    waiting: int
    lag_seconds: float


def read_stream(*, now: datetime) -> StreamState | None:
    """Return the state of the event stream, or None with Redis down. One round trip.

    An entry is deleted once it is stored, so the first one left is the one that waits longest.
    """
    try:
        with redis_breaker.guard() as connection, connection.pipeline(transaction=False) as pipe:
            pipe.xlen(STREAM)
            pipe.xrange(STREAM, count=1)
            waiting, first = pipe.execute()
    except RedisUnavailable:
        return None
    if not first:
        return StreamState(waiting=waiting, lag_seconds=0.0)
    accepted_ms = int(bytes(first[0][0]).split(b"-")[0])
    return StreamState(waiting, max(0.0, (epoch_ms(now) - accepted_ms) / 1000))
