"""Many texts of shoppers are hidden by one reason, after a look at them, and shown again."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from profiles.reviews.models import Review
from shop.ground.staff.roles import ANALYST, SUPPORT

LIST = reverse("admin:profiles_review_changelist")
REASON = "Names a person."


def read_reasons() -> list[str]:
    """Return why each review is hidden; "" for those that are shown."""
    return list(Review.objects.order_by("pk").values_list("hidden_because", flat=True))


def test_chosen_reviews_are_hidden_with_a_reason_and_shown_again(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(SUPPORT)
    Review.objects.update(state="shown", hidden_because="")
    first, second, *others = Review.objects.order_by("pk")
    Review.objects.filter(pk=second.pk).update(state="hidden", hidden_because="Spam.")
    rest = [""] * len(others)
    asked = {"action": "hide_many", "_selected_action": [str(first.pk), str(second.pk)]}
    page = browser.post(LIST, asked).content.decode()
    assert "1 text would be hidden." in page
    assert f"{first.rating} of 5 stars" in " ".join(page.split())
    assert "1 text is hidden already and stays as it is." in page
    short = browser.post(LIST, {**asked, "confirmed": "1", "reason": "no"}).content.decode()
    assert "Give a reason of at least 5 characters" in short
    assert read_reasons() == ["", "Spam.", *rest]
    page = browser.post(LIST, {**asked, "confirmed": "1", "reason": REASON}).content.decode()
    assert "1 text is hidden." in page
    assert read_reasons() == [REASON, "Spam.", *rest]
    undo = {**asked, "action": "show_many", "confirmed": "1"}
    page = browser.post(LIST, undo).content.decode()
    assert f'name="reason-{second.pk}" value="Spam."' in " ".join(page.split())
    assert read_reasons() == ["", "", *rest]
    back = {f"reason-{first.pk}": REASON, f"reason-{second.pk}": "Spam."}
    browser.post(LIST, {**asked, **back, "confirmed": "1"})
    assert read_reasons() == [REASON, "Spam.", *rest]


def test_readers_are_offered_no_change_of_many(as_role: Callable[[str], Client]) -> None:
    assert 'value="hide_many"' not in as_role(ANALYST).get(LIST).content.decode()
    assert 'value="hide_many"' in as_role(SUPPORT).get(LIST).content.decode()
