"""Reviews of a product, and the form for buyers."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from profiles.reviews.api import MAX_TEXT
from shop.doors.pages.reviews import review as write
from shop.doors.pages.reviews import reviews as reviews_page
from shop.doors.storefront.limits import limited
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.rendering import may_be_missing
from shop.doors.storefront.visitors import get_visit
from shop.ground.jobs.limits import MONEY
from shop.ground.kernel.errors import FairtagError

STARS = (
    (5, gettext_lazy("5 – very good")),
    (4, gettext_lazy("4 – good")),
    (3, gettext_lazy("3 – fair")),
    (2, gettext_lazy("2 – poor")),
    (1, gettext_lazy("1 – very poor")),
)
MOST_PAGES = 500


class ReviewForm(forms.Form):
    """Stars and, if somebody likes, words."""

    rating = forms.TypedChoiceField(
        choices=STARS,
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choose one to five stars."),
            "invalid_choice": gettext_lazy("Choose one to five stars."),
        },
    )
    text = forms.CharField(required=False, max_length=MAX_TEXT)


@require_http_methods(["GET", "HEAD", "POST"])
@may_be_missing
@limited(MONEY)
def reviews(request: HttpRequest, slug: str) -> HttpResponse:
    """Show reviews; keep the one that is sent."""
    form = ReviewForm(request.POST if request.method == "POST" else None)
    refusal, status = "", 200
    if request.method == "POST":
        refusal, status = _keep(request, slug, form)
        if not refusal:
            messages.success(request, _("Thank you: your review is on the page."))
            return HttpResponseRedirect(reverse("reviews", args=[slug]))
    page = reviews_page(get_visit(request).ctx, slug, read_page(request))
    context = {"page": page, "form": form, "stars": STARS, "refusal": refusal, "most": MAX_TEXT}
    return render(request, "storefront/reviews.html", context, status=status)


def _keep(request: HttpRequest, slug: str, form: ReviewForm) -> tuple[str, int]:
    """Return why the review is not kept and the status; nothing and 200 if it is."""
    if not form.is_valid():
        said = [str(text) for texts in form.errors.values() for text in texts]
        return " ".join(said), 422
    ctx = get_visit(request).ctx
    try:
        write(ctx, slug, rating=form.cleaned_data["rating"], text=form.cleaned_data["text"])
    except FairtagError as error:
        return say_refusal(error), 403 if error.code == "not_bought" else 422
    return "", 200


def read_page(request: HttpRequest) -> int:
    """Return the number of the page that is asked for."""
    number = request.GET.get("page", "1")
    return min(MOST_PAGES, max(1, int(number))) if number.isascii() and number.isdigit() else 1
