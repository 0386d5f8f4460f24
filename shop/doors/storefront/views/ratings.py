"""One question about a delivered order: how was it? By the order's link, without sign-in."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from orders.refusals import OrderRefused
from orders.satisfaction.api import LONGEST_WORDS, rate_order
from shop.doors.pages.checkout import order as order_page
from shop.doors.pages.values import OrderPage
from shop.doors.storefront.limits import limited
from shop.doors.storefront.rendering import may_be_missing
from shop.doors.storefront.visitors import get_visit
from shop.ground.jobs.limits import MONEY
from shop.ground.staff.keys import read_number

# Score, words, and the mouth of the face: a curve in a box of 24.
FACES = (
    (1, gettext_lazy("Very bad"), "M7.5 17.5q4.5-5 9 0"),
    (2, gettext_lazy("Bad"), "M8 16.8q4-2.6 8 0"),
    (3, gettext_lazy("All right"), "M8 15.8h8"),
    (4, gettext_lazy("Good"), "M8 15q4 2.8 8 0"),
    (5, gettext_lazy("Very good"), "M7.2 14.2q4.8 6 9.6 0z"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@limited(MONEY)
@may_be_missing
def rate(request: HttpRequest, token: str) -> HttpResponse:
    """Show the question with the answer of the link marked; a POST keeps it.

    Looking changes nothing: programs that check e-mails follow links, too.
    """
    visit = get_visit(request)
    page = order_page(visit.ctx, token, proven=visit.proven_orders)
    if not page.is_rateable:
        raise Http404
    if request.method != "POST":
        return _ask(request, page, read_number(request.GET.get("score", "")))
    score = read_number(request.POST.get("score", "")) or 0
    try:
        rate_order(
            order_id=page.order.order_id,
            score=score,
            words=request.POST.get("words"),
            now=visit.ctx.now,
        )
    except OrderRefused as error:
        return _ask(request, page, score, str(error), status=422)
    messages.success(request, _("Thank you for your answer."))
    return redirect("order", token=token)


def _ask(
    request: HttpRequest, page: OrderPage, score: int | None, problem: str = "", status: int = 200
) -> HttpResponse:
    rated = page.rating
    known = rated.words if rated else ""
    context = {
        "page": page,
        "order": page.order,
        "faces": FACES,
        "score": score or (rated.score if rated else None),
        "words": request.POST.get("words", known),
        "longest": LONGEST_WORDS,
        "problem": problem,
    }
    return render(request, "storefront/rate.html", context, status=status)
