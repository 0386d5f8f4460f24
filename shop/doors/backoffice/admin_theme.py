"""Settings of Unfold, the theme of the admin."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

LOOK: dict[str, Any] = {
    "SITE_TITLE": "shop.doors.backoffice.chrome.name_shop",
    "SITE_HEADER": "shop.doors.backoffice.chrome.name_shop",
    "SITE_SUBHEADER": _("Back office"),
    "SITE_SYMBOL": "sell",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": True,
    "ENVIRONMENT": "shop.doors.backoffice.chrome.name_environment",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "shop.doors.backoffice.chrome.find_icon"}
    ],
    "STYLES": ["shop.doors.backoffice.chrome.find_stylesheet"],
    "SCRIPTS": ["shop.doors.backoffice.chrome.find_script"],
    "COMMAND": {"search_models": False, "show_history": False},
}
