"""Days of expected deliveries, from the merchant's lists."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from shop.ground.inventory.core.values import DeliveryLine
from shop.ground.inventory.services.reservations import ONLINE


def expect_deliveries(*, lines: Iterable[DeliveryLine], location: str = ONLINE) -> int:
    """Note the day on which each variant comes again; return how many days are new.

    Products that are not named keep theirs. What came is a movement (`receive_stock`), not a note
    here: a day that is over simply says nothing any more. By COPY, one transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE expected (variant_id bigint, day date) ON COMMIT DROP"
        )
        with cursor.copy("COPY expected FROM STDIN") as copy:
            for line in lines:
                copy.write_row((line.variant_id, line.day))
        cursor.execute(
            "WITH wanted AS (SELECT r.id, e.day FROM shop_stockrecord r"
            " JOIN expected e USING (variant_id) JOIN shop_stocklocation l ON l.id = r.location_id"
            " WHERE l.code = %s AND r.next_delivery IS DISTINCT FROM e.day"
            # In the order in which sales lock the same rows.
            " ORDER BY r.location_id, r.variant_id FOR UPDATE OF r)"
            " UPDATE shop_stockrecord r SET next_delivery = wanted.day FROM wanted"
            " WHERE r.id = wanted.id",
            [location],
        )
        changed = cursor.rowcount
        cursor.execute("DROP TABLE expected")
    return int(changed)
