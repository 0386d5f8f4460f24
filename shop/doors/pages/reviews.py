"""What buyers say of a product, what is asked about it, and whether this shopper may answer."""

from __future__ import annotations

from dataclasses import dataclass

from orders.fulfilment.api import awaits_delivery
from profiles.reviews.api import (
    QuestionValue,
    RatingSummary,
    ReviewValue,
    answer_question,
    ask_question,
    count_opinions,
    has_bought,
    list_questions,
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
NEWEST = 3


class NotABuyer(FairtagError):
    """Nobody knows this visitor, so nothing was bought by them."""

    code = "not_bought"


class NotArrived(FairtagError):
    """All that was bought of it is still to arrive."""

    code = "not_arrived"


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
    is_on_its_way: bool = False


def reviews(ctx: PageContext, slug: str, page: int = 1) -> ReviewsPage:
    """Return a page of a product's reviews. Four queries, five for a buyer. Raises
    ProductNotFound."""
    detail = get_product(slug, ctx.language)
    shopper_id = _shopper_id(ctx)
    product_id = detail.card.product_id
    found = list_reviews(
        product_id=product_id, shopper_id=shopper_id, limit=PAGE + 1, offset=(page - 1) * PAGE
    )
    bought = shopper_id is not None and has_bought(
        shopper_id=shopper_id, variant_ids=_variant_ids(detail)
    )
    is_on_its_way = bought and _awaits(shopper_id, detail)
    return ReviewsPage(
        detail=detail,
        summary=summarize_ratings(product_id=product_id),
        reviews=tuple(found[:PAGE]),
        own=next((one for one in found if one.is_own), None),
        may_write=bought and not is_on_its_way,
        page=page,
        has_next=len(found) > PAGE,
        is_on_its_way=is_on_its_way,
    )


def _awaits(shopper_id: int | None, detail: ProductDetail) -> bool:
    return shopper_id is not None and awaits_delivery(
        shopper_id=shopper_id, variant_ids=_variant_ids(detail)
    )


def review(ctx: PageContext, slug: str, *, rating: int, text: str) -> None:
    """Keep what this shopper says. Raises ProductNotFound, ReviewRefused, NotABuyer and
    NotArrived."""
    detail = get_product(slug, ctx.language)
    shopper_id = _shopper_id(ctx)
    if shopper_id is None:
        raise NotABuyer(gettext_noop("Only people who bought it here can review it."))
    if _awaits(shopper_id, detail):
        raise NotArrived(gettext_noop("You can review it once it has arrived."))
    variants = dict.fromkeys(_variant_ids(detail), detail.card.product_id)
    write_review(shopper_id=shopper_id, variant_ids=variants, rating=rating, text=text, now=ctx.now)


@dataclass(frozen=True, slots=True)
class QuestionsPage:
    """A page of questions about a product with their answers, newest first."""

    detail: ProductDetail
    questions: tuple[QuestionValue, ...]
    may_answer: bool
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class Opinions:
    """What a product page shows of reviews and questions: the newest of both."""

    summary: RatingSummary
    reviews: tuple[ReviewValue, ...]
    questions: tuple[QuestionValue, ...]

    @property
    def shares(self) -> tuple[tuple[int, int, float], ...]:
        """Return (stars, how many reviews, their share), the best first."""
        count = max(1, self.summary.count)
        stars = enumerate(self.summary.stars, 1)
        return tuple((star, number, number / count) for star, number in reversed(list(stars)))


def opinions(detail: ProductDetail) -> Opinions:
    """Return what everybody reads on a product's page. One query without any, else up to four."""
    product_id = detail.card.product_id
    summary, question_count = count_opinions(product_id=product_id)
    newest: list[ReviewValue] = []
    if summary.count:
        newest = list_reviews(product_id=product_id, shopper_id=None, limit=NEWEST)
    asked: list[QuestionValue] = []
    if question_count:
        asked = list_questions(product_id=product_id, shopper_id=None, limit=NEWEST)
    return Opinions(summary, tuple(newest), tuple(asked))


def questions(ctx: PageContext, slug: str, page: int = 1) -> QuestionsPage:
    """Return a page of questions; who bought the product sees those without an answer too.

    Four queries. Raises ProductNotFound.
    """
    detail = get_product(slug, ctx.language)
    shopper_id = _shopper_id(ctx)
    may_answer = shopper_id is not None and has_bought(
        shopper_id=shopper_id, variant_ids=_variant_ids(detail)
    )
    found = list_questions(
        product_id=detail.card.product_id,
        shopper_id=shopper_id,
        may_answer=may_answer,
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
    )
    return QuestionsPage(detail, tuple(found[:PAGE]), may_answer, page, len(found) > PAGE)


def ask(ctx: PageContext, slug: str, text: str) -> None:
    """Keep a question of this shopper. Raises ProductNotFound, QuestionRefused, NotABuyer."""
    detail = get_product(slug, ctx.language)
    product_id = detail.card.product_id
    ask_question(shopper_id=_require(ctx), product_id=product_id, text=text, now=ctx.now)


def answer(ctx: PageContext, slug: str, question_id: int, text: str) -> None:
    """Keep this buyer's answer. Raises ProductNotFound, QuestionRefused, NotABuyer."""
    detail = get_product(slug, ctx.language)
    answer_question(
        question_id=question_id,
        product_id=detail.card.product_id,
        shopper_id=_require(ctx),
        variant_ids=_variant_ids(detail),
        text=text,
        now=ctx.now,
    )


def _require(ctx: PageContext) -> int:
    shopper_id = _shopper_id(ctx)
    if shopper_id is None:
        raise NotABuyer(gettext_noop("Only people who bought it here can answer."))
    return shopper_id


def _variant_ids(detail: ProductDetail) -> list[int]:
    return [card.variant_id for card in (detail.card, *detail.variants)]


def _shopper_id(ctx: PageContext) -> int | None:
    if ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id
