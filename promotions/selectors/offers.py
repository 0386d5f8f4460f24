"""Read live offers, evaluate a cart with them, and find what is personal to a shopper."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from promotions.core.values import (
    CartLineValue,
    CartValue,
    Evaluation,
    OfferValue,
)


@dataclass(frozen=True, slots=True)
class ShopperView:
    """Who asks: what profiles knows, as plain values (segment and tags None: not known)."""

    shopper_id: int | None
    is_member: bool = False
    segment: str | None = None
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LinePreview:
    """What one unit of a variant would cost with automatic offers, before any cart exists."""

    variant_id: int
    adjusted_minor: int
    labels: tuple[str, ...]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PersonalOffer:
    """An offer chosen for a shopper, with the reason in words."""

    offer_id: int
    campaign_id: int
    label: str
    reason: str
    coupon_code: str | None
    audience: str
    ends_at: datetime
    percent: str | None
    amount_minor: int | None
    variant_ids: tuple[int, ...]
    category_ids: tuple[int, ...]


def list_live_offers(*, now: datetime, market_code: str) -> tuple[OfferValue, ...]:
    """Return offers that apply by themselves at `now`. No query, one a second per process."""
    raise NotImplementedError


def evaluate_cart(
    *,
    cart: CartValue,
    codes: Sequence[str],
    shopper: ShopperView,
    now: datetime,
    language: str,
    locale: str,
) -> Evaluation:
    """Return the evaluation of `cart` with live offers and entered `codes`.

    No query without codes, budgets or first-order offers; one for each of these otherwise.
    """
    raise NotImplementedError


def preview_lines(
    *,
    lines: Sequence[CartLineValue],
    market_code: str,
    channel: str,
    currency: str,
    shopper: ShopperView,
    now: datetime,
    language: str,
) -> dict[int, LinePreview]:
    """Return, by variant id, what one unit would cost alone with automatic offers. No query."""
    raise NotImplementedError


def personal_offers_for(
    *,
    shopper: ShopperView,
    market_code: str,
    now: datetime,
    language: str,
    affinity: dict[int, float] | None = None,
    restricted_to: Collection[int] | None = None,
    limit: int = 6,
) -> list[PersonalOffer]:
    """Return the offers that suit a shopper best, personal campaigns first. Two queries."""
    raise NotImplementedError
