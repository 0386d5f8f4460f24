"""Callbacks of Unfold's settings: environment label and style sheet."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language

from shop.ground.storeinfo.selectors import get_store

COLORS = {"production": "danger", "staging": "warning"}


def name_environment(request: HttpRequest) -> list[str]:
    """Return the badge in the header: where am I, before I change something."""
    name = settings.ENVIRONMENT_NAME
    return [name, COLORS.get(name, "info")]


def name_shop(request: HttpRequest) -> str:
    """Return the shop's name in the reader's language."""
    return get_store().called(get_language() or "en")


def find_stylesheet(request: HttpRequest) -> str:
    """Return the address of our style sheet."""
    return static("backoffice/staff.css")


def find_script(request: HttpRequest) -> str:
    """Return the address of our script."""
    return static("backoffice/staff.js")


def find_icon(request: HttpRequest) -> str:
    """Return the address of the shop's icon."""
    key = get_store().logo
    return reverse("store_picture", args=[key, "icon.png"]) if key else static("img/icon.svg")
