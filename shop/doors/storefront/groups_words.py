"""Reasons why a proof of group membership was refused, as text."""

from __future__ import annotations

from django.utils.translation import gettext as _

from promotions.coupons.api import ClaimRefused


def say_claim(refusal: ClaimRefused) -> str:
    """Return the sentence for a shopper."""
    known = {
        "document_too_large": _("The file is larger than 5 MB."),
        "document_type": _("Send a PDF, JPEG or PNG file."),
        "way_closed": _("This group does not accept documents."),
        "claim_waits": _("Your document waits for review."),
        "code_invalid": _("This code is not valid, or it was used."),
        "domain_unknown": _("Addresses of that domain do not prove it."),
        "link_invalid": _("This link is not valid any more."),
        "group_unknown": _("There is no such group."),
        "sign_in_first": _("Sign in first."),
    }
    return known.get(refusal.code, refusal.message)
