"""Accounts as others read them: customers, guests, staff and the accounts of the demo."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import F, FloatField, Max, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from profiles.accounts.core import CUSTOMER_FIELDS, Answer, KnownCustomer
from profiles.events.core import FREE, STREAM, guest_key
from profiles.events.models import Event
from profiles.features.core.registry import FEATURES
from profiles.segments.api import PredictionLine, describe_chances, name_tags
from profiles.segments.models import SegmentVersion, ShopperProfile
from profiles.shoppers.api import shopper_value
from profiles.shoppers.models.accounts import Account
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.customers import Customer
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import MADE_SEGMENT, PURPOSES, ShopperValue
from shop.ground.jobs.redis import RedisUnavailable, ask_redis, redis_breaker
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.errors import FairtagError

# Answers that nobody gave: what holds until somebody is asked.
UNASKED = ("default", "import")


def read_customers(emails: Collection[str]) -> dict[str, KnownCustomer]:
    """Return the shop's customers by e-mail address, in lower case. Three queries."""
    found = _read(Account.objects.filter(email__in=emails).order_by("pk"))
    others = EmailAddress.objects.filter(email__in=emails, verified=True)
    for email, account_id in others.exclude(user__email=F("email")).values_list("email", "user_id"):
        found[email] = KnownCustomer(
            email=email,
            account_id=account_id,
            shopper_id=None,
            is_shopper=False,
            is_active=True,
            market="",
            fields={},
            answers={},
        )
    return found


def list_customers(*, after: int, limit: int) -> list[KnownCustomer]:
    """Return customers with an account, staff left out, after the account `after`. Two queries."""
    accounts = Account.objects.filter(pk__gt=after, is_staff=False).order_by("pk")
    return list(_read(accounts.exclude(email="")[:limit]).values())


def map_numbers(numbers: Collection[str]) -> dict[str, str]:
    """Return whose, by e-mail address, each of the merchant's numbers is. One query."""
    rows = Customer.objects.filter(number__in=numbers, shopper__account__isnull=False)
    pairs = rows.values_list("number", "shopper__account__email")
    return {str(number): str(email) for number, email in pairs}


def find_email(shopper_id: int) -> str:
    """Return the address of a shopper's account, "" where there is none. One query."""
    rows = Shopper.objects.filter(pk=shopper_id, account__isnull=False)
    return rows.values_list("account__email", flat=True).first() or ""


def find_customer_fields(shopper_id: int) -> dict[str, str] | None:
    """Return name and address as a list gave them; None where none did. One query."""
    row = Customer.objects.filter(shopper_id=shopper_id).values(*CUSTOMER_FIELDS).first()
    return None if row is None else {name: value or "" for name, value in row.items()}


def _read(accounts: QuerySet[Account]) -> dict[str, KnownCustomer]:
    rows = list(accounts.select_related("shopper__customer"))
    shoppers = {row.pk: getattr(row, "shopper", None) for row in rows}
    answers = _read_answers([one.pk for one in shoppers.values() if one is not None])
    return {
        row.email: KnownCustomer(
            email=row.email,
            account_id=row.pk,
            shopper_id=shopper.pk if (shopper := shoppers[row.pk]) else None,
            is_shopper=not row.is_staff,
            is_active=row.last_login is not None,
            market=shopper.market_code if shopper else "",
            fields=_read_fields(shopper),
            answers=_merge_answers(shopper, answers),
        )
        for row in rows
    }


def _read_fields(shopper: Shopper | None) -> dict[str, str]:
    customer = getattr(shopper, "customer", None)
    return {name: getattr(customer, name, None) or "" for name in CUSTOMER_FIELDS}


def _read_answers(shopper_ids: Sequence[int]) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the newest record of each shopper and purpose. One query."""
    rows = ConsentRecord.objects.filter(shopper_id__in=shopper_ids)
    rows = rows.order_by("shopper_id", "purpose", "-recorded_at", "-id")
    newest = rows.distinct("shopper_id", "purpose").values(
        *("shopper_id", "purpose", "how", "recorded_at", "given_on", "source")
    )
    return {(row["shopper_id"], row["purpose"]): row for row in newest}


def _merge_answers(
    shopper: Shopper | None, records: dict[tuple[int, str], dict[str, Any]]
) -> dict[str, Answer]:
    if shopper is None:
        return {}
    answers = {}
    for purpose in PURPOSES:
        is_granted = bool(getattr(shopper, f"consent_{purpose}"))
        record = records.get((shopper.pk, purpose))
        if record is None or record["how"] in UNASKED:
            answers[purpose] = Answer(is_granted)
        else:
            on = record["given_on"] or record["recorded_at"].date()
            answers[purpose] = Answer(is_granted, on, record["source"] or record["how"])
    return answers


@dataclass(frozen=True, slots=True)
class Household:
    """An imported shopper nobody logs in as yet."""

    pseudonym: UUID
    external_ref: str


def find_household(*, tag: str) -> Household | None:
    """Return the busiest free household that carries `tag`, else the one that came last.

    "Busiest" is by the stored feature `orders`. None when nothing was imported. Shoppers who
    refused personal prices are left out: the demo shows personal prices. Two queries at most.
    """
    free = Shopper.objects.filter(
        account__isnull=True,
        external_ref__isnull=False,
        erased_at__isnull=True,
        merged_into__isnull=True,
        is_minor=False,
        consent_price=True,
    )
    wears = ShopperProfile.objects.filter(tags__contains=[tag], shopper__in=free)
    by_orders = Coalesce(Cast(KT("features__orders"), FloatField()), 0.0).desc()
    profile = wears.select_related("shopper").order_by(by_orders, "pk").first()
    found = profile.shopper if profile else free.order_by("-last_seen_at", "pk").first()
    if found is None or found.external_ref is None:
        return None
    return Household(pseudonym=found.pseudonym, external_ref=found.external_ref)


def list_households(*, limit: int) -> list[ShopperValue]:
    """Return imported households that bought lately, the oldest rows first. One query."""
    rows = Shopper.objects.filter(
        account__isnull=True,
        external_ref__isnull=False,
        erased_at__isnull=True,
        merged_into__isnull=True,
        is_minor=False,
    ).exclude(external_ref__startswith="simulated-")
    return [shopper_value(one) for one in rows.order_by("pk")[:limit]]


# How long a guest counts as nobody's account without asking the table again.
FREE_SECONDS = 30

_JOINED = """
SELECT 1 FROM profiles_shopper
WHERE pseudonym = %s AND (account_id IS NOT NULL OR merged_into_id IS NOT NULL)
"""


def belongs_to_account(pseudonym: str) -> bool:
    """Return whether the guest `pseudonym` once was is a login's shopper now. One query or none.

    What a guest kept is then worth nothing: on a shared device it would lead the next person to
    the former one's cart. Only the login itself opens them.

    Redis remembers for FREE_SECONDS that the answer was no, because the query was a tenth of a
    request for quotes. Who joins an account says so in Redis before the table does (`bar_guest`),
    and that is never overwritten from here: no answer of the time before outlives the joining.
    Without Redis, or where it forgot, the table is asked.
    """
    try:
        key = UUID(pseudonym)
    except ValueError:
        return False
    name = guest_key(str(key))
    try:
        [known] = ask_redis(("GET", name))
    except RedisUnavailable:
        return _has_joined(key)
    if known == FREE.encode():
        return False
    has_joined = _has_joined(key)
    if not has_joined and known is None:
        with suppress(RedisUnavailable):
            ask_redis(("SET", name, FREE, "NX", "EX", FREE_SECONDS))
    return has_joined


def _has_joined(key: UUID) -> bool:
    # As text this costs a fifth of what building the queryset does.
    with connection.cursor() as cursor:
        cursor.execute(_JOINED, [key])
        return cursor.fetchone() is not None


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
