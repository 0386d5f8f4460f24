"""Where a shopper ordered last."""

from __future__ import annotations

from profiles.shoppers.models.shoppers import Shopper


def note_place(*, shopper_id: int, place_code: str) -> None:
    """Remember where a shopper ordered last, as law knows places. Usually one empty update."""
    shopper = Shopper.objects.filter(pk=shopper_id, erased_at__isnull=True)
    shopper.exclude(place_code=place_code).update(place_code=place_code)
