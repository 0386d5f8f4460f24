"""The frame and the permission check of our own staff pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise

type View = Callable[..., HttpResponse]


def needs(*permissions: str) -> Callable[[View], View]:
    """Let only readers with one of these through; the site has already checked that it is staff."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(request.user.has_perm(one) for one in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate


def moved(url_name: str, part: str = "", *, fragment: str = "", keeps: Iterable[str] = ()) -> View:
    """Return the view of an address whose page became a part of another: it leads there with what
    of its question the other page `keeps`."""

    def lead(request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET[name] for name in keeps if name in request.GET}
        asked |= {"part": part} if part else {}
        query = f"?{urlencode(asked)}" if asked else ""
        return HttpResponsePermanentRedirect(f"{reverse(url_name)}{query}{fragment}")

    return lead


def render_page(
    request: HttpRequest, template: str, title: str | Promise, context: dict[str, Any]
) -> TemplateResponse:
    """Return a page in the site's frame: sidebar, palette, messages."""
    request.current_app = admin.site.name  # Django's own reverse reads it
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, **context}
    )
