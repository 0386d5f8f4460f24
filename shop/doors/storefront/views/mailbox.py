"""The mails of a demo; in a shop that sends its mails there is no such page."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from shop.doors.pages.mailbox import list_mails
from shop.doors.storefront.visitors import get_visit


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show the newest mails to whoever sits at this machine."""
    if not get_visit(request).sees_mails:
        raise Http404
    mails = list_mails(Path(settings.EMAIL_FILE_PATH))
    return render(request, "storefront/mailbox.html", {"mails": mails})
