"""Read what buyers said: the marks of a product, its reviews, the tone of goods over time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Avg, Count

from profiles.events.models import Event
from profiles.reviews.models import Review


@dataclass(frozen=True, slots=True)
class RatingSummary:
    """How many reviews are shown, their mean (0 without any) and how many have 1 to 5 stars."""

    count: int
    mean: float
    stars: tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class ReviewValue:
    """A review as pages show it. `is_own`: the one who looks wrote it."""

    review_id: int
    rating: int
    text: str
    language: str
    bought_at: datetime
    written_at: datetime
    is_own: bool
    hidden_because: str = ""


def summarize_ratings(*, product_id: int) -> RatingSummary:
    """Return the marks of a product. One query."""
    rows = Review.objects.filter(product_id=product_id, state=Review.State.SHOWN)
    counts = dict(rows.order_by().values_list("rating").annotate(count=Count("pk")))
    stars = tuple(counts.get(star, 0) for star in range(1, 6))
    total = sum(stars)
    mean = sum(star * count for star, count in counts.items()) / total if total else 0.0
    return RatingSummary(total, mean, (stars[0], stars[1], stars[2], stars[3], stars[4]))


def list_reviews(
    *, product_id: int, shopper_id: int | None, limit: int = 20, offset: int = 0
) -> list[ReviewValue]:
    """Return reviews of a product, the newest first, one's own hidden one among them. One query."""
    rows = Review.objects.filter(product_id=product_id)
    shown = rows.filter(state=Review.State.SHOWN)
    if shopper_id is not None:
        shown = shown | rows.filter(shopper_id=shopper_id)
    return [
        ReviewValue(
            review_id=row.pk,
            rating=row.rating,
            text=row.text,
            language=row.language,
            bought_at=row.bought_at,
            written_at=row.written_at,
            is_own=shopper_id is not None and row.shopper_id == shopper_id,
            hidden_because=row.hidden_because,
        )
        for row in shown.order_by("-written_at", "-pk")[offset : offset + limit]
    ]


@dataclass(frozen=True, slots=True)
class ReviewTone:
    """What one buyer said of one variant: stars, and the chance that the words are glad."""

    shopper_id: int
    variant_id: int
    rating: int
    positivity: float | None
    written_at: datetime


def list_review_tones(*, since: datetime, until: datetime) -> list[ReviewTone]:
    """Return who said what in [since, until), in that order, hidden reviews too. One query."""
    rows = Review.objects.filter(
        written_at__gte=since, written_at__lt=until, shopper__isnull=False
    ).order_by("written_at", "pk")
    return [
        ReviewTone(shopper_id or 0, variant_id, rating, positivity, written_at)
        for shopper_id, variant_id, rating, positivity, written_at in rows.values_list(
            "shopper_id", "variant_id", "rating", "positivity", "written_at"
        )
    ]


def measure_usual_tone(*, since: datetime, until: datetime) -> float | None:
    """Return the mean chance of being glad of all reviews in [since, until). One query."""
    rows = Review.objects.filter(written_at__gte=since, written_at__lt=until)
    return rows.aggregate(mean=Avg("positivity"))["mean"]


def has_bought(*, shopper_id: int, variant_ids: Collection[int]) -> bool:
    """Return whether the shopper bought one of the variants here. One query."""
    bought = Event.objects.filter(shopper_id=shopper_id, kind="purchase")
    return bought.filter(variant_id__in=variant_ids).exists()
