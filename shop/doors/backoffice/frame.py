"""The frame and the permission check of our own staff pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise

type View = Callable[..., HttpResponse]


def needs(permission: str) -> Callable[[View], View]:
    """Let only readers with `permission` through; the site has already checked that it is staff."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return checked

    return decorate


def render_page(
    request: HttpRequest, template: str, title: str | Promise, context: dict[str, Any]
) -> TemplateResponse:
    """Return a page in the site's frame: sidebar, palette, messages."""
    request.current_app = admin.site.name  # Django's own reverse reads it
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, **context}
    )
