"""Read what the shop says about itself, from memory until somebody changes it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.checks import Warning as CheckWarning

from shop.ground.catalog.selectors.versions import VersionedCache
from shop.ground.storeinfo.core.colours import build_palette, is_readable, read_colour, write_colour
from shop.ground.storeinfo.core.values import PAGES, StoreDetails
from shop.ground.storeinfo.models import ACCENT, StoreProfile

_store: VersionedCache[StoreDetails] = VersionedCache(size=1)
_PICTURES = {"logo.webp": "logo", "icon.png": "icon"}


def get_store() -> StoreDetails:
    """Return the shop's details. No query once cached; a change is seen within a second."""
    return _store.get("", _load)


def find_picture(name: str, key: str) -> bytes | None:
    """Return the bytes of "logo.webp" or "icon.png" with this key, None if it is not the one.
    One query."""
    column = _PICTURES.get(name)
    if column is None or not key:
        return None
    row = StoreProfile.objects.filter(pk=1, logo_key=key).values_list(column, flat=True).first()
    return bytes(row) if row else None


def mail_sender(language: str) -> str:
    """Return the sender of the shop's mails. No query once cached."""
    return get_store().sender(language, settings.DEFAULT_FROM_EMAIL)


def check_store(*, databases: Collection[str] | None = None, **_given: Any) -> list[CheckWarning]:
    """Return a warning if something is missing that the law asks of a shop; a system check of
    production that reads the database, so `check --deploy --database default` runs it."""
    missing = get_store().list_missing() if databases else []
    hint = "Staff write it in the back office, under Your shop."
    said = "The shop's imprint or legal texts lack: {}."
    return (
        [CheckWarning(said.format(", ".join(missing)), hint=hint, id="shop.W001")]
        if missing
        else []
    )


def _load() -> StoreDetails:
    row = StoreProfile.objects.defer("logo", "icon").filter(pk=1).first() or StoreProfile(pk=1)
    return describe(row)


def describe(row: StoreProfile) -> StoreDetails:
    """Return what a row says."""
    palette = _palette(row.accent)
    texts = {name: getattr(row, name) for page in PAGES for name in (page, f"{page}_zh")}
    return StoreDetails(
        name=row.name,
        name_zh=row.name_zh,
        tagline=row.tagline,
        tagline_zh=row.tagline_zh,
        palette=palette,
        palette_key=hashlib.sha256(repr(palette).encode()).hexdigest()[:12] if palette else "",
        logo=row.logo_key,
        logo_size=(row.logo_width, row.logo_height),
        sender_name=row.sender_name,
        sender_email=row.sender_email,
        company=row.company,
        address=row.address,
        register=row.register,
        vat_id=row.vat_id,
        email=row.email,
        phone=row.phone,
        privacy_email=row.privacy_email,
        links=tuple(row.links.split()),
        texts=texts,
    )


def _palette(accent: str) -> dict[str, tuple[str, str]]:
    colour = read_colour(accent)
    if colour is None or accent.lower() == ACCENT or not is_readable(colour):
        return {}
    built = build_palette(colour)
    return {
        name: (write_colour(light), write_colour(dark)) for name, (light, dark) in built.items()
    }
