"""My groups: prove that you are a student, teacher or senior, or see that you did."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from promotions.coupons.api import (
    MAX_DOCUMENT_BYTES,
    ClaimRefused,
    claim_by_code,
    claim_by_document,
    confirm_mail_claim,
)
from shop.doors.pages.groups import mail_link, member_id, my_groups
from shop.doors.storefront.limits import limited
from shop.doors.storefront.visitors import get_visit
from shop.ground.jobs.limits import CHANGE, CODES, GUESS


def say_claim(refusal: ClaimRefused) -> str:
    """Return the sentence for a shopper."""
    known = {
        "document_too_large": _("The file is larger than 5 MB."),
        "document_type": _("Send a PDF, JPEG or PNG file."),
        "way_closed": _("This group does not accept documents."),
        "claim_waits": _("Your document waits for review."),
        "code_invalid": _("This code is not valid, or it was used."),
        "domain_unknown": _("Addresses of that domain do not prove it."),
        "link_invalid": _("This link is not valid any more."),
        "group_unknown": _("There is no such group."),
        "sign_in_first": _("Sign in first."),
    }
    return known.get(refusal.code, refusal.message)


@require_safe
@login_required
def groups(request: HttpRequest) -> HttpResponse:
    """Show the groups, and the confirmation a mail led to."""
    context = {
        "groups": my_groups(get_visit(request).ctx),
        "token": request.GET.get("token", "")[:300],
        "section": "groups",
    }
    return render(request, "storefront/account_groups.html", context)


@require_POST
@login_required
@limited(CHANGE, GUESS, CODES)
def prove(request: HttpRequest) -> HttpResponse:
    """Take a document, a code, an address, or the token that was mailed to one."""
    try:
        done = _prove(request)
    except ClaimRefused as refusal:
        messages.error(request, say_claim(refusal))
    else:
        messages.success(request, done)
    return redirect("account_groups")


def _prove(request: HttpRequest) -> str:
    ctx = get_visit(request).ctx
    shopper_id, group = member_id(ctx), request.POST.get("group", "")[:40]
    file = request.FILES.get("document")
    if file is not None:
        content = file.read(MAX_DOCUMENT_BYTES + 1)
        claim_by_document(shopper_id=shopper_id, group_code=group, content=content, now=ctx.now)
        return _("Thank you. We will review it and then delete it.")
    if token := request.POST.get("token", ""):
        confirm_mail_claim(shopper_id=shopper_id, token=token, now=ctx.now)
        return _("Thank you. The group's offers are yours.")
    if address := request.POST.get("address", "").strip():
        mail_link(shopper_id, group, address, request.build_absolute_uri(reverse("account_groups")))
        return _("We sent a link to that address. It is valid for a day.")
    claim_by_code(
        shopper_id=shopper_id, group_code=group, code=request.POST.get("code", ""), now=ctx.now
    )
    return _("Thank you. The group's offers are yours.")
