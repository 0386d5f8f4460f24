"""My points, joining, and invitations from friends."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders.cart.api import use_points
from orders.values import CartView
from promotions.engine.api import normalize_code
from promotions.loyalty.api import PointsRefused, ShownCode, is_invitation
from shop.doors.pages.cards import quote_context
from shop.doors.pages.points import PointsPage, join_points, make_code, my_points
from shop.doors.storefront.limits import limited
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.points_words import describe_moves, say_invitation, say_less
from shop.doors.storefront.rendering import is_fragment
from shop.doors.storefront.views.cart import refuse_change, render_cart
from shop.doors.storefront.visitors import ensure_shopper, get_visit
from shop.ground.jobs.limits import CHANGE, CODES, GUESS
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number

INVITE_COOKIE = f"{settings.COOKIE_PREFIX}fairtag_invite"
INVITE_SECONDS = 30 * 86_400


@require_safe
@login_required
def points(request: HttpRequest) -> HttpResponse:
    """Show the balance, the tier and its progress, and every movement."""
    visit = get_visit(request)
    try:
        page = my_points(visit.ctx, read_number(request.GET.get("before", "")))
    except PointsRefused as refusal:
        raise Http404(str(refusal)) from refusal
    return _render(request, page)


@require_POST
@login_required
@limited(CHANGE, CODES)
def code(request: HttpRequest) -> HttpResponse:
    """Make a code for the till and show it, in this answer only: nobody keeps it."""
    ctx = get_visit(request).ctx
    try:
        shown = make_code(ctx)
        page = my_points(ctx)
    except PointsRefused as refusal:
        messages.error(request, say_refusal(refusal))
        return redirect("account_points")
    return _render(request, page, shown)


@require_safe
@login_required
def invite(request: HttpRequest) -> HttpResponse:
    """Show the own invitation and what became of it."""
    visit = get_visit(request)
    try:
        page = my_points(visit.ctx)
    except PointsRefused as refusal:
        raise Http404(str(refusal)) from refusal
    if page.balance is None:
        return redirect("account_points")
    link = settings.SITE_URL.rstrip("/") + reverse("invitation", args=[page.balance.invite_code])
    context = {"page": page, "link": link, "section": "invite"}
    return render(request, "storefront/account_invite.html", context)


@require_POST
@login_required
@limited(GUESS)
def join(request: HttpRequest) -> HttpResponse:
    """Join the programme, with a friend's invitation if there is one."""
    visit = get_visit(request)
    ensure_shopper(request)
    invitation = normalize_code(request.POST.get("invitation", ""))
    try:
        refused = join_points(get_visit(request).ctx, invitation)
    except PointsRefused as refusal:
        messages.error(request, say_refusal(refusal))
        return redirect("account_points")
    messages.success(request, _("Welcome! From now on your orders earn points."))
    if refused:
        messages.warning(request, say_invitation(refused))
    if INVITE_COOKIE in request.COOKIES:
        visit.cookies[INVITE_COOKIE] = ("", 0, False)
    return redirect("account_points")


@require_safe
@limited(GUESS)
def invitation(request: HttpRequest, code: str) -> HttpResponse:
    """Greet a friend: the invitation is kept until they join."""
    known = normalize_code(code)[:16]
    visit = get_visit(request)
    if not is_invitation(known):
        raise Http404(_("We do not know this invitation."))
    visit.cookies[INVITE_COOKIE] = (known, INVITE_SECONDS, False)
    return render(request, "storefront/invitation.html", {"code": known})


@require_POST
@limited(CHANGE)
def use(request: HttpRequest) -> HttpResponse:
    """Pay with points: as many as given, all (`all`), or none."""
    asked = request.POST.get("points", "")
    number = 0 if "none" in request.POST else read_number(asked)
    if number is None:
        return refuse_change(request, _("Please enter a whole number of points."))
    ensure_shopper(request)
    try:
        view = use_points(context=quote_context(get_visit(request).ctx, "cart"), points=number)
    except FairtagError as error:
        return refuse_change(request, say_refusal(error))
    if request.POST.get("next") == "checkout":
        return redirect("checkout")
    if not is_fragment(request):
        if _reason(view):
            messages.warning(request, _reason(view))
        return redirect("cart")
    return render_cart(request, view, refusal=_reason(view))


def _render(request: HttpRequest, page: PointsPage, shown: ShownCode | None = None) -> HttpResponse:
    context = {
        "page": page,
        "moves": describe_moves(page.moves),
        "section": "points",
        "shown": shown,
        "invitation": request.COOKIES.get(INVITE_COOKIE, "")[:16],
    }
    return render(request, "storefront/account_points.html", context)


def _reason(view: CartView) -> str:
    return say_less(view.points.reason) if view.points else ""
