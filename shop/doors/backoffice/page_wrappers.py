"""Wrappers of every staff page: dialogs without script, the market's clock, the content policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.csp import CSP
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override

from shop.doors.backoffice.frame import render_page
from shop.ground.catalog.selectors import find_place, home_market
from shop.ground.kernel.capabilities import is_page_off
from shop.ground.staff.reasons import keep_reason
from shop.ground.staff.region import in_region

DIALOG = b'<div id="dialog">'


def answer_plainly(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page: what is answered to htmx only becomes a page to a browser that opened it,
    and after a step that browser goes to the page the step belongs to.

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
            # The scripts of its fields call what every other form of the theme loads.
            called = (reverse("admin:jsi18n"), static("admin/js/core.js"))
            scripts = format_html_join(
                "", '<script src="{}"></script>', ((each,) for each in called)
            )
            page = {"content": scripts + SafeString(shown)}
            return render_page(request, "admin/base_site.html", _("Back office"), page)
        return response

    return wrapped


def offer_reasons(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page: the reason that a form was sent with is offered by the next forms."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST" and response.status_code < 400:
            keep_reason(request)
        return response

    return wrapped


def hide_switched_off(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page: 404 where it belongs to a capability that is switched off."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if is_page_off(name, settings.CAPABILITIES):
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


def staff_policy() -> dict[str, list[str]]:
    """Return the shop's policy with the two exceptions that Unfold needs.

    Unfold's menus and dialogs are Alpine components whose expressions are strings, so its scripts
    need `unsafe-eval`; inline scripts stay forbidden. Alpine also sets `style` attributes (the
    width of the sidebar), which only `style-src-attr` allows; style sheets and `<style>` blocks
    stay under the strict rule, as does every page outside the admin.
    """
    return {
        **settings.SECURE_CSP,
        "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
        "style-src-attr": [CSP.UNSAFE_INLINE],
    }


def relax_policy(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an admin view so that its answer carries the staff policy."""
    return csp_override(staff_policy())(view)


def on_market_clock(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page so that it shows times and money of the home market.

    A template is rendered here: after the view has returned the clock would be UTC again.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with in_region(find_place(home_market())):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response

    return wrapped
