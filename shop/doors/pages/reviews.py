"""The reviews of a product: what buyers said, and whether this shopper may say something."""

from __future__ import annotations

from dataclasses import dataclass

from profiles.reviews.api import (
    RatingSummary,
    ReviewValue,
    has_bought,
    list_reviews,
    summarize_ratings,
    write_review,
)
from profiles.shoppers.api import find_shopper
from shop.doors.pages.context import PageContext
from shop.ground.catalog.core.values import ProductDetail
from shop.ground.catalog.selectors import get_product
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

PAGE = 20


class NotABuyer(FairtagError):
    """Nobody knows this visitor, so nothing was bought by them."""

    code = "not_bought"


@dataclass(frozen=True, slots=True)
class ReviewsPage:
    """Marks, a page of reviews (newest first), and the reader's own place among them."""

    detail: ProductDetail
    summary: RatingSummary
    reviews: tuple[ReviewValue, ...]
    own: ReviewValue | None
    may_write: bool
    page: int
    has_next: bool


def reviews(ctx: PageContext, slug: str, page: int = 1) -> ReviewsPage:
    """Return a page of a product's reviews. Four queries. Raises ProductNotFound."""
    detail = get_product(slug, ctx.language)
    shopper_id = _shopper_id(ctx)
    product_id = detail.card.product_id
    found = list_reviews(
        product_id=product_id, shopper_id=shopper_id, limit=PAGE + 1, offset=(page - 1) * PAGE
    )
    bought = shopper_id is not None and has_bought(
        shopper_id=shopper_id, variant_ids=_variant_ids(detail)
    )
    return ReviewsPage(
        detail=detail,
        summary=summarize_ratings(product_id=product_id),
        reviews=tuple(found[:PAGE]),
        own=next((one for one in found if one.is_own), None),
        may_write=bought,
        page=page,
        has_next=len(found) > PAGE,
    )


def review(ctx: PageContext, slug: str, *, rating: int, text: str) -> None:
    """Keep what this shopper says. Raises ProductNotFound, ReviewRefused and NotABuyer."""
    detail = get_product(slug, ctx.language)
    shopper_id = _shopper_id(ctx)
    if shopper_id is None:
        raise NotABuyer(gettext_noop("Only people who bought it here can review it."))
    variants = dict.fromkeys(_variant_ids(detail), detail.card.product_id)
    write_review(shopper_id=shopper_id, variant_ids=variants, rating=rating, text=text, now=ctx.now)


def _variant_ids(detail: ProductDetail) -> list[int]:
    return [card.variant_id for card in (detail.card, *detail.variants)]


def _shopper_id(ctx: PageContext) -> int | None:
    if ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id
