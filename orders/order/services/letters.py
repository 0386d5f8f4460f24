"""Sending of e-mails about orders, and the pictures of products in them.

Pictures have an address that works outside the shop. Programs that read e-mail show no SVG: of a
drawn pack they get its raster.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from orders.order.models import OrderLine
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.hashing import fingerprint

SIDE = 64


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


@dataclass(frozen=True, slots=True)
class MailPicture:
    """A picture with its size in pixels, and the words that stand for it where none is shown."""

    address: str
    width: int
    height: int
    alt: str


def mail_picture(picture: Picture | None, name: str) -> MailPicture | None:
    """Return a picture for an e-mail, its longer side SIDE pixels; None without one."""
    if picture is None:
        return None
    longer = max(picture.width, picture.height)
    address = picture.raster if picture.is_illustration else picture.at_least(2 * SIDE)
    return MailPicture(
        address=urljoin(f"{settings.SITE_URL}/", address),
        width=max(1, round(SIDE * picture.width / longer)),
        height=max(1, round(SIDE * picture.height / longer)),
        alt=picture.alt or name,
    )


def list_mail_pictures(line_ids: Collection[int], language: str) -> dict[int, MailPicture]:
    """Return the pictures of order lines by id; a line without one is left out. Two queries."""
    found = list(OrderLine.objects.filter(pk__in=line_ids).order_by("pk"))
    cards = list_cards(sorted({line.variant_id for line in found}), language)
    known = {card.variant_id: card.picture for card in cards}
    pictures = {line.pk: mail_picture(known.get(line.variant_id), line.name) for line in found}
    return {pk: one for pk, one in pictures.items() if one is not None}
