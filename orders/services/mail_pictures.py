"""Pictures of products in e-mails: small, with an address that works outside the shop.

Only photographs: programs that read e-mail show no SVG, which the drawings of categories are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings

from orders.models import OrderLine
from shop.catalog.core.photos import Picture
from shop.catalog.selectors import list_cards

SIDE = 64


@dataclass(frozen=True, slots=True)
class MailPicture:
    """A picture with its size in pixels, and the words that stand for it where none is shown."""

    address: str
    width: int
    height: int
    alt: str


def mail_picture(photo: Picture | None, name: str) -> MailPicture | None:
    """Return a photograph for an e-mail, its longer side SIDE pixels; None without one."""
    if photo is None:
        return None
    longer = max(photo.width, photo.height)
    return MailPicture(
        address=urljoin(f"{settings.SITE_URL}/", photo.at_least(2 * SIDE)),
        width=max(1, round(SIDE * photo.width / longer)),
        height=max(1, round(SIDE * photo.height / longer)),
        alt=photo.alt or name,
    )


def list_mail_pictures(line_ids: Collection[int], language: str) -> dict[int, MailPicture]:
    """Return the pictures of order lines by id; a line without one is left out. Two queries."""
    found = list(OrderLine.objects.filter(pk__in=line_ids).order_by("pk"))
    cards = list_cards(sorted({line.variant_id for line in found}), language)
    photos = {card.variant_id: card.photo for card in cards}
    pictures = {line.pk: mail_picture(photos[line.variant_id], line.name) for line in found}
    return {pk: one for pk, one in pictures.items() if one is not None}
