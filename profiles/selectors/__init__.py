"""Read the room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from profiles.core.values import (
    FeatureRow,
    OnlineProfile,
    PurchaseCells,
    Recommendation,
    SegmentValue,
    ShopperValue,
)
from shop.kernel.errors import FairtagError


class ShopperNotFound(FairtagError):
    """No shopper has this pseudonym."""

    code = "shopper_not_found"


class OnlineUnavailable(FairtagError):
    """Redis does not answer: no online profile, so no personal price."""

    code = "online_unavailable"


def get_shopper(pseudonym: str) -> ShopperValue:
    """Return the shopper behind `pseudonym`, through merges. Raises ShopperNotFound. One query."""
    raise NotImplementedError


def find_shopper(pseudonym: str) -> ShopperValue | None:
    """Return the shopper behind `pseudonym`, through merges, or None. One query."""
    raise NotImplementedError


def get_shopper_by_id(shopper_id: int) -> ShopperValue:
    """Return one shopper. Raises ShopperNotFound. One query."""
    raise NotImplementedError


def find_shopper_for_account(account_id: int) -> ShopperValue | None:
    """Return the shopper of a login, or None. One query."""
    raise NotImplementedError


def list_active_shoppers(since: datetime) -> list[ShopperValue]:
    """Return shoppers seen at or after `since`, latest first. One query."""
    raise NotImplementedError


def map_external_shoppers() -> dict[str, int]:
    """Return shopper id by the merchant's reference, such as a household number. One query."""
    raise NotImplementedError


def list_stale_pseudonyms() -> frozenset[str]:
    """Return shoppers whose online profile lags behind the database. One indexed query.

    Until repaired (seconds) their online consents may be old: quote them the public price.
    """
    raise NotImplementedError


def queue_profile_reads(
    pipe: Any, pseudonym: str, variant_ids: Sequence[int] | None = None
) -> Callable[[Sequence[Any], datetime], OnlineProfile]:
    """Add this profile's reads to the caller's pipeline; return what parses the replies.

    The parser takes the whole reply list of the pipeline and `now`. With `variant_ids` only
    these variants' affinities are read, with None all of them.
    """
    raise NotImplementedError


def read_online_profiles(pseudonyms: Sequence[str], now: datetime) -> dict[str, OnlineProfile]:
    """Return online profiles in one round trip. Raises OnlineUnavailable when Redis is down."""
    raise NotImplementedError


def compute_feature_rows(
    shopper_ids: Sequence[int] | None, as_of: datetime
) -> Iterator[FeatureRow]:
    """Yield features of shoppers from their events before or at `as_of`. One query."""
    raise NotImplementedError


def load_purchase_cells(as_of: datetime, weeks: int) -> PurchaseCells:
    """Return weekly sales per variant of the last `weeks` whole local weeks. One query."""
    raise NotImplementedError


def list_segments() -> list[SegmentValue]:
    """Return all segments by code. One query."""
    raise NotImplementedError


def recommend_variants(
    row: FeatureRow | None, limit: int, exclude: frozenset[int] = frozenset()
) -> list[Recommendation]:
    """Return up to `limit` variants worth showing, best first; without a row the popular ones.

    No query once the similarity arrays are cached in the process.
    """
    raise NotImplementedError
