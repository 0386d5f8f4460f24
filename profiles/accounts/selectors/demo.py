"""Find real households to try the shop as."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import FloatField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from profiles.segments.models import ShopperProfile
from profiles.shoppers.api import shopper_value
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import ShopperValue


@dataclass(frozen=True, slots=True)
class Household:
    """An imported shopper nobody logs in as yet."""

    pseudonym: UUID
    external_ref: str


def find_household(*, tag: str) -> Household | None:
    """Return the busiest free household that carries `tag`, else the one that came last.

    "Busiest" is by the stored feature `orders`. None when nothing was imported. Shoppers who
    refused personal prices are left out: the demo shows personal prices. Two queries at most.
    """
    free = Shopper.objects.filter(
        account__isnull=True,
        external_ref__isnull=False,
        erased_at__isnull=True,
        merged_into__isnull=True,
        is_minor=False,
        consent_price=True,
    )
    wears = ShopperProfile.objects.filter(tags__contains=[tag], shopper__in=free)
    by_orders = Coalesce(Cast(KT("features__orders"), FloatField()), 0.0).desc()
    profile = wears.select_related("shopper").order_by(by_orders, "pk").first()
    found = profile.shopper if profile else free.order_by("-last_seen_at", "pk").first()
    if found is None or found.external_ref is None:
        return None
    return Household(pseudonym=found.pseudonym, external_ref=found.external_ref)


def list_households(*, limit: int) -> list[ShopperValue]:
    """Return imported households that bought lately, the oldest rows first. One query."""
    rows = Shopper.objects.filter(
        account__isnull=True,
        external_ref__isnull=False,
        erased_at__isnull=True,
        merged_into__isnull=True,
        is_minor=False,
    ).exclude(external_ref__startswith="simulated-")
    return [shopper_value(one) for one in rows.order_by("pk")[:limit]]
