"""Choices about personal data, kept where they hold: the consent log, or a cookie of a stranger."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest

from profiles.consent.api import set_consent
from profiles.shoppers.api import find_shopper
from shop.doors.storefront.visitors import (
    CHOICE_COOKIE,
    CHOICE_SECONDS,
    Visit,
    ensure_shopper,
    get_visit,
)

TEXT_VERSION = "2026-11"


def change_consents(request: HttpRequest, purposes: Sequence[str], *, is_on: bool) -> None:
    """Grant or withdraw purposes, effective on the next quote.

    A stranger who says no stays a stranger: the answer is a cookie without an identity.
    """
    visit = get_visit(request)
    if "price" in purposes:
        _remember_choice(visit, is_on=is_on)
    pseudonym = visit.ctx.shopper_pseudonym
    known = find_shopper(pseudonym) if pseudonym else None
    if known is None:
        if not is_on:
            return
        known = ensure_shopper(request)
    for purpose in purposes:
        set_consent(
            shopper_id=known.id,
            purpose=purpose,
            granted=is_on,
            how="storefront",
            locale=visit.ctx.locale,
            text_version=TEXT_VERSION,
            now=visit.ctx.now,
        )


def _remember_choice(visit: Visit, *, is_on: bool) -> None:
    visit.choice = "on" if is_on else "off"
    visit.cookies[CHOICE_COOKIE] = (visit.choice, CHOICE_SECONDS, True)
