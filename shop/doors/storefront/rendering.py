"""Small pieces every view uses: pages that may be missing, safe ways back, messages."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parseaddr
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from orders.refusals import OrderNotFound
from pricing.api import QuoteNotFound
from shop.doors.pages.offers import OfferNotFound
from shop.ground.catalog.selectors import CategoryNotFound, ProductNotFound
from shop.ground.storeinfo.selectors import get_store

View = Callable[..., HttpResponse]
MISSING = (CategoryNotFound, ProductNotFound, QuoteNotFound, OrderNotFound, OfferNotFound)


def may_be_missing(view: View) -> View:
    """Turn what the rooms do not find into a 404 page."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MISSING as error:
            raise Http404(str(error)) from error

    return wrapped


def go_back(request: HttpRequest, fallback: str = "/") -> HttpResponseRedirect:
    """Return to the page in the form's `next`, never to another site.

    A refused change of the cart is answered at its own address, which nobody can look at: the cart.
    """
    wanted = request.POST.get("next", "")
    before, cart, _change = wanted.partition("/cart/")
    wanted = before + cart if cart and "?" not in before else wanted
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if is_ours and wanted.startswith("/") else fallback)


def came_from(request: HttpRequest) -> str:
    """Return the path of the page the visitor came from, or the front page."""
    source = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    if source.netloc != request.get_host():
        return "/"
    return urlunsplit(("", "", source.path, source.query, "")) or "/"


def contact_address() -> str:
    """Return the e-mail address where a person answers."""
    store = get_store()
    own = store.privacy_email or store.email
    return own or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def is_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page (not for a page from its history)."""
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )
