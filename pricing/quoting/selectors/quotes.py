"""Read stored quotes, and those still on their way to the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from pricing.base.core.texts import say, say_without
from pricing.base.core.tokens import (
    MalformedToken,
    decode_token,
    encode_token,
    owner_of,
    signature_of,
)
from pricing.base.core.values import Counterfactual, QuoteTrace, Reason, VerifiedQuote
from pricing.base.services import verifying_keys
from pricing.ledger.core.offered import HELD_PLACES, HeldQuote, held_key, unpack_held
from pricing.ledger.core.packed import EXPLAINED
from pricing.ledger.core.unit_prices import QuoteRow, row_of_token
from pricing.ledger.models.impressions import LookSeal
from pricing.ledger.models.quotes import Quote, QuoteSeal
from pricing.quoting.selectors.streamed import find_streamed
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.ids import uuid7_time


class QuoteNotFound(FairtagError):
    """No quote has this id, or none of this shopper."""

    code = "quote_not_found"


class QuoteOfAnother(QuoteNotFound):
    """The quote was made for another shopper, who alone may read it."""


def get_quote(
    quote_id: UUID, *, shopper_pseudonym: str | None = None, language: str = "en"
) -> QuoteTrace:
    """Return a quote from the table, or from the stream if it is not drained yet. One query.

    With `shopper_pseudonym` a quote of somebody else is not found (a public price is anybody's);
    one that the shopper holds is found at once, however late its record is. Raises QuoteNotFound,
    QuoteOfAnother where that is why.
    """
    try:
        row = load_row(quote_id)
    except QuoteNotFound:
        held = _find_held(quote_id, shopper_pseudonym)
        if held is None:
            raise
        row = {**held, "is_stored": False}
    nobody = owner_of(None).hex()
    if shopper_pseudonym is not None and row["shopper_hash"] not in (
        owner_of(shopper_pseudonym).hex(),
        nobody,
    ):
        raise QuoteOfAnother(_("There is no such quote."))
    return _trace(row, language)


def load_row(quote_id: UUID) -> Mapping[str, Any]:
    """Return the columns of a quote; `is_stored` False for one still on the stream. One query.

    The moment inside the id leads to one partition. Raises QuoteNotFound.
    """
    try:
        at = uuid7_time(quote_id)
    except ValueError as error:
        raise QuoteNotFound(_("There is no such quote.")) from error
    row = Quote.objects.filter(pk=quote_id, issued_at=at).values().first()
    if row is not None and row["is_complete"]:
        return {**row, "is_stored": True}
    streamed = find_streamed(quote_id)
    if streamed is not None:
        return {**streamed, "is_stored": row is not None}
    # A drain may have stored it, and taken it off the stream, between both looks.
    row = Quote.objects.filter(pk=quote_id, issued_at=at).values().first() or row
    if row is None:
        raise QuoteNotFound(_("There is no such quote."))
    return {**row, "is_stored": True}


def _find_held(quote_id: UUID, pseudonym: str | None) -> QuoteRow | None:
    """Return the row of a quote that a shopper holds, from its token alone; None if there is none
    or Redis is down."""
    if not pseudonym:
        return None
    with suppress(RedisUnavailable, MalformedToken), redis_breaker.guard() as client:
        places: Any = client.smembers(HELD_PLACES)
        for place in places:
            market, _sep, channel = place.decode().partition(":")
            kept: Any = client.hvals(held_key(market, channel, pseudonym))
            for quote in map(unpack_held, kept):
                if quote is not None and quote.quote_id == quote_id:
                    promised = decode_token(quote.token, keys=verifying_keys())
                    return row_of_token(promised, signature_of(quote.token))
    return None


def _trace(row: Mapping[str, Any], language: str) -> QuoteTrace:
    return QuoteTrace(
        quote_id=row["id"],
        market=row["market_code"],
        reasons=tuple(
            Reason(one["code"], one["amount_minor"], say(one["code"], language))
            for one in row["reasons"]
        ),
        counterfactuals=_counterfactuals(row, language),
        candidates=tuple(row["candidates"]),
        guard_actions=tuple(row["guard_actions"]),
        **{name: row[name] for name in _SAME},
    )


def _counterfactuals(row: Mapping[str, Any], language: str) -> tuple[Counterfactual, ...]:
    """Return the prices without inputs. Each is without those before it too, but in records made
    before EXPLAINED, which took one away at a time."""
    kept = row["counterfactuals"]
    codes = [one["code"] for one in kept]
    adds_up = row["inputs"].get("format", 1) >= EXPLAINED
    return tuple(
        Counterfactual(
            one["code"],
            one["quoted_minor"],
            say_without(codes[0 if adds_up else at : at + 1], language),
        )
        for at, one in enumerate(kept)
    )


# A quote's columns that its trace has under the same name.
_SAME = {each.name for each in fields(QuoteTrace)} - {
    *("quote_id", "market", "reasons", "counterfactuals", "candidates", "guard_actions"),
}


SHOWN = 5


@dataclass(frozen=True, slots=True)
class SealFigures:
    """Sealed days of quotes and of impressions: how many, how many never compared, the oldest
    comparison (None before the first), how many are not what was sealed, and the newest of
    these."""

    days: int
    unchecked: int
    oldest_check: datetime | None
    broken: int
    broken_days: tuple[date, ...]


def read_seals() -> SealFigures:
    """Return the figures of both tables together. Four queries."""
    figures = [
        model.objects.aggregate(
            days=Count("day"),
            unchecked=Count("day", filter=Q(checked_at__isnull=True)),
            oldest=Min("checked_at"),
            broken=Count("day", filter=~Q(found_digest="")),
        )
        for model in (QuoteSeal, LookSeal)
    ]
    days = {
        day
        for model in (QuoteSeal, LookSeal)
        for day in model.objects.exclude(found_digest="").values_list("day", flat=True)[:SHOWN]
    }
    return SealFigures(
        days=sum(one["days"] for one in figures),
        unchecked=sum(one["unchecked"] for one in figures),
        oldest_check=min((one["oldest"] for one in figures if one["oldest"]), default=None),
        broken=sum(one["broken"] for one in figures),
        broken_days=tuple(sorted(days, reverse=True)[:SHOWN]),
    )


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
        **{name: getattr(row, name) for name in _SAME_IN_PROMISES},
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


_SAME_IN_PROMISES = {each.name for each in fields(VerifiedQuote)} - {"quote_id", "owner", "market"}
