"""Change how the shop looks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from shop.ground.storeinfo.core.logos import Logo
from shop.ground.storeinfo.models import UNNAMED, StoreProfile


def put_logo(row: StoreProfile, logo: Logo | None) -> None:
    """Give the row a logo and the icon made of it, or take them away; the caller saves it.

    The key is that of the bytes: browsers keep a picture for a year under its key.
    """
    row.logo = logo.webp if logo else b""
    row.icon = logo.icon_png if logo else b""
    row.logo_key = hashlib.sha256(row.logo + row.icon).hexdigest()[:16] if logo else ""
    row.logo_width, row.logo_height = (logo.width, logo.height) if logo else (0, 0)


def introduce_store(*, name: str, facts: Mapping[str, str]) -> bool:
    """Name a shop that nobody has named yet; return whether it was."""
    return bool(StoreProfile.objects.filter(pk=1, name=UNNAMED).update(name=name, **facts))
