"""Small answers for Unfold's settings: the environment badge and our style sheet."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static

COLORS = {"production": "danger", "staging": "warning"}


def name_environment(request: HttpRequest) -> list[str]:
    """Return the badge in the header: where am I, before I change something."""
    name = settings.ENVIRONMENT_NAME
    return [name, COLORS.get(name, "info")]


def find_stylesheet(request: HttpRequest) -> str:
    """Return the address of our style sheet."""
    return static("backoffice/staff.css")


def find_icon(request: HttpRequest) -> str:
    """Return the address of the shop's icon."""
    return static("img/icon.svg")
