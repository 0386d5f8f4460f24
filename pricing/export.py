"""Everything the room knows about a shopper, to be handed to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pricing.base.core.texts import say
from pricing.ledger.models.books import PriceBookEntry
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.models.quotes import Quote

_FIELDS = (
    "id",
    "issued_at",
    "expires_at",
    "variant_id",
    "market_code",
    "channel",
    "currency",
    "purpose",
    "list_minor",
    "public_minor",
    "quoted_minor",
    "rung",
    "arm",
    "label_code",
    "jurisdiction_code",
    "policy_version",
    "model_version",
    "features",
    "segment",
    "reasons",
    "counterfactuals",
    "guard_actions",
)

_CONTEST = ("quote_id", "email", "language", "text", "asked_at", "answer", "answered_at")


def export_shopper(shopper_id: int) -> Mapping[str, Any]:
    """Return JSON values: every stored quote with its reasons, prepared prices, and prices that
    were questioned. Three queries.
    """
    quotes = Quote.objects.filter(shopper_id=shopper_id).order_by("issued_at", "id")
    entry = PriceBookEntry.objects.filter(pk=shopper_id).first()
    return {
        "quotes": [_quote(row) for row in quotes.values(*_FIELDS).iterator(chunk_size=1_000)],
        "questioned_prices": [
            _contest(row)
            for row in PriceContest.objects.filter(shopper_id=shopper_id).values(*_CONTEST)
        ],
        "prepared_prices": []
        if entry is None
        else [
            {"variant": variant, "quoted_minor": minor}
            for variant, minor in zip(entry.variant_ids, entry.quoted_minors, strict=True)
        ],
    }


def _quote(row: Mapping[str, Any]) -> dict[str, Any]:
    reasons = [{**one, "text": say(one["code"], "en")} for one in row["reasons"]]
    moments = {name: row[name].isoformat() for name in ("issued_at", "expires_at")}
    return {**row, **moments, "id": str(row["id"]), "reasons": reasons}


def _contest(row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {name: row[name] and row[name].isoformat() for name in ("asked_at", "answered_at")}
    return {**row, **moments, "quote_id": str(row["quote_id"])}
