"""Download and erasure of a visitor's data, with or without an account."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from profiles.privacy.api import StaffAccount
from shop.doors.pages.privacy import erase_own, export_own
from shop.doors.pages.recent import address_to_prove, is_recent
from shop.doors.storefront.visitors import get_visit
from shop.ground.kernel.clock import utc_now


@require_safe
def download(request: HttpRequest) -> HttpResponse:
    """Hand out everything as one JSON file."""
    visit = get_visit(request)
    if unproven := _ask_who(request):
        return unproven
    response = JsonResponse(
        export_own(visit.ctx), json_dumps_params={"ensure_ascii": False, "indent": 1}
    )
    name = f"fairtag-{visit.ctx.now:%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Ask once, then forget the visitor in every room, with the login."""
    visit = get_visit(request)
    if unproven := _ask_who(request):
        return unproven
    is_sure = request.POST.get("sure") == "yes"
    if request.method != "POST" or not is_sure:
        context = {"is_unsure": request.method == "POST", "has_login": visit.ctx.account_id}
        status = 422 if request.method == "POST" else 200
        return render(request, "storefront/erase.html", context, status=status)
    try:
        erase_own(visit.ctx)
    except StaffAccount:
        messages.error(request, _("A staff login is closed by another member of staff."))
        return redirect("privacy")
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        logout(request)
    visit.forget()
    messages.success(request, _("Deleted. Nothing here identifies you any more."))
    return redirect("home")


def _ask_who(request: HttpRequest) -> HttpResponse | None:
    """Return where an account proves that its owner asks, unless it did so lately."""
    account = request.user
    if not account.is_authenticated or is_recent(request.session, account, utc_now()):
        return None
    address = address_to_prove(account, back_to=request.path)
    return redirect(address) if address else None
