"""Hold stock for a while, then sell it or give it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from shop.inventory.core.values import StockLine
from shop.inventory.models import StockLocation, StockMovement, StockRecord, StockReservation
from shop.kernel.errors import FairtagError
from shop.outbox.services import write_fact

ONLINE = "online"
HELD = StockReservation.State.HELD


class OutOfStock(FairtagError):
    """Less is available than was asked; `detail["available"]` maps variant id (text) to pieces."""

    code = "out_of_stock"


class ReservationGone(FairtagError):
    """The hold ran out before it was paid for; nothing was sold."""

    code = "reservation_gone"


def reserve_stock(
    *, holder: str, lines: Sequence[StockLine], expires_at: datetime, location: str = ONLINE
) -> None:
    """Hold all `lines` for `holder` until `expires_at`, or nothing.

    Repeating with the same holder replaces its hold, so a retry is harmless; a holder whose hold
    was sold starts a new one. Raises OutOfStock.
    Locks the stock records of the lines and of what the holder held, in variant order. Four
    statements and one per line that changes.
    """
    wanted = _sum_lines(lines)
    with transaction.atomic():
        held = _lock_held(holder, location)
        before = {row.variant_id: row.quantity for row in held}
        records = _lock_records(location, wanted.keys() | before.keys())
        short = {
            variant_id: max(0, free)
            for variant_id, quantity in wanted.items()
            if (free := _free(records.get(variant_id)) + before.get(variant_id, 0)) < quantity
        }
        if short:
            raise OutOfStock(
                "Some goods are not in stock in this quantity.",
                available={str(variant_id): free for variant_id, free in short.items()},
            )
        for variant_id in sorted(records):
            _move_reserved(records[variant_id], wanted[variant_id] - before.get(variant_id, 0))
        _write_held(holder, location, wanted, expires_at)


def _sum_lines(lines: Sequence[StockLine]) -> Counter[int]:
    wanted: Counter[int] = Counter()
    for line in lines:
        if line.quantity <= 0:
            raise ValueError(f"cannot reserve {line.quantity} pieces of variant {line.variant_id}")
        wanted[line.variant_id] += line.quantity
    return wanted


def _free(record: StockRecord | None) -> int:
    return 0 if record is None else record.on_hand - record.reserved


def _lock_held(holder: str, location: str | None = None) -> list[StockReservation]:
    """Lock `holder` and what it holds: the first of all locks.

    A holder's first hold has no row to lock yet; without the advisory lock two requests of one
    holder would both count their pieces.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [holder])
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


def _move_reserved(record: StockRecord, change: int) -> None:
    if change:
        # The CHECK constraint is the last word: no code path can oversell.
        StockRecord.objects.filter(pk=record.pk).update(reserved=F("reserved") + change)


def _write_held(holder: str, location: str, wanted: Counter[int], expires_at: datetime) -> None:
    location_id = StockLocation.objects.values_list("pk", flat=True).get(code=location)
    gone = StockReservation.objects.filter(holder=holder, location_id=location_id, state=HELD)
    gone.exclude(variant_id__in=wanted).update(state=StockReservation.State.RELEASED)
    StockReservation.objects.bulk_create(
        [
            StockReservation(
                holder=holder,
                variant_id=variant_id,
                location_id=location_id,
                quantity=quantity,
                expires_at=expires_at,
                state=HELD,
            )
            for variant_id, quantity in sorted(wanted.items())
        ],
        update_conflicts=True,
        unique_fields=["holder", "variant", "location"],
        update_fields=["quantity", "expires_at", "state"],
    )


def release_reservation(*, holder: str) -> None:
    """Give back what `holder` holds; nothing to give back is fine."""
    with transaction.atomic():
        _give_back(_lock_held(holder))


def _give_back(held: Sequence[StockReservation]) -> None:
    for row in held:
        StockRecord.objects.filter(variant_id=row.variant_id, location_id=row.location_id).update(
            reserved=F("reserved") - row.quantity
        )
    StockReservation.objects.filter(pk__in=[row.pk for row in held]).update(
        state=StockReservation.State.RELEASED
    )


def commit_reservation(*, holder: str, reference: str, now: datetime) -> None:
    """Turn what `holder` holds into a sale noted with `reference`. Twice is once.

    Raises ReservationGone when the hold was released or never made: the caller must reserve anew.
    """
    with transaction.atomic():
        held = _lock_held(holder)
        if not held:
            sold = StockReservation.objects.filter(
                holder=holder, state=StockReservation.State.COMMITTED
            )
            if not sold.exists():
                raise ReservationGone("The reservation has run out.")
        for row in held:
            record = StockRecord.objects.filter(
                variant_id=row.variant_id, location_id=row.location_id
            )
            record.update(
                on_hand=F("on_hand") - row.quantity, reserved=F("reserved") - row.quantity
            )
            if record.filter(on_hand=F("reserved")).exists():
                write_fact(
                    kind="StockDepleted", payload={"variant_id": row.variant_id}, occurred_at=now
                )
        StockMovement.objects.bulk_create(
            StockMovement(
                variant_id=row.variant_id,
                location_id=row.location_id,
                kind=StockMovement.Kind.SOLD,
                quantity=-row.quantity,
                reference=reference,
                at=now,
            )
            for row in held
        )
        StockReservation.objects.filter(pk__in=[row.pk for row in held]).update(
            state=StockReservation.State.COMMITTED
        )


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
