"""Write a review, hide it with a reason, read it again."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db import transaction

from profiles.events.models import Event
from profiles.reviews.core import detect_language
from profiles.reviews.models import Review
from profiles.reviews.selectors.sentiment import read_positivity
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

MAX_TEXT = 2_000
BATCH = 500


class ReviewRefused(FairtagError):
    """The review is not kept; code: rating_range, text_long, not_bought or no_reason."""

    code = "review_refused"


@transaction.atomic
def write_review(
    *, shopper_id: int, variant_ids: dict[int, int], rating: int, text: str, now: datetime
) -> int:
    """Keep what a buyer says of a product; a second one replaces the first. Return its id.

    `variant_ids` maps each variant of the one product to the product. Shown at once, whatever it
    says. Raises ReviewRefused, also for who did not buy the product here: reviews by people who
    never had it would mislead (EU 2019/2161).
    """
    text = " ".join(text.split())
    if not 1 <= rating <= 5:
        raise ReviewRefused(gettext_noop("Choose one to five stars."), code="rating_range")
    if len(text) > MAX_TEXT:
        raise ReviewRefused(
            f"A review has at most {MAX_TEXT} characters; this one has {len(text)}.",
            code="text_long",
        )
    mine = Event.objects.filter(shopper_id=shopper_id, kind="purchase", variant_id__in=variant_ids)
    bought = mine.order_by("-occurred_at").first()
    if bought is None or bought.variant_id is None:
        raise ReviewRefused(
            gettext_noop("Only people who bought it here can review it."), code="not_bought"
        )
    positivity = float(read_positivity([text])[0])
    review, _ = Review.objects.update_or_create(
        shopper_id=shopper_id,
        product_id=variant_ids[bought.variant_id],
        defaults={
            "variant_id": bought.variant_id,
            "rating": rating,
            "text": text,
            "language": detect_language(text),
            "positivity": None if np.isnan(positivity) else positivity,
            "bought_at": bought.occurred_at,
            "written_at": now,
        },
    )
    return review.pk


def hide_review(*, review_id: int, because: str) -> None:
    """Take a review off the pages, with the reason that its writer is shown.

    A bad mark is none: leaving out unkind reviews misleads (EU 2019/2161). Raises ReviewRefused
    without a reason.
    """
    if not because.strip():
        raise ReviewRefused("Say why: its writer is shown the reason.", code="no_reason")
    Review.objects.filter(pk=review_id).update(
        state=Review.State.HIDDEN, hidden_because=because.strip()[:200]
    )


def show_review(*, review_id: int) -> None:
    """Put a hidden review back."""
    Review.objects.filter(pk=review_id).update(state=Review.State.SHOWN, hidden_because="")


def reread_reviews() -> int:
    """Read the tone of all reviews again, after another model came into use; return how many."""
    rows = list(Review.objects.exclude(text="").order_by("pk").values_list("pk", "text"))
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        read = read_positivity([text for _, text in part])
        Review.objects.bulk_update(
            [
                Review(pk=pk, positivity=None if np.isnan(value) else float(value))
                for (pk, _), value in zip(part, read, strict=True)
            ],
            ["positivity"],
        )
    return len(rows)
