"""Read prices, their history and the rules that hold for a place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pricing.core.values import (
    JurisdictionRule,
    PricePoint,
    PublicPrices,
    ReferencePrice,
    SwitchRow,
)


def current_public_prices(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> PublicPrices:
    """Return public prices from the book in memory. No query while the book is fresh."""
    raise NotImplementedError


def floor_minor(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> dict[int, int]:
    """Return the floor of each variant: no price after offers may be below it. No query."""
    raise NotImplementedError


def list_price_history(
    *, variant_id: int, market: str = "us", channel: str = "online"
) -> list[PricePoint]:
    """Return the ledger of a variant, oldest first. One query."""
    raise NotImplementedError


def reference_price(
    *, variant_id: int, now: datetime, market: str = "us", channel: str = "online"
) -> ReferencePrice:
    """Return the legal "was" basis of a variant under the market's own strategy. Three queries."""
    raise NotImplementedError


def resolve_jurisdiction(*, code: str, now: datetime) -> JurisdictionRule:
    """Return the rule that holds in `code` at `now`; an unknown place gets the strictest."""
    raise NotImplementedError


def list_kill_switches() -> list[SwitchRow]:
    """Return the switches that are on. One query."""
    raise NotImplementedError
