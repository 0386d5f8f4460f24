"""Regions a visitor may choose: each is a row of the jurisdiction table."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REGIONS: dict[str, str | Promise] = {
    "US-other": _("United States"),
    "US-NY": _("New York"),
    "US-MD": _("Maryland"),
    "US-CT": _("Connecticut"),
    "EU": _("European Union"),
    "DE": _("Germany"),
    "UK": _("United Kingdom"),
    "CN": _("China"),
    "unknown": _("Somewhere else"),
}
