"""Read shoppers and what they agreed to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import Consents, ConsentValue, ShopperValue
from shop.ground.kernel.errors import FairtagError

_FIELDS = ", ".join(f"owner.{field.column}" for field in Shopper._meta.concrete_fields)
_OWNER = f"""
SELECT {_FIELDS} FROM profiles_shopper shopper
JOIN profiles_shopper owner ON owner.id = coalesce(shopper.merged_into_id, shopper.id)
WHERE shopper.pseudonym = %s AND shopper.erased_at IS NULL
"""  # noqa: S608  # only column names of our own model are put in
_LAGGING = """
SELECT shopper.pseudonym FROM profiles_onlinelag lag
JOIN profiles_shopper shopper ON shopper.id = lag.shopper_id
"""


class ShopperNotFound(FairtagError):
    """No shopper has this pseudonym or id."""

    code = "shopper_not_found"


def shopper_value(shopper: Shopper) -> ShopperValue:
    """Return a row as other rooms see it. No query."""
    consents = Consents(
        price=shopper.consent_price,
        recommendations=shopper.consent_recommendations,
        marketing=shopper.consent_marketing,
        analytics=shopper.consent_analytics,
    )
    return ShopperValue(
        id=shopper.pk,
        pseudonym=str(shopper.pseudonym),
        account_id=shopper.account_id,
        home_store_id=shopper.home_store_id,
        market_code=shopper.market_code,
        is_minor=shopper.is_minor,
        created_at=shopper.created_at,
        last_seen_at=shopper.last_seen_at,
        # A minor is shown the public price whatever was clicked.
        consents=consents.without_price() if shopper.is_minor else consents,
        opt_out_reason=shopper.opt_out_reason,
        external_ref=shopper.external_ref,
        place_code=shopper.place_code,
    )


def find_shopper(pseudonym: str) -> ShopperValue | None:
    """Return the shopper behind `pseudonym`, through merges, or None. One query."""
    try:
        key = UUID(pseudonym)
    except ValueError:
        return None
    # Most pages ask: building the queryset was a fifth of what a product page cost.
    with connection.cursor() as cursor:
        cursor.execute(_OWNER, [key])
        row = cursor.fetchone()
    return None if row is None else shopper_value(Shopper(*row))


def get_shopper(pseudonym: str) -> ShopperValue:
    """Return the shopper behind `pseudonym`, through merges. Raises ShopperNotFound. One query."""
    shopper = find_shopper(pseudonym)
    if shopper is None:
        raise ShopperNotFound("Nobody is known by this pseudonym.")
    return shopper


def get_shopper_by_id(shopper_id: int) -> ShopperValue:
    """Return one shopper, through merges. Raises ShopperNotFound. One query."""
    rows = Shopper.objects.select_related("merged_into").filter(erased_at__isnull=True)
    shopper = rows.filter(pk=shopper_id).first()
    if shopper is None:
        raise ShopperNotFound("There is no such shopper.")
    return shopper_value(shopper.merged_into or shopper)


def find_shopper_for_account(account_id: int) -> ShopperValue | None:
    """Return the shopper of a login, or None. One query."""
    shopper = Shopper.objects.filter(account_id=account_id).first()
    return None if shopper is None else shopper_value(shopper)


def list_active_shoppers(since: datetime) -> list[ShopperValue]:
    """Return shoppers seen at or after `since`, latest first. One query."""
    rows = Shopper.objects.filter(
        last_seen_at__gte=since, erased_at__isnull=True, merged_into__isnull=True
    )
    return [shopper_value(shopper) for shopper in rows.order_by("-last_seen_at", "-id")]


def list_shoppers(shopper_ids: Sequence[int]) -> list[ShopperValue]:
    """Return shoppers by id, ascending; unknown and erased ones are left out. One query."""
    rows = Shopper.objects.filter(pk__in=shopper_ids, erased_at__isnull=True).order_by("pk")
    return [shopper_value(shopper) for shopper in rows]


def owner_ids(shopper_ids: Collection[int]) -> dict[int, int]:
    """Return, by id, whom each shopper became: itself, or the owner it was merged into. One query.

    Erased and unknown shoppers are left out.
    """
    rows = Shopper.objects.filter(pk__in=shopper_ids, erased_at__isnull=True)
    return {pk: owner or pk for pk, owner in rows.values_list("pk", "merged_into_id")}


def list_pseudonyms(shopper_id: int) -> dict[int, str]:
    """Return the pseudonyms of a shopper by id: its own and those of guests it was. One query."""
    rows = Shopper.objects.filter(Q(pk=shopper_id) | Q(merged_into_id=shopper_id))
    return {pk: str(pseudonym) for pk, pseudonym in rows.values_list("pk", "pseudonym")}


def list_stale_pseudonyms() -> frozenset[str]:
    """Return shoppers whose online profile may lag behind the database. One query.

    Until repaired (seconds) their online consents may be old: quote them the public price.
    """
    # Twice a second in each process a request waits for this: as text it is over at once.
    with connection.cursor() as cursor:
        cursor.execute(_LAGGING)
        return frozenset(str(pseudonym) for (pseudonym,) in cursor.fetchall())


def list_consents(shopper_id: int) -> list[ConsentValue]:
    """Return every answer of a shopper, latest first. One query."""
    return [
        ConsentValue(
            purpose=record.purpose,
            is_granted=record.is_granted,
            how=record.how,
            locale=record.locale,
            text_version=record.text_version,
            recorded_at=record.recorded_at,
            given_on=record.given_on,
            source=record.source,
        )
        for record in ConsentRecord.objects.filter(shopper_id=shopper_id)
    ]
