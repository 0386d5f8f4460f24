"""Online profiles made anew from the table and the stream, while shoppers go on shopping.

Nothing is locked. For each shopper: read the profile's version, then the stream, then the table,
and replace the profile only if its version is still the same; otherwise read again. An event in
both stream and table counts once, by id. An event in the table whose own messenger has not yet
reached Redis is marked as seen, so that it is not added twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from uuid import UUID

import numpy as np
import redis
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from profiles.events.core import (
    SEEN_PREFIX,
    STREAM,
    VERSION_FIELD,
    WARM_MARKER,
    EventRecord,
    profile_key,
    stored_affinities,
    variants_key,
)
from profiles.events.services.drain import group_waiting
from profiles.events.services.online import (
    KEEP_SECONDS,
    SEEN_SECONDS,
    Argument,
    business_zone,
    encode_consents,
    load_script,
    text_of,
)
from profiles.events.services.table import note_lag
from profiles.features.api import ShopperEvents, load_shopper_events, sensitive_products
from profiles.features.core.accumulate import NamedSums, named_sums, sum_events
from profiles.features.core.registry import EventColumns, columns_of
from profiles.metrics import profile_rebuilds_total
from profiles.shoppers.api import list_shoppers, owner_ids
from profiles.shoppers.models.shoppers import OnlineLag, Shopper
from profiles.values import ShopperValue
from shop.ground.jobs.redis import patient_redis, redis_breaker

CHUNK = 250
AT_ONCE = 8
ROUNDS = 6
PAGE = 500
FEW_WAITING = 5_000
# An event received so lately may still be on its way to the online sums by another messenger.
RECENT = timedelta(minutes=15)


def rebuild_online_features(*, as_of: datetime, shopper_ids: Sequence[int] | None = None) -> int:
    """Rebuild online profiles (of everybody seen in 180 days); return how many were replaced.

    Safe at any time and any number of times. `as_of` is now; every event in the table counts. A
    job: it waits for a slow Redis. Raises RedisUnavailable.
    """
    is_whole = shopper_ids is None
    # Noted before anything is read: a flag that changes meanwhile is a reason to begin again.
    marker = warm_marker(as_of)
    if shopper_ids is None:
        alive = Shopper.objects.filter(
            erased_at__isnull=True,
            merged_into__isnull=True,
            last_seen_at__gte=as_of - timedelta(seconds=KEEP_SECONDS),
        )
        shopper_ids = list(alive.order_by("pk").values_list("pk", flat=True))
    with patient_redis() as client:
        left = _rebuild(client, shopper_ids, as_of)
        if is_whole:
            client.set(WARM_MARKER, marker)
    note_lag(left, now=as_of)
    return len(shopper_ids) - len(left)


def warm_marker(as_of: datetime) -> str:
    """Return what tells that all profiles are here, and which products it does not know of."""
    return f"{as_of.isoformat()} {sensitive_products().fingerprint}"


def warm_shopper(*, shopper_id: int, now: datetime) -> bool:
    """Rebuild one shopper at once, for who is waiting; return whether it worked.

    One shopper's history is a few milliseconds of reading, unless many events wait in the stream:
    then it is left to the scheduled job. Raises RedisUnavailable, quickly.
    """
    with redis_breaker.guard() as client:
        if client.xlen(STREAM) > FEW_WAITING:
            return False
        return not _rebuild(client, [shopper_id], now)


def restore_online_features(*, now: datetime) -> int:
    """Rebuild everybody unless that is done, else whoever lags; return how many."""
    return repair_online_features(now=now) if is_warm() else rebuild_online_features(as_of=now)


def is_warm() -> bool:
    """Return whether everybody was rebuilt since Redis lost its memory or other products became
    sensitive."""
    with patient_redis() as client:
        marker = text_of(client.get(WARM_MARKER))
    return marker.rpartition(" ")[2] == sensitive_products().fingerprint


def repair_online_features(*, now: datetime, limit: int = 1_000) -> int:
    """Rebuild shoppers whose profile is noted as lagging; return how many."""
    notes = list(OnlineLag.objects.order_by("pk").values_list("pk", "shopper_id")[:limit])
    if not notes:
        return 0
    owners = owner_ids({shopper_id for _, shopper_id in notes})
    with patient_redis() as client:
        left = _rebuild(client, sorted(set(owners.values())), now)
    done = [pk for pk, shopper_id in notes if owners.get(shopper_id) not in left]
    OnlineLag.objects.filter(pk__in=done).delete()
    return len(set(owners.values()) - left)


def _rebuild(client: redis.Redis, shopper_ids: Sequence[int], now: datetime) -> set[int]:
    """Rebuild shoppers; return those that somebody touched again and again meanwhile.

    The order of reading is what makes it exact: versions, stream, answers, table.
    """
    waiting = set(shopper_ids)
    for _ in range(ROUNDS):
        if not waiting:
            break
        versions = read_versions(client, sorted(waiting))
        pending = group_waiting(client, versions.keys())
        for chunk in batched(sorted(versions), CHUNK):
            waiting -= _replace_chunk(client, chunk, versions, pending, now=now)
        waiting &= versions.keys()
    return waiting


def _replace_chunk(
    client: redis.Redis,
    shopper_ids: Sequence[int],
    versions: Mapping[int, bytes | None],
    pending: Mapping[int, Sequence[EventRecord]],
    *,
    now: datetime,
) -> set[int]:
    """Rebuild some shoppers; return those whose profile nobody touched meanwhile."""
    shoppers = list_shoppers(shopper_ids)
    events = load_shopper_events(shopper_ids, recent_since=now - RECENT)
    columns, rows = _join(shoppers, events, pending)
    table = sum_events(columns, rows, len(shoppers), business_zone(), sensitive_products())
    recent = _recent_ids(events)
    replacements = {}
    for row, shopper in enumerate(shoppers):
        state = named_sums(table, row)
        seen = recent.get(shopper.id, []) + [str(r.id) for r in pending.get(shopper.id, ())]
        replacements[shopper] = _replacement(shopper, versions[shopper.id], state, seen)
    done = _replace_all(client, replacements)
    profile_rebuilds_total.inc(len(done))
    return done


def read_versions(client: redis.Redis, shopper_ids: Sequence[int]) -> dict[int, bytes | None]:
    """Return the version of each shopper's profile; erased and unknown shoppers have none."""
    alive = Shopper.objects.filter(pk__in=shopper_ids, erased_at__isnull=True)
    versions: dict[int, bytes | None] = {}
    for group in batched(alive.values_list("pk", "pseudonym"), PAGE):
        pipe = client.pipeline(transaction=False)
        for _, pseudonym in group:
            pipe.hget(profile_key(str(pseudonym)), VERSION_FIELD)
        versions.update(zip((pk for pk, _ in group), pipe.execute(), strict=True))
    return versions


def _replace_all(
    client: redis.Redis, replacements: Mapping[ShopperValue, Sequence[Argument]]
) -> set[int]:
    """Replace profiles a few at a time: a long pipeline would keep all quotes waiting."""
    script = load_script(client, "replace")
    done = set()
    for group in batched(replacements.items(), AT_ONCE):
        pipe = client.pipeline(transaction=False)
        for shopper, arguments in group:
            keys = [profile_key(shopper.pseudonym), variants_key(shopper.pseudonym)]
            script(keys=keys, args=arguments, client=pipe)
        answers = zip(group, pipe.execute(), strict=True)
        done |= {shopper.id for (shopper, _), answer in answers if answer == 1}
    return done


def _replacement(
    shopper: ShopperValue,
    version: bytes | None,
    state: NamedSums,
    seen: Sequence[str],
) -> list[Argument]:
    """Return the arguments of the script. `repr` of a float is exact and the shortest."""
    sums = {**state.sums, **stored_affinities(state.categories, state.brands)}
    words: list[Argument] = [word for name, value in sums.items() for word in (name, repr(value))]
    others: list[Argument] = [
        word for key, value in state.variants.items() for word in (key, repr(value))
    ]
    return [
        version or b"0",
        shopper.id,
        encode_consents(shopper.consents),
        KEEP_SECONDS,
        SEEN_PREFIX,
        SEEN_SECONDS,
        len(words),
        len(others),
        *words,
        *others,
        *seen,
    ]


def _join(
    shoppers: Sequence[ShopperValue],
    events: ShopperEvents,
    pending: Mapping[int, Sequence[EventRecord]],
) -> tuple[EventColumns, np.ndarray]:
    """Return the events of table and stream, each once, and the row of each one's shopper."""
    ids = np.array([shopper.id for shopper in shoppers], dtype=np.int64)
    rows = np.searchsorted(ids, events.shopper_id)
    waiting = [
        (row, record)
        for row, shopper in enumerate(shoppers)
        for record in pending.get(shopper.id, ())
    ]
    if waiting:
        packed = events.event_id.tobytes()
        known = {packed[at : at + 16] for at in range(0, len(packed), 16)}
        waiting = [(row, record) for row, record in waiting if record.id.bytes not in known]
    if not waiting:
        return events.columns, rows
    extra = columns_of([record for _, record in waiting])
    extra_rows = np.array([row for row, _ in waiting], dtype=np.int64)
    return events.columns.join(extra), np.concatenate([rows, extra_rows])


def _recent_ids(events: ShopperEvents) -> dict[int, list[str]]:
    recent: dict[int, list[str]] = {}
    shoppers = events.shopper_id[events.is_recent].tolist()
    for shopper_id, packed in zip(shoppers, events.event_id[events.is_recent], strict=True):
        recent.setdefault(shopper_id, []).append(str(UUID(bytes=packed.tobytes())))
    return recent


# One maker at a time: two would both find a month missing.
_LOCK = "SELECT pg_advisory_xact_lock(1886545263)"
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"
_MOVE = """
WITH moved AS (
    DELETE FROM profiles_event_default WHERE occurred_at >= %s AND occurred_at < %s RETURNING *
)
INSERT INTO {name} SELECT * FROM moved
"""


@transaction.atomic
def ensure_partitions(*, start: datetime, end: datetime) -> int:
    """Make the monthly partitions (UTC) of every month from `start` to `end`; return the new ones.

    Events that came before their partition wait in the default partition and are moved. Takes an
    exclusive lock on the default partition for as long as moving takes.
    """
    made = 0
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        for first, following in _months(start, end):
            made += _make_partition(cursor, first, following)
    return made


def _months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    first = _month(start.astimezone(UTC))
    while first <= end:
        following = _month_after(first)
        yield first, following
        first = following


def _month(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, 1, tzinfo=UTC)


def _month_after(first: datetime) -> datetime:
    years, month = divmod(first.month, 12)
    return datetime(first.year + years, month + 1, 1, tzinfo=UTC)


def months_ahead(now: datetime, count: int) -> datetime:
    """Return the first moment of the month `count` months after that of `now`."""
    month = _month(now.astimezone(UTC))
    for _ in range(count):
        month = _month_after(month)
    return month


def _make_partition(cursor: CursorWrapper, first: datetime, following: datetime) -> int:
    name = f"profiles_event_{first:%Y_%m}"
    cursor.execute(_EXISTS, [name])
    if cursor.fetchone()[0]:
        return 0
    cursor.execute("LOCK TABLE profiles_event_default IN ACCESS EXCLUSIVE MODE")
    cursor.execute(
        f"CREATE TABLE {name} (LIKE profiles_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    )
    cursor.execute(_MOVE.format(name=name), [first, following])
    # A check constraint with the same bounds spares the scan that attaching would need.
    cursor.execute(
        f"ALTER TABLE profiles_event ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{first:%Y-%m-%d}+00') TO ('{following:%Y-%m-%d}+00')"
    )
    return 1


def drop_partitions(*, before: datetime) -> list[str]:
    """Drop partitions that end at or before `before`; return their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'profiles_event'::regclass AND c.relname <> %s",
            ["profiles_event_default"],
        )
        names = sorted(row[0] for row in cursor.fetchall())
        old = [name for name in names if _month_after(_first_of(name)) <= before]
        for name in old:
            cursor.execute(f"DROP TABLE {name}")
    return old


def _first_of(name: str) -> datetime:
    year, month = name.removeprefix("profiles_event_").split("_")
    return datetime(int(year), int(month), 1, tzinfo=UTC)
