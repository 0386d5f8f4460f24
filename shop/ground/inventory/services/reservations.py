"""Hold stock for a while, then sell it or give it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from shop.ground.inventory.core.holds import Claim, HeldPieces, OwnHolds, is_scarce, room_for
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockRecord, StockReservation
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop
from shop.ground.outbox.services import write_fact

ONLINE = "online"
HELD = StockReservation.State.HELD
NOBODY = {"person": "", "address": ""}
# One statement for any number of records, locked in the order of all who lock several.
_MOVE = """
WITH moved AS MATERIALIZED (
    SELECT record.id, change.on_hand, change.reserved
    FROM shop_stockrecord record
    JOIN unnest(%s::bigint[], %s::bigint[], %s::integer[], %s::integer[])
        AS change (location_id, variant_id, on_hand, reserved)
        ON (change.location_id, change.variant_id) = (record.location_id, record.variant_id)
    ORDER BY record.location_id, record.variant_id
    FOR NO KEY UPDATE OF record
)
UPDATE shop_stockrecord record
SET on_hand = record.on_hand + moved.on_hand, reserved = record.reserved + moved.reserved
FROM moved WHERE record.id = moved.id
RETURNING record.variant_id, record.on_hand = record.reserved
"""
# What a holder holds becomes sold: the hold's person is forgotten, the movement noted.
_SELL = """
WITH sold AS (
    UPDATE shop_stockreservation SET state = 'committed', person = '', address = ''
    WHERE holder = %(holder)s AND state = 'held'
    RETURNING variant_id, location_id, quantity
),
noted AS (
    INSERT INTO shop_stockmovement (variant_id, location_id, kind, quantity, reference, at)
    SELECT variant_id, location_id, 'sold', -quantity, %(reference)s, %(now)s FROM sold
)
SELECT location_id, variant_id, quantity FROM sold
"""


class OutOfStock(FairtagError):
    """Less is available than was asked; `detail["available"]` maps variant id (text) to pieces."""

    code = "out_of_stock"


class TooManyHeld(FairtagError):
    """The same person or address holds too many pieces already; `detail["variant_id"]`."""

    code = "too_many_held"


class ReservationGone(FairtagError):
    """The hold ran out before it was paid for; nothing was sold."""

    code = "reservation_gone"


def reserve_stock(
    *,
    holder: str,
    lines: Sequence[StockLine],
    expires_at: datetime,
    location: str = ONLINE,
    claim: Claim | None = None,
) -> HeldPieces:
    """Hold `lines` for `holder` until `expires_at`, or nothing; return what is held, until when.

    Repeating with the same holder replaces its hold, so a retry is harmless; a holder whose hold
    was sold starts a new one. With a `claim` the holds of one person and address are bounded: a
    checkout holds fewer pieces, an order all, or it is refused. Raises OutOfStock, TooManyHeld.
    Nothing is written before a refusal. Locks the stock records of the lines and of what the
    holder held, in variant order. Inside a transaction: seven statements at most, however many
    lines.
    """
    wanted = _sum_lines(lines)
    held = _lock_held(holder, location)
    before = Counter({row.variant_id: row.quantity for row in held})
    records = _lock_records(location, wanted.keys() | before.keys())
    left = {pk: _free(records.get(pk)) + before[pk] for pk in wanted}
    _require_stock(wanted, left)
    is_brief = False
    if claim is not None:
        own = _own_holds(holder, location, wanted, claim)
        is_brief = _bound(wanted, left, records, own=own, is_order=claim.is_order)
    _move_records(
        {(row.location_id, pk): (0, wanted[pk] - before[pk]) for pk, row in records.items()}
    )
    until = min(expires_at, claim.short_until) if claim and is_brief else expires_at
    _write_held(holder, held, records, wanted=wanted, expires_at=until, claim=claim)
    return HeldPieces(dict(wanted), until)


def lock_stock(*, holder: str, variant_ids: Collection[int], location: str = ONLINE) -> None:
    """Take the hold of `holder` and the stock of all these variants, in their order.

    For a transaction that sells some of them and takes others back: piece by piece, two of these
    could wait for each other.
    """
    held = _lock_held(holder, location)
    _lock_records(location, {*variant_ids, *(row.variant_id for row in held)})


def _require_stock(wanted: Counter[int], left: Mapping[int, int]) -> None:
    short = {pk: max(0, left[pk]) for pk, quantity in wanted.items() if left[pk] < quantity}
    if short:
        raise OutOfStock(
            "Some goods are not in stock in this quantity.",
            available={str(variant_id): free for variant_id, free in short.items()},
        )


def _bound(
    wanted: Counter[int],
    left: Mapping[int, int],
    records: Mapping[int, StockRecord],
    *,
    own: Mapping[int, OwnHolds],
    is_order: bool,
) -> bool:
    """Lower `wanted` to what the claim may hold; return whether it is to be held only briefly.

    The records are locked, so no hold of the same person can appear meanwhile.
    """
    is_brief = False
    for variant_id, quantity in list(wanted.items()):
        mine = own.get(variant_id, OwnHolds())
        room = room_for(left[variant_id], mine)
        if quantity > room and not is_order:
            wanted[variant_id] = room
        elif quantity > room and mine != OwnHolds():
            raise TooManyHeld(
                gettext_noop(
                    "Many pieces of a product are already held for you, or at your internet "
                    "address,"
                    " in orders that are not paid. Pay or cancel one of them, or take fewer."
                ),
                variant_id=variant_id,
            )
        is_brief |= wanted[variant_id] > room
        is_brief |= is_scarce(left[variant_id] - wanted[variant_id], records[variant_id].on_hand)
    return is_brief


def _own_holds(
    holder: str, location: str, wanted: Collection[int], claim: Claim
) -> dict[int, OwnHolds]:
    """Return what the same person and address hold under other names, by variant. One query."""
    same = Q(person=claim.person) if claim.person else Q(pk__in=())
    if claim.address:
        same |= Q(address=claim.address)
    rows = StockReservation.objects.filter(
        same, state=HELD, location__code=location, variant_id__in=wanted
    ).exclude(holder=holder)
    found: dict[int, OwnHolds] = {}
    for variant_id, person, address, quantity in rows.values_list(
        "variant_id", "person", "address", "quantity"
    ):
        known = found.get(variant_id, OwnHolds())
        found[variant_id] = OwnHolds(
            known.by_person + quantity * (person == claim.person != ""),
            known.by_address + quantity * (address == claim.address != ""),
        )
    return found


def _sum_lines(lines: Sequence[StockLine]) -> Counter[int]:
    wanted: Counter[int] = Counter()
    for line in lines:
        if line.quantity <= 0:
            raise ValueError(f"cannot reserve {line.quantity} pieces of variant {line.variant_id}")
        wanted[line.variant_id] += line.quantity
    return wanted


def _free(record: StockRecord | None) -> int:
    return 0 if record is None else record.on_hand - record.reserved


def _lock_holder(holder: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [holder])


def _lock_held(holder: str, location: str | None = None) -> list[StockReservation]:
    """Lock `holder` and what it holds: the first of all locks.

    A holder's first hold has no row to lock yet; without the advisory lock two requests of one
    holder would both count their pieces.
    """
    _lock_holder(holder)
    held = StockReservation.objects.select_for_update(of=("self",)).filter(
        holder=holder, state=HELD
    )
    if location is not None:
        held = held.filter(location__code=location)
    return list(held.order_by("location_id", "variant_id"))


def _lock_records(location: str, variant_ids: set[int]) -> dict[int, StockRecord]:
    rows = (
        StockRecord.objects.select_for_update(of=("self",))
        .filter(location__code=location, variant_id__in=variant_ids)
        .order_by("location_id", "variant_id")
    )
    return {row.variant_id: row for row in rows}


def _move_records(changes: Mapping[tuple[int, int], tuple[int, int]]) -> list[int]:
    """Change pieces on hand and reserved, by location and variant; return the variants of which
    none is free now. One statement, none without a change.

    The CHECK constraint is the last word: no code path can oversell.
    """
    moved = [(*place, *change) for place, change in changes.items() if any(change)]
    if not moved:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [list(column) for column in zip(*moved, strict=True)])
        return sorted(variant_id for variant_id, is_depleted in cursor.fetchall() if is_depleted)


def _write_held(
    holder: str,
    held: Sequence[StockReservation],
    records: Mapping[int, StockRecord],
    *,
    wanted: Counter[int],
    expires_at: datetime,
    claim: Claim | None,
) -> None:
    kept = [variant_id for variant_id, quantity in sorted(wanted.items()) if quantity]
    gone = [row.pk for row in held if row.variant_id not in kept]
    if gone:
        _end_holds(gone, StockReservation.State.RELEASED)
    StockReservation.objects.bulk_create(
        [
            StockReservation(
                holder=holder,
                variant_id=variant_id,
                location_id=records[variant_id].location_id,
                quantity=wanted[variant_id],
                expires_at=expires_at,
                state=HELD,
                person="" if claim is None else claim.person,
                address="" if claim is None else claim.address,
            )
            for variant_id in kept
        ],
        update_conflicts=True,
        unique_fields=["holder", "variant", "location"],
        update_fields=["quantity", "expires_at", "state", "person", "address"],
    )


def _end_holds(ids: Collection[int], state: StockReservation.State) -> None:
    StockReservation.objects.filter(pk__in=ids).update(state=state, **NOBODY)


def release_reservation(*, holder: str) -> None:
    """Give back what `holder` holds; nothing to give back is fine."""
    with transaction.atomic():
        _give_back(_lock_held(holder))


def _give_back(held: Sequence[StockReservation]) -> None:
    _move_records({place: (0, -pieces) for place, pieces in _count_pieces(held).items()})
    _end_holds([row.pk for row in held], StockReservation.State.RELEASED)


def _count_pieces(held: Sequence[StockReservation]) -> Counter[tuple[int, int]]:
    """Return the pieces by location and variant: several holders may hold of the same."""
    pieces: Counter[tuple[int, int]] = Counter()
    for row in held:
        pieces[row.location_id, row.variant_id] += row.quantity
    return pieces


def commit_reservation(*, holder: str, reference: str, now: datetime) -> None:
    """Turn what `holder` holds into a sale noted with `reference`. Twice is once.

    Inside a transaction. Raises ReservationGone when the hold was released or never made: the
    caller must reserve anew.
    """
    _lock_holder(holder)
    with connection.cursor() as cursor:
        cursor.execute(_SELL, {"holder": holder, "reference": reference, "now": now})
        sold = Counter[tuple[int, int]]()
        for location_id, variant_id, quantity in cursor.fetchall():
            sold[location_id, variant_id] += quantity
    if not sold:
        known = StockReservation.objects.filter(holder=holder)
        if not known.filter(state=StockReservation.State.COMMITTED).exists():
            raise ReservationGone("The reservation has run out.")
    depleted = _move_records({place: (-pieces, -pieces) for place, pieces in sold.items()})
    for variant_id in depleted:
        write_fact(kind="StockDepleted", payload={"variant_id": variant_id}, occurred_at=now)


def expire_reservations(*, now: datetime, limit: int = 500) -> int:
    """Release holds that ended before `now`, up to `limit` rows; return how many.

    Rows another transaction works on (a payment coming in at the last second) are skipped.
    """
    with transaction.atomic():
        late = (
            StockReservation.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state=HELD, expires_at__lt=now)
            .order_by("location_id", "variant_id")[:limit]
        )
        held = list(late)
        _give_back(held)
    return len(held)
