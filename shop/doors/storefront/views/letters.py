"""Unsubscribe page of e-mails, without sign-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from promotions.unsubscribing import BadLetterLink, read_stop_link, stop_letters
from shop.doors.storefront.visitors import get_visit


@csrf_exempt  # mail programs send it without a page before (RFC 8058); the signed link is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button; a POST stops the letters. Looking alone changes nothing: programs look, too.

    Answers with a page, never with a redirect, which RFC 8058 forbids.
    """
    ctx = get_visit(request).ctx
    try:
        if request.method == "POST":
            stop_letters(token, locale=ctx.locale, now=ctx.now)
        context = {"is_on": read_stop_link(token).consents.marketing}
    except BadLetterLink:
        refusal = _("This link is not complete, or it leads to nobody any more.")
        return render(request, "storefront/letters_stop.html", {"refusal": refusal}, status=404)
    return render(request, "storefront/letters_stop.html", context)
