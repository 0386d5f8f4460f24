"""Write the price ledger, and with it what holds now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from celery import signature
from django.db import connection, transaction
from django.utils.translation import gettext as _

from pricing.base.core.values import LedgerRow
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from shop.ground.jobs.selectors import PRICES
from shop.ground.jobs.tasks import wake
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

_CREATE = """
CREATE TEMPORARY TABLE incoming_price (
    variant_id bigint NOT NULL, kind varchar(6) NOT NULL, amount_minor integer NOT NULL,
    valid_from timestamptz NOT NULL
)
"""
_COPY = "COPY incoming_price (variant_id, kind, amount_minor, valid_from) FROM STDIN"
_INSERT = """
INSERT INTO pricing_priceledgerentry
    (variant_id, market_id, channel, kind, amount_minor, valid_from, source)
SELECT variant_id, %(market)s, %(channel)s, kind, amount_minor, valid_from, %(source)s
FROM incoming_price
ON CONFLICT DO NOTHING
"""
# The newest list and public price of each variant touched. A variant with one kind only takes it
# for both: what is known is better than nothing, and the public price never exceeds the list price.
_CURRENT = """
INSERT INTO pricing_publicprice AS p
    (variant_id, market_id, channel, list_minor, public_minor, anchor_minor, changed_at)
SELECT variant_id, %(market)s, %(channel)s, listed, least(public, listed), least(public, listed), at
FROM (
    SELECT variant_id, max(valid_from) AS at,
        coalesce(max(amount_minor) FILTER (WHERE kind = 'list'), max(amount_minor)) AS listed,
        coalesce(max(amount_minor) FILTER (WHERE kind = 'public'), max(amount_minor)) AS public
    FROM (
        SELECT DISTINCT ON (l.variant_id, l.kind) l.variant_id, l.kind, l.amount_minor, l.valid_from
        FROM pricing_priceledgerentry l
        JOIN (SELECT DISTINCT variant_id FROM incoming_price) touched USING (variant_id)
        WHERE l.market_id = %(market)s AND l.channel = %(channel)s
        ORDER BY l.variant_id, l.kind, l.valid_from DESC
    ) newest GROUP BY variant_id
) current
ON CONFLICT (variant_id, market_id, channel) DO UPDATE
SET list_minor = EXCLUDED.list_minor, public_minor = EXCLUDED.public_minor,
    anchor_minor = EXCLUDED.anchor_minor, changed_at = EXCLUDED.changed_at
WHERE p.changed_at < EXCLUDED.changed_at
"""


# The job makes books, so it stands above: it is sent by name.
_PUBLISHING = "pricing.tasks.publish_set_prices"


class NotAPrice(FairtagError):
    """A price must be a whole number of minor units above zero."""

    code = "not_a_price"


@transaction.atomic
def load_ledger_bulk(
    *,
    rows: Iterable[LedgerRow],
    market: str = "us",
    channel: str = "online",
    source: str = "import",
) -> int:
    """COPY price history into the ledger; known moments are left as they are. Return new rows.

    Afterwards PublicPrice holds the newest list and public price of each variant touched, unless
    it knows a later change. Safe to run again.
    """
    scope = {"market": market, "channel": channel, "source": source}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row((row.variant_id, row.kind, row.amount_minor, row.valid_from))
        cursor.execute("ANALYZE incoming_price")
        cursor.execute(_INSERT, scope)
        added: int = cursor.rowcount
        cursor.execute(_CURRENT, scope)
        cursor.execute("DROP TABLE incoming_price")
    return added


def require_prices(amounts: Iterable[int]) -> None:
    """Raise NotAPrice where one of the amounts is none."""
    if any(amount <= 0 for amount in amounts):
        raise NotAPrice(_("A price must be above zero."))


def move_list_prices(
    *,
    prices: Mapping[int, int],
    now: datetime,
    place: tuple[str, str],
    set_by: str = "",
) -> list[int]:
    """Record list prices (minor units by variant id) set by the merchant, inside the caller's
    transaction; return the variants whose list price is new.

    Locks the price rows in order of variant. The public price follows: at once where it would
    stand above the new list price, otherwise with the next book, inside its guardrails. Where
    nothing was reduced the anchor moves along, so the public price climbs to the new list price.
    Writes the fact ListPricesChanged. `set_by` is kept with changed list prices. The number of
    statements does not grow with the prices.
    """
    market, channel = place
    known = PublicPrice.objects.select_for_update(no_key=True).order_by("variant_id")
    rows = {
        row.variant_id: row
        for row in known.filter(variant_id__in=prices, market_id=market, channel=channel)
    }
    entries: list[PriceLedgerEntry] = []
    opened, moved = [], []
    for variant_id, amount in sorted(prices.items()):
        row = rows.get(variant_id)
        if row is None:
            row = PublicPrice(variant_id=variant_id, market_id=market, channel=channel)
            entries += _open(row, amount, now)
            opened.append(row)
        elif row.list_minor != amount:
            entries += _move(row, amount, now, set_by)
            moved.append(row)
    PublicPrice.objects.bulk_create(opened)
    changed_fields = ["list_minor", "public_minor", "anchor_minor", "changed_at"]
    PublicPrice.objects.bulk_update(moved, changed_fields, batch_size=2_000)
    PriceLedgerEntry.objects.bulk_create(entries)
    changed = sorted({entry.variant_id for entry in entries})
    if changed:
        write_fact(kind="ListPricesChanged", payload={"variants": changed[:1000]}, occurred_at=now)
        publish_on_commit()
    return changed


def publish_on_commit() -> None:
    """Have prices that somebody set published as soon as the caller's transaction commits.

    The fact that tells of them has them published too, should this signal be lost, but its delivery
    waits for its turn in the live lane.
    """
    transaction.on_commit(lambda: wake(signature(_PUBLISHING, queue=PRICES)), robust=True)


def _open(row: PublicPrice, amount: int, now: datetime) -> list[PriceLedgerEntry]:
    """Begin the series of a variant that had no price."""
    row.list_minor = row.public_minor = row.anchor_minor = amount
    row.changed_at = now
    return [_entry(row, "list", amount, now), _entry(row, "public", amount, now)]


def _move(row: PublicPrice, amount: int, now: datetime, set_by: str) -> list[PriceLedgerEntry]:
    entries = [_entry(row, "list", amount, now, set_by)]
    was_reduced = row.public_minor < row.list_minor
    row.list_minor = amount
    if row.public_minor > amount:
        row.public_minor = row.anchor_minor = amount
        row.changed_at = now
        entries.append(_entry(row, "public", amount, now))
    elif not was_reduced:
        row.anchor_minor = amount
    return entries


def _entry(
    row: PublicPrice, kind: str, amount: int, now: datetime, set_by: str = ""
) -> PriceLedgerEntry:
    return PriceLedgerEntry(
        variant_id=row.variant_id,
        market_id=row.market_id,
        channel=row.channel,
        kind=kind,
        amount_minor=amount,
        valid_from=now,
        source=PriceLedgerEntry.Source.MERCHANT,
        set_by=set_by,
    )
