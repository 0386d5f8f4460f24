"""Reviews by buyers, questions with answers, and versions of the sentiment model."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from profiles.reviews.core import LANGUAGES, LONGEST_ANSWER, LONGEST_QUESTION
from profiles.shoppers.models.shoppers import Shopper


class Review(models.Model):
    """One buyer's words on one product. Only who bought it here may write one.

    Consumer law (EU 2019/2161, annex I no. 23b and 23c) forbids to claim that reviews are of
    buyers without checking it, and to leave out the unkind ones: hence `state` HIDDEN needs a
    reason, and neither rewards nor visibility ever depend on rating or tone.
    """

    class State(models.TextChoices):
        SHOWN = "shown", "shown"
        HIDDEN = "hidden", "hidden"

    shopper = models.ForeignKey(
        Shopper, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    product = models.ForeignKey("shop.Product", on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    rating = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=2_000, blank=True)
    language = models.CharField(max_length=2, choices=[(code, code) for code in LANGUAGES])
    positivity = models.FloatField(
        null=True, blank=True, help_text="Chance that the words are glad, 0 to 1; none: no words."
    )
    state = models.CharField(max_length=6, choices=State, default=State.SHOWN)
    hidden_because = models.CharField(max_length=200, blank=True)
    bought_at = models.DateTimeField()
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["-written_at", "-id"]
        indexes = [models.Index(fields=["product", "-written_at"], name="review_product_time")]
        constraints = [
            models.UniqueConstraint(fields=["shopper", "product"], name="review_once"),
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=5), name="review_rating_one_to_five"
            ),
            models.CheckConstraint(
                condition=Q(positivity=None) | Q(positivity__gte=0, positivity__lte=1),
                name="review_positivity_is_a_chance",
            ),
            models.CheckConstraint(
                condition=Q(state="shown", hidden_because="")
                | (Q(state="hidden") & ~Q(hidden_because="")),
                name="review_hidden_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating} of 5 for product {self.product_id}"


class Question(models.Model):
    """What somebody asked about a product. Others see it once it has an answer, or as buyers who
    may answer it; never who asked."""

    class State(models.TextChoices):
        SHOWN = "shown", "shown"
        HIDDEN = "hidden", "hidden"

    shopper = models.ForeignKey(
        Shopper, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    product = models.ForeignKey("shop.Product", on_delete=models.CASCADE, related_name="+")
    text = models.CharField(max_length=LONGEST_QUESTION)
    language = models.CharField(max_length=2, choices=[(code, code) for code in LANGUAGES])
    state = models.CharField(max_length=6, choices=State, default=State.SHOWN)
    hidden_because = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["product", "-asked_at"], name="question_product_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="shown", hidden_because="")
                | (Q(state="hidden") & ~Q(hidden_because="")),
                name="question_hidden_with_reason",
            )
        ]

    def __str__(self) -> str:
        return self.text


class Answer(models.Model):
    """An answer by the shop (`shopper` empty) or by one who bought the product here."""

    class State(models.TextChoices):
        SHOWN = "shown", "shown"
        HIDDEN = "hidden", "hidden"

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    shopper = models.ForeignKey(
        Shopper, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_shop = models.BooleanField(default=False)
    text = models.CharField(max_length=LONGEST_ANSWER)
    language = models.CharField(max_length=2, choices=[(code, code) for code in LANGUAGES])
    state = models.CharField(max_length=6, choices=State, default=State.SHOWN)
    hidden_because = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["answered_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "shopper"], name="answer_once"),
            models.CheckConstraint(
                condition=Q(state="shown", hidden_because="")
                | (Q(state="hidden") & ~Q(hidden_because="")),
                name="answer_hidden_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class SentimentVersion(models.Model):
    """One fit on the shop's own rated reviews, as plain arrays; used if it reads better."""

    language = models.CharField(max_length=2, choices=[(code, code) for code in LANGUAGES])
    fitted_at = models.DateTimeField()
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    metrics = models.JSONField(default=dict)
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-fitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["language"],
                name="sentiment_version_one_active",
                condition=Q(is_active=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.fitted_at:%Y-%m-%d %H:%M}"
