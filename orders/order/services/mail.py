"""E-mails about orders with their pictures, and the secret links in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from orders.order.core import LINK_LIVES, hash_link_token
from orders.order.models import Order, OrderEvent, OrderLine
from orders.order.selectors import derive_link, read_link, view_order
from orders.order.services.settling import lock_order_step, note
from orders.terms.api import write_address
from orders.values import OrderLineView, OrderView
from orders.wording import EMAIL_WORDS, EMAILS
from promotions.engine.api import Adjustment, DeliveryCut
from promotions.offers.api import build_price_block
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import locale_of, translate
from shop.ground.storeinfo.selectors import mail_sender

# Pictures have an address that works outside the shop. Programs that read e-mail show no SVG: of
# a drawn pack they get its raster.

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


def write_link(order: Order, *, now: datetime) -> None:
    """Put a new link on the order; the caller saves it. An earlier one ends."""
    order.link_key = uuid4()
    order.link_hash = hash_link_token(derive_link(order.link_key))
    order.link_until = now + LINK_LIVES


@transaction.atomic
def renew_link(*, order_id: int, now: datetime) -> str:
    """Return a secret link that works: the one there is, or a new one once it has ended.

    Locks the order's step. Raises OrderNotFound.
    """
    order = lock_order_step(order_id)
    token = read_link(order)
    if not token or order.link_until is None or order.link_until <= now:
        write_link(order, now=now)
        order.save(update_fields=["link_key", "link_hash", "link_until"])
        token = read_link(order)
    return token


@transaction.atomic
def send_order_email(*, order_id: int, kind: str, now: datetime) -> bool:
    """Send e-mail `kind` (a key of EMAILS) once; return whether it was sent this time.

    The note in the timeline is written after sending and under the order's step lock: a crash in
    between sends twice rather than never. An order without an address (from a till) is skipped.
    Each refund has its own letter, which names what was given back since the one before.
    """
    order = lock_order_step(order_id)
    detail = {"email": kind, "refunded_minor": order.refunded_minor}
    if (
        not order.email
        or OrderEvent.objects.filter(order=order, kind="email_sent", detail=detail).exists()
    ):
        return False
    renew_link(order_id=order_id, now=now)
    order.refresh_from_db()
    shown = view_order(order, language=order.language)
    told = _read_told(order) if kind == "refunded" else 0
    with override(order.language):  # the addresses of pages begin with their language
        letter = build_message(shown, kind, order.language, told_minor=told)
    send_letter(letter, order.number, detail)
    note(order, "email_sent", now=now, detail=detail)
    return True


def _read_told(order: Order) -> int:
    """Return what the last letter about a refund named as given back in all. One query."""
    sent = OrderEvent.objects.filter(order=order, kind="email_sent", detail__email="refunded")
    return max((event.detail["refunded_minor"] for event in sent), default=0)


def build_message(
    order: OrderView, kind: str, language: str, *, told_minor: int = 0
) -> EmailMultiAlternatives:
    """Return the message, ready to send, with links to pages of the active language.

    `told_minor` was given back before and stood in earlier letters.
    """
    given = _context(order, kind, language, told_minor)
    message = EmailMultiAlternatives(
        subject=given["subject"],
        body=render_to_string("emails/order.txt", given),
        from_email=mail_sender(language),
        to=[order.contact.email],
    )
    message.attach_alternative(render_to_string("emails/order.html", given), "text/html")
    return message


def _context(order: OrderView, kind: str, language: str, told_minor: int) -> dict[str, Any]:
    intro = EMAILS[kind]["another" if told_minor else "intro"]
    if kind == "cancelled" and order.paid_at is None:
        intro = EMAILS[kind]["unpaid"]
    if kind == "placed" and order.paid_at is not None:
        intro = EMAILS[kind]["paid"]
    values = {
        "name": order.contact.name or order.contact.email,
        "refunded": _money(order.refunded_minor - told_minor, order, language),
        "in_all": _money(order.refunded_minor, order, language),
    }
    return {
        "order": order,
        "language": language,
        "subject": translate(EMAILS[kind]["subject"], language, number=order.number),
        "intro": translate(intro, language, **values),
        "words": {key: translate(text, language) for key, text in EMAIL_WORDS.items()},
        "lines": [_line(line, order, language) for line in order.lines],
        "sums": _sums(order, language),
        "address": "\n".join(write_address(order.contact)),
        "link": f"{settings.SITE_URL}{reverse('order', args=[order.token])}",
        "cuts": [_part(cut, order, language) for cut in order.delivery_cuts],
        "has_personal_offer": any(part.law_label for part in _list_parts(order)),
        "rules_link": f"{settings.SITE_URL}{reverse('pricing_rules')}",
    }


def _list_parts(order: OrderView) -> list[Adjustment | DeliveryCut]:
    return [*(part for line in order.lines for part in line.adjustments), *order.delivery_cuts]


def _part(part: Adjustment | DeliveryCut, order: OrderView, language: str) -> dict[str, str]:
    amount = _money(part.amount_minor, order, language)
    cap = part.capped_at if isinstance(part, Adjustment) else ""
    return {
        "label": part.label,
        "amount": amount,
        "law_label": part.law_label,
        "capped": translate(EMAIL_WORDS["capped"], language, percent=cap) if cap else "",
    }


def _line(line: OrderLineView, order: OrderView, language: str) -> dict[str, Any]:
    return {
        "name": line.name,
        "quantity": line.quantity,
        "picture": mail_picture(line.card.picture, line.name),
        "block": None
        if line.is_gift
        else build_price_block(line.price, language, is_before_offers=bool(line.own_adjustments)),
        "total": _money(line.goods_minor, order, language),
        "offers": [_part(each, order, language) for each in line.own_adjustments],
    }


def _name_cut(cut: Adjustment) -> str:
    return f"{cut.label} ({cut.law_label})" if cut.law_label else cut.label


def _sums(order: OrderView, language: str) -> list[tuple[str, str]]:
    """Return the sums that are not zero, the total last."""
    delivery = _money(order.delivery_minor, order, language)
    if not order.delivery_minor:
        delivery = translate(EMAIL_WORDS["free"], language)
    included = order.tax_minor - order.tax_added_minor
    on_order = sum(cut.amount_minor for cut in order.order_cuts)
    rows = [
        ("everyones", order.everyone_minor, ""),
        ("personal", -order.personal_minor, ""),
        ("kept", -order.kept_minor, ""),
        ("offers", -order.discount_minor - on_order, ""),
        *((_name_cut(cut), cut.amount_minor, "") for cut in order.order_cuts),
        ("delivery", 1, delivery),
        ("tax_added", order.tax_added_minor, ""),
        ("tax_included", included, ""),
        ("refunded", -order.refunded_minor, ""),
        ("total", order.total_minor, _money(order.total_minor, order, language)),
    ]
    return [
        (
            translate(EMAIL_WORDS[key], language) if key in EMAIL_WORDS else key,
            text or _money(amount, order, language),
        )
        for key, amount, text in rows
        if amount or text
    ]


def _money(minor: int, order: OrderView, language: str) -> str:
    return format_money(minor, order.currency, locale_of(language))
