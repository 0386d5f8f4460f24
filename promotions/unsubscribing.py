"""Stop letters with the link that every one of them carries: no login, no question."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import override

from profiles.consent.api import set_consent
from profiles.shoppers.api import find_shopper
from profiles.values import ShopperValue
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

TEXT_VERSION = "offer-digest-1"
_signer = Signer(salt="promotions.letters.stop")


class BadLetterLink(FairtagError):
    """The link is not one of ours, or whom it was for is forgotten."""

    code = "bad_letter_link"


def write_stop_link(pseudonym: str, language: str) -> str:
    """Return the address where a shopper's letters are stopped. It never expires."""
    with override(language):
        path = reverse("letters_stop", args=[_signer.sign(pseudonym)])
    return settings.SITE_URL.rstrip("/") + path


def write_stop_headers(stop: str) -> dict[str, str]:
    """Return the headers of RFC 8058: a mail program shows its own button, one click ends it."""
    return {
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def read_stop_link(token: str) -> ShopperValue:
    """Return whose letters a link stops. Raises BadLetterLink. One query."""
    try:
        shopper = find_shopper(_signer.unsign(token))
    except BadSignature:
        shopper = None
    if shopper is None:
        raise BadLetterLink(
            gettext_noop("This link is not complete, or it leads to nobody any more.")
        )
    return shopper


def stop_letters(token: str, *, locale: str, now: datetime) -> None:
    """Withdraw the consent to offers by e-mail, on record. Twice is once. Raises BadLetterLink."""
    set_consent(
        shopper_id=read_stop_link(token).id,
        purpose="marketing",
        granted=False,
        how="letter",
        locale=locale,
        text_version=TEXT_VERSION,
        now=now,
    )
