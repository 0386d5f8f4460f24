"""Products that come in, come back or are counted, and the opening stock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from shop.ground.database.retrying import try_twice
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockLocation, StockMovement, StockRecord
from shop.ground.inventory.services.reservations import ONLINE, OutOfStock


@try_twice
def receive_stock(
    *, lines: Sequence[StockLine], reference: str, now: datetime, location: str = ONLINE
) -> None:
    """Add delivered pieces."""
    _add(lines, StockMovement.Kind.RECEIVED, reference, now, location)


@try_twice
def return_stock(
    *, lines: Sequence[StockLine], reference: str, now: datetime, location: str = ONLINE
) -> None:
    """Put returned pieces back on the shelf."""
    _add(lines, StockMovement.Kind.RETURNED, reference, now, location)


def _add(
    lines: Sequence[StockLine],
    kind: StockMovement.Kind,
    reference: str,
    now: datetime,
    location: str,
) -> None:
    with transaction.atomic():
        location_id = StockLocation.objects.values_list("pk", flat=True).get(code=location)
        for line in sorted(lines, key=lambda line: line.variant_id):
            if line.quantity <= 0:
                raise ValueError(f"cannot add {line.quantity} pieces")
            StockRecord.objects.get_or_create(variant_id=line.variant_id, location_id=location_id)
            StockRecord.objects.filter(variant_id=line.variant_id, location_id=location_id).update(
                on_hand=F("on_hand") + line.quantity
            )
            _note(
                variant_id=line.variant_id,
                location_id=location_id,
                kind=kind,
                quantity=line.quantity,
                reference=reference,
                at=now,
            )


@try_twice
def adjust_stock(
    *, variant_id: int, on_hand: int, reference: str, now: datetime, location: str = ONLINE
) -> None:
    """Set what a count found. Raises OutOfStock when more than that is reserved."""
    with transaction.atomic():
        location_id = StockLocation.objects.values_list("pk", flat=True).get(code=location)
        StockRecord.objects.get_or_create(variant_id=variant_id, location_id=location_id)
        record = StockRecord.objects.select_for_update().get(
            variant_id=variant_id, location_id=location_id
        )
        if on_hand < record.reserved:
            raise OutOfStock(
                f"{record.reserved} pieces are reserved; release them before counting {on_hand}.",
                available={str(variant_id): record.reserved},
            )
        change = on_hand - record.on_hand
        if change:
            StockRecord.objects.filter(pk=record.pk).update(on_hand=on_hand)
            _note(
                variant_id=variant_id,
                location_id=location_id,
                kind=StockMovement.Kind.ADJUSTED,
                quantity=change,
                reference=reference,
                at=now,
            )


def _note(
    *,
    variant_id: int,
    location_id: int,
    kind: StockMovement.Kind,
    quantity: int,
    reference: str,
    at: datetime,
) -> None:
    StockMovement.objects.create(
        variant_id=variant_id,
        location_id=location_id,
        kind=kind,
        quantity=quantity,
        reference=reference,
        at=at,
    )


def load_opening_stock(
    *, lines: Iterable[StockLine], reference: str, now: datetime, location: str = ONLINE
) -> int:
    """Open stock records that do not exist yet, each with its movement; return how many.

    Existing records are left alone: their stock is the business of sales and deliveries. A line
    of 0 pieces opens a sold-out record. By COPY, one transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE opening (variant_id bigint, quantity integer) ON COMMIT DROP"
        )
        with cursor.copy("COPY opening FROM STDIN") as copy:
            for line in lines:
                copy.write_row((line.variant_id, line.quantity))
        cursor.execute(
            "WITH place AS (SELECT id FROM shop_stocklocation WHERE code = %s),"
            " opened AS (INSERT INTO shop_stockrecord (variant_id, location_id, on_hand, reserved)"
            " SELECT variant_id, place.id, quantity, 0 FROM opening, place ORDER BY variant_id"
            " ON CONFLICT (variant_id, location_id) DO NOTHING"
            " RETURNING variant_id, location_id, on_hand),"
            " noted AS (INSERT INTO shop_stockmovement"
            " (variant_id, location_id, kind, quantity, reference, at)"
            " SELECT variant_id, location_id, 'opening', on_hand, %s, %s FROM opened"
            " WHERE on_hand > 0)"
            " SELECT count(*) FROM opened",
            [location, reference, now],
        )
        (opened,) = cursor.fetchone()
        cursor.execute("DROP TABLE opening")
        cursor.execute("ANALYZE shop_stockrecord")
    return int(opened)
