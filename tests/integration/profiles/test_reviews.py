"""Reviews: only buyers write them, unkind ones stay, erasure takes them, tone adds up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from profiles.events.services.events import record_purchase_events
from profiles.models import Review, SentimentVersion, Shopper
from profiles.privacy.selectors import export_shopper
from profiles.privacy.services import erase_shopper
from profiles.reviews import services as refitting
from profiles.reviews.selectors import (
    forget_sentiment_models,
    list_review_tones,
    list_reviews,
    measure_usual_tone,
    read_positivity,
    summarize_ratings,
)
from profiles.reviews.services import (
    ReviewRefused,
    hide_review,
    refit_sentiment,
    reread_reviews,
    show_review,
    write_review,
)
from profiles.values import PurchasedLine, ShopperValue
from shop.ground.catalog.models import Variant
from tests.factories.orders import NOON, Shelf, make_shopper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget_models() -> None:
    forget_sentiment_models()


@pytest.fixture
def product(shelf: Shelf) -> int:
    return Variant.objects.get(pk=shelf.rye).product_id


def buy(shopper: ShopperValue, variant_id: int) -> None:
    record_purchase_events(
        shopper_id=shopper.id,
        basket_ref=f"order-{shopper.id}",
        lines=[PurchasedLine(variant_id, 1, 300, 300)],
        occurred_at=NOON - timedelta(days=3),
        channel="online",
        now=NOON,
    )


def write(shopper: ShopperValue, shelf: Shelf, product: int, rating: int, text: str) -> int:
    return write_review(
        shopper_id=shopper.id,
        variant_ids={shelf.rye: product},
        rating=rating,
        text=text,
        now=NOON,
    )


def test_a_buyer_writes_and_rewrites_one_review(shelf: Shelf, product: int) -> None:
    alice = make_shopper()
    buy(alice, shelf.rye)
    first = write(alice, shelf, product, 2, "The crust was stale and dry.")
    again = write(alice, shelf, product, 5, "  Lovely,   fresh bread. ")
    assert first == again
    review = Review.objects.get()
    assert (review.rating, review.text, review.language) == (5, "Lovely, fresh bread.", "en")
    assert review.positivity is not None
    assert review.positivity > 0.5
    assert review.bought_at == NOON - timedelta(days=3)


@pytest.mark.parametrize(
    ("rating", "text", "code"),
    [(0, "", "rating_range"), (6, "", "rating_range"), (5, "x" * 2_001, "text_long")],
)
def test_bad_reviews_are_refused(
    shelf: Shelf, product: int, rating: int, text: str, code: str
) -> None:
    alice = make_shopper()
    buy(alice, shelf.rye)
    with pytest.raises(ReviewRefused) as refused:
        write(alice, shelf, product, rating, text)
    assert refused.value.code == code


def test_who_did_not_buy_cannot_review(shelf: Shelf, product: int) -> None:
    with pytest.raises(ReviewRefused) as refused:
        write(make_shopper(), shelf, product, 5, "never had it")
    assert refused.value.code == "not_bought"


def test_ratings_leave_out_hidden_reviews_and_their_writers_see_why(
    shelf: Shelf, product: int
) -> None:
    people = [make_shopper() for _ in range(3)]
    for shopper, rating in zip(people, (5, 4, 1), strict=True):
        buy(shopper, shelf.rye)
        hidden = write(shopper, shelf, product, rating, "")
    hide_review(review_id=hidden, because="Names a person")
    assert summarize_ratings(product_id=product).stars == (0, 0, 0, 1, 1)
    assert summarize_ratings(product_id=product).mean == 4.5
    assert len(list_reviews(product_id=product, shopper_id=people[0].id)) == 2
    own = list_reviews(product_id=product, shopper_id=people[2].id)
    assert [(r.rating, r.hidden_because) for r in own if r.is_own] == [(1, "Names a person")]
    show_review(review_id=hidden)
    assert summarize_ratings(product_id=product).count == 3


def test_nothing_is_hidden_without_a_reason(shelf: Shelf, product: int) -> None:
    alice = make_shopper()
    buy(alice, shelf.rye)
    review = write(alice, shelf, product, 1, "bad")
    with pytest.raises(ReviewRefused):
        hide_review(review_id=review, because=" ")
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review).update(state="hidden")


def test_tones_include_hidden_reviews_but_no_erased_shoppers(shelf: Shelf, product: int) -> None:
    people = [make_shopper() for _ in range(3)]
    for shopper, rating, text in zip(
        people, (5, 1, 4), ("很好吃，下次再买", "Stale, awful, waste of money", "👍"), strict=True
    ):
        buy(shopper, shelf.rye)
        last = write(shopper, shelf, product, rating, text)
    hide_review(review_id=last, because="no words")
    erase_shopper(people[1].id, NOON)
    tones = list_review_tones(since=NOON, until=NOON + timedelta(seconds=1))
    assert [(one.shopper_id, one.variant_id, one.rating) for one in tones] == [
        (people[0].id, shelf.rye, 5),
        (people[2].id, shelf.rye, 4),
    ]
    glad = float(read_positivity(["很好吃，下次再买"])[0])
    assert [one.positivity for one in tones] == [pytest.approx(glad), None]
    assert measure_usual_tone(since=NOON, until=NOON + timedelta(seconds=1)) == pytest.approx(glad)
    assert list_review_tones(since=NOON - timedelta(days=1), until=NOON) == []


def test_reviews_are_exported_and_erased_with_their_writer(shelf: Shelf, product: int) -> None:
    alice = make_shopper()
    buy(alice, shelf.rye)
    write(alice, shelf, product, 5, "Lovely")
    assert [r["text"] for r in export_shopper(alice.id)["reviews"]] == ["Lovely"]
    erase_shopper(alice.id, NOON)
    assert not Review.objects.exists()


def make_reviews(product: int, variant: int, words: tuple[str, str], count: int) -> None:
    """Glad and sorry reviews in turn; in this shop `words` are all that tells them apart."""
    people = Shopper.objects.bulk_create(
        Shopper(market_code="us", created_at=NOON, last_seen_at=NOON) for _ in range(count)
    )
    Review.objects.bulk_create(
        Review(
            shopper=shopper,
            product_id=product,
            variant_id=variant,
            rating=1 if number % 2 else 5,
            text=f"{words[number % 2]} {number}",
            language="en",
            bought_at=NOON,
            written_at=NOON + timedelta(minutes=number),
        )
        for number, shopper in enumerate(people)
    )


def test_the_shop_learns_the_tone_of_its_own_words(
    shelf: Shelf, product: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refitting, "LEAST_REVIEWS", 80)
    monkeypatch.setattr(refitting, "LEAST_OF_A_KIND", 20)
    # Nobody outside this shop says so: the shipped model cannot know.
    make_reviews(product, shelf.rye, ("proper krumbig", "rather schlunzig"), 80)
    before = read_positivity(["krumbig", "schlunzig"])
    assert refit_sentiment(now=NOON) == 80
    after = read_positivity(["krumbig", "schlunzig"])
    assert after[0] - after[1] > 0.5 > abs(before[0] - before[1])
    row = SentimentVersion.objects.get(is_active=True)
    assert row.metrics["held_out"]["log_loss"] < row.metrics["before"]["log_loss"]
    assert Review.objects.filter(positivity=None).count() == 0


def test_too_few_reviews_teach_nothing(shelf: Shelf, product: int) -> None:
    make_reviews(product, shelf.rye, ("proper krumbig", "rather schlunzig"), 40)
    assert refit_sentiment(now=NOON) == 0
    assert reread_reviews() == 40
    assert not SentimentVersion.objects.exists()


def test_a_fit_that_reads_no_better_is_not_used(
    shelf: Shelf, product: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refitting, "LEAST_REVIEWS", 80)
    monkeypatch.setattr(refitting, "LEAST_OF_A_KIND", 20)
    make_reviews(product, shelf.rye, ("same words", "same words"), 80)
    Review.objects.filter(pk__in=Review.objects.order_by("-written_at")[:20]).update(
        text="delicious and fresh", rating=5
    )
    assert refit_sentiment(now=NOON) == 0
