"""Questions about a product: read them, ask one, answer as a buyer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from profiles.reviews.api import LONGEST_ANSWER
from shop.doors.pages.reviews import answer, ask
from shop.doors.pages.reviews import questions as questions_page
from shop.doors.storefront.limits import limited
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.rendering import may_be_missing
from shop.doors.storefront.views.reviews import read_page
from shop.doors.storefront.visitors import ensure_shopper, get_visit
from shop.ground.jobs.limits import MONEY
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number


@require_http_methods(["GET", "HEAD", "POST"])
@may_be_missing
@limited(MONEY)
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Show questions with answers; keep the question or the answer that is sent."""
    refusal, status = "", 200
    question_id = read_number(request.POST.get("question", ""))
    if request.method == "POST":
        refusal, status = _keep(request, slug, question_id)
        if not refusal:
            said = _("Thank you. The shop or a buyer will answer it here.")
            if question_id is not None:
                said = _("Thank you: your answer is on the page.")
            messages.success(request, said)
            return HttpResponseRedirect(reverse("questions", args=[slug]))
    page = questions_page(get_visit(request).ctx, slug, read_page(request))
    context = {
        "page": page,
        "refusal": refusal,
        "typed": request.POST.get("text", ""),
        "answered": question_id,
        "longest_answer": LONGEST_ANSWER,
    }
    return render(request, "storefront/questions.html", context, status=status)


def _keep(request: HttpRequest, slug: str, question_id: int | None) -> tuple[str, int]:
    """Return why the text is not kept and the status; nothing and 200 if it is."""
    text = request.POST.get("text", "")
    try:
        if question_id is not None:
            answer(get_visit(request).ctx, slug, question_id, text)
        else:
            ensure_shopper(request)
            ask(get_visit(request).ctx, slug, text)
    except FairtagError as error:
        return say_refusal(error), 403 if error.code == "not_a_buyer" else 422
    return "", 200
