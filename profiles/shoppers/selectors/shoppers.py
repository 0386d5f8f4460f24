"""Read shoppers and what they agreed to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Q
from numpy.typing import NDArray

from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import Consents, ConsentValue, ShopperValue
from shop.ground.database.packed import Packed, fetch_packed
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


# Of so many every one is read, in about a second; of more an even share of that many: an audience
# of one in a hundred is then still within 2 %.
MOST_EXACT = 2_000_000
MOST_COMPARED = 200_000
_COUNT = """
SELECT count(*) FROM profiles_shopper
WHERE merged_into_id IS NULL AND erased_at IS NULL AND market_code = %(market)s
"""
_ROWS = """
FROM profiles_shopper s {profiles}
WHERE s.merged_into_id IS NULL AND s.erased_at IS NULL AND s.market_code = %(market)s {share}
"""
# Only where a share is read: the planner takes it for one in two hundred and loops over profiles.
_SHARE = "AND s.id %% %(every)s = 0"
_PROFILES = "LEFT JOIN profiles_shopperprofile p ON p.shopper_id = s.id"
_COLUMNS = (
    Packed("id", ">i8", "int8send(s.id)"),
    Packed("member", "?", "boolsend(s.account_id IS NOT NULL)"),
    Packed("agrees", "?", "boolsend(s.consent_recommendations)"),
)
_SEGMENT = Packed("segment", ">i8", "int8send(coalesce(p.segment_id, -1))")
_NO_SEGMENT = Packed("segment", ">i8", "int8send(-1)")


@dataclass(frozen=True, slots=True)
class ShopperColumns:
    """n shoppers by ascending id. One in `every` was read; `total` shoppers there are.

    `segment` are ids of segments, -1 none; `codes` names them. `tags` are masks by word.
    """

    shopper_id: NDArray[np.int64]
    is_member: NDArray[np.bool_]
    agrees: NDArray[np.bool_]
    segment: NDArray[np.int64]
    codes: dict[int, str]
    tags: dict[str, NDArray[np.bool_]]
    every: int
    total: int


def list_members(*, before: datetime, market_code: str = "") -> NDArray[np.int64]:
    """Return the ids (n,) of shoppers who had an account before a moment, ascending.

    Of more than 200,000 an even share of that many: enough to compare means. One query.
    """
    rows = Shopper.objects.filter(
        account__date_joined__lt=before, merged_into__isnull=True, erased_at__isnull=True
    )
    if market_code:
        rows = rows.filter(market_code=market_code)
    ids = np.array(list(rows.order_by("pk").values_list("pk", flat=True)), dtype=np.int64)
    return ids[:: max(1, -(-len(ids) // MOST_COMPARED))]


def load_shopper_columns(
    *, market_code: str, tags: Collection[str] = (), has_segments: bool = True
) -> ShopperColumns:
    """Return the shoppers of a market; of more than MOST_EXACT an even share of that many.

    Merged guests and erased shoppers are nobody. Profiles are read only where tags or segments are
    asked for: they are as many. Three queries.
    """
    words = sorted(tags)
    parameters = {f"tag_{at}": word for at, word in enumerate(words)} | {"market": market_code}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)
        total = int(cursor.fetchone()[0])
        cursor.execute("SELECT id, code FROM profiles_segment")
        codes = dict(cursor.fetchall())
    every = max(1, -(-total // MOST_EXACT))
    carried = [
        Packed(f"tag_{at}", "?", f"boolsend(coalesce(%(tag_{at})s = ANY(p.tags), false))")
        for at in range(len(words))
    ]
    needs_profiles = has_segments or bool(words)
    segment = _SEGMENT if needs_profiles else _NO_SEGMENT
    source = _ROWS.format(
        profiles=_PROFILES if needs_profiles else "", share=_SHARE if every > 1 else ""
    )
    rows = fetch_packed((*_COLUMNS, segment, *carried), source, {**parameters, "every": every})
    rows = rows[np.argsort(rows["id"])]
    return ShopperColumns(
        shopper_id=rows["id"].astype(np.int64),
        is_member=rows["member"].copy(),
        agrees=rows["agrees"].copy(),
        segment=rows["segment"].astype(np.int64),
        codes=codes,
        tags={word: rows[f"tag_{at}"].copy() for at, word in enumerate(words)},
        every=every,
        total=total,
    )
