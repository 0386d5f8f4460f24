"""JSON of reviews."""

from __future__ import annotations

from shop.doors.api.v1.bodies.prices import Json, moment
from shop.doors.pages.reviews import ReviewsPage


def reviews_body(page: ReviewsPage) -> Json:
    """Return a page of reviews with the marks of all of them."""
    return {
        "count": page.summary.count,
        "mean": round(page.summary.mean, 2),
        "stars": list(page.summary.stars),
        "reviews": [
            {
                "rating": one.rating,
                "text": one.text,
                "language": one.language,
                "bought_at": moment(one.bought_at),
                "written_at": moment(one.written_at),
                "is_own": one.is_own,
                "hidden_because": one.hidden_because if one.is_own else "",
            }
            for one in page.reviews
        ],
        "may_write": page.may_write,
        "page": page.page,
        "has_next": page.has_next,
    }
