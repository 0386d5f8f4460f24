"""How letters about orders are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from shop.kernel.hashing import fingerprint


def send_letter(letter: EmailMultiAlternatives, number: str, detail: Mapping[str, Any]) -> None:
    """Send the letter that is then noted on order `number` as `detail`.

    Its id is the same each time: a worker that dies between sending and noting sends it again, and
    mailboxes that compare ids show one.
    """
    host, part = urlsplit(settings.SITE_URL).hostname, fingerprint(dict(detail))[:16]
    letter.extra_headers |= {
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<{number}.{part}@{host}>",
    }
    letter.send()
