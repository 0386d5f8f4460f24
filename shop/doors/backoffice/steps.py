"""Steps without script: their dialogs as whole pages, and after them the page they belong to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import render_page

DIALOG = b'<div id="dialog">'


def answer_plainly(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page: what is answered to htmx only becomes a page to a browser that opened it.

    A step's address is that of its row and one word more.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if "HX-Request" in request.headers or "text/html" not in request.headers.get("Accept", ""):
            return response
        row = request.path.rstrip("/").rpartition("/")[0] + "/"
        if "HX-Redirect" in response.headers or "HX-Refresh" in response.headers:
            return HttpResponseRedirect(response.headers.get("HX-Redirect", row))
        is_read = not response.streaming and getattr(response, "is_rendered", True)
        if is_read and response.content.lstrip().startswith(DIALOG):
            # Drawn by the theme's own template, with what it escapes; its Cancel leads nowhere.
            shown = response.content.decode().replace('href="#"', f'href="{row}"')
            page = {"content": SafeString(shown)}
            return render_page(request, "admin/base_site.html", _("Back office"), page)
        return response

    return wrapped
