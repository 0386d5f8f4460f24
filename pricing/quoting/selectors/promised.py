"""Promises read from the table of quotes, for when Redis does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pricing.base.core.tokens import encode_token
from pricing.base.core.values import VerifiedQuote
from pricing.base.services.keys import verifying_keys
from pricing.ledger.core.held_quotes import HeldQuote
from pricing.ledger.models.quotes import Quote
from shop.ground.kernel.clock import epoch_ms

# No quote is promised for longer: the moment inside the id leads to one or two partitions.
LONGEST = timedelta(hours=24)


def list_promised(
    owner: tuple[int, bytes],
    variant_ids: Sequence[int],
    *,
    place: tuple[str, str],
    now: datetime,
) -> dict[int, HeldQuote]:
    """Return the lowest quotes that hold at `now` of a shopper (id, and what signs for them), by
    variant id. One query. Those still on the stream are not there.
    """
    (shopper_id, signed_for), (market, channel) = owner, place
    rows = Quote.objects.filter(
        shopper_id=shopper_id,
        shopper_hash=signed_for.hex(),
        variant_id__in=variant_ids,
        market_code=market,
        channel=channel,
        issued_at__gt=now - LONGEST,
        expires_at__gt=now,
    )
    keys = verifying_keys()
    return {
        row.variant_id: _hold(row, keys[row.kid])
        for row in rows.order_by("-quoted_minor", "issued_at")
        if row.kid in keys
    }


def _hold(row: Quote, key: bytes) -> HeldQuote:
    quote = VerifiedQuote(
        quote_id=row.id,
        owner=bytes.fromhex(row.shopper_hash),
        **{name: getattr(row, name) for name in _SAME},
        market=row.market_code,
    )
    return HeldQuote(
        id_bytes=row.id.bytes,
        quoted_minor=row.quoted_minor,
        public_minor=row.public_minor,
        discount_minor=row.public_minor - row.quoted_minor,
        issued_ms=epoch_ms(row.issued_at),
        expires_ms=epoch_ms(row.expires_at),
        token=encode_token(quote, key=key),
    )


_SAME = (
    "variant_id",
    "channel",
    "currency",
    "list_minor",
    "public_minor",
    "quoted_minor",
    "is_personal",
    "rung",
    "label_code",
    "jurisdiction_code",
    "policy_version",
    "model_version",
    "book_version",
    "arm",
    "issued_at",
    "expires_at",
    "kid",
)
