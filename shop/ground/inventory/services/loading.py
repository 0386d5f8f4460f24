"""Opening stock of a loaded catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction

from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services.reservations import ONLINE


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
