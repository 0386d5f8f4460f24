"""Read what shoppers saved, and who waits for which variant."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from profiles.wishes.models import RestockRequest, SavedVariant


@dataclass(frozen=True, slots=True)
class RestockValue:
    """A request as its reader's page shows it. `is_told`: the letter was sent, it is over."""

    variant_id: int
    is_confirmed: bool
    is_told: bool


def list_saved(shopper_id: int) -> list[int]:
    """Return the saved variants of a shopper, the newest first. One query."""
    rows = SavedVariant.objects.filter(shopper_id=shopper_id)
    return list(rows.values_list("variant_id", flat=True))


def list_awaited(shopper_id: int, variant_ids: Collection[int]) -> frozenset[int]:
    """Return which of the variants a shopper is told about when they are back. One query."""
    rows = RestockRequest.objects.filter(
        shopper_id=shopper_id, variant_id__in=variant_ids, told_at=None
    )
    return frozenset(rows.values_list("variant_id", flat=True))


def due_requests(location: str = "online") -> QuerySet[RestockRequest]:
    """Return confirmed requests whose variant can be bought again and whose letter is not sent."""
    return RestockRequest.objects.filter(
        Q(shopper=None) | Q(shopper__account__is_active=True) & ~Q(shopper__account__email=""),
        told_at=None,
        confirmed_at__isnull=False,
        variant__is_active=True,
        variant__product__is_active=True,
        variant__stock_records__location__code=location,
        variant__stock_records__on_hand__gt=F("variant__stock_records__reserved"),
    )
