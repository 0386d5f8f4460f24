"""E-mails about parcels, in the language of the order.

None for a packed parcel: the shopper can do nothing with it, and the next one says more. None for
a collected one: the shopper stood at the counter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.fulfilment.core import ParcelState, ParcelView
from orders.fulfilment.selectors import get_parcel, name_delivery
from orders.fulfilment.services.replacing import lock_parcel
from orders.order.api import find_law, list_mail_pictures, note, renew_link, send_letter
from orders.order.core import OrderStatus
from orders.order.models import Order, OrderEvent
from shop.ground.storeinfo.selectors import get_store, mail_sender

LETTERS = (ParcelState.SHIPPED, ParcelState.READY, ParcelState.DELIVERED)


@transaction.atomic
def send_parcel_email(*, shipment_id: int, state: str, now: datetime) -> bool:
    """Send the e-mail about a parcel that reached `state`, once; return whether it was sent now.

    Nothing for other states, for an order without an address, or when the parcel is canceled
    meanwhile. As with other letters a crash in between sends twice rather than never.
    """
    order, shipment = lock_parcel(shipment_id)
    detail = {"email": f"parcel_{state}", "shipment_id": shipment_id, "parcel": shipment.position}
    is_sent = OrderEvent.objects.filter(order=order, kind="email_sent", detail=detail).exists()
    is_void = shipment.state == ParcelState.CANCELLED
    if state not in LETTERS or not order.email or is_sent or is_void:
        return False
    token = renew_link(order_id=order.pk, now=now)
    parcel = get_parcel(shipment_id=shipment_id, language=order.language)
    with override(order.language):
        letter = make_letter(order, parcel, ParcelState(state), token)
    send_letter(letter, order.number, detail)
    note(order, "email_sent", now=now, detail=detail)
    return True


def make_letter(
    order: Order, parcel: ParcelView, state: ParcelState, token: str
) -> EmailMultiAlternatives:
    """Return the e-mail in the active language, ready to send."""
    link = f"{settings.SITE_URL}{reverse('order', args=[token])}"
    pictures = list_mail_pictures([one.line_id for one in parcel.items], order.language)
    given = {
        **_words(order, state),
        "number": order.number,
        "parcel": parcel,
        "place": _name_place(order) if state == ParcelState.READY else (),
        "items": [(one, pictures.get(one.line_id)) for one in parcel.items],
        "language": order.language,
        "link": link,
        "answers": list_answers(order, state, token),
    }
    message = EmailMultiAlternatives(
        subject=str(given["subject"]),
        body=render_to_string("emails/parcel.txt", given),
        from_email=mail_sender(order.language),
        to=[order.email],
    )
    message.attach_alternative(render_to_string("emails/parcel.html", given), "text/html")
    return message


def _name_place(order: Order) -> tuple[str, ...]:
    """Return where the order waits: the way it is collected, then the shop's own address."""
    named = name_delivery(order, order.language)
    lines = (named, order.store.name if order.store else "", *get_store().address.splitlines())
    return tuple(filter(None, (line.strip() for line in lines)))


def list_answers(order: Order, state: ParcelState, token: str) -> list[tuple[str, str]]:
    """Return the answers to "How was this order?" with the page that each opens; none while pieces
    are on their way, or where this shopper is not to be asked by e-mail. Two queries at most.

    Such a question counts as advertising where the law asks for consent first (Germany: BGH, VI ZR
    225/17): there it goes to those who agreed to e-mails only.
    """
    if state != ParcelState.DELIVERED or order.status != OrderStatus.FULFILLED:
        return []
    rule = find_law(order)
    has_agreed = order.shopper is not None and order.shopper.consent_marketing
    if rule.opt_in_required and not has_agreed:
        return []
    address = f"{settings.SITE_URL}{reverse('order_rating', args=[token])}"
    said = (_("Very good"), _("Good"), _("All right"), _("Bad"), _("Very bad"))
    return [
        (f"{address}?score={score}", each)
        for score, each in zip(range(5, 0, -1), said, strict=True)
    ]


def _words(order: Order, state: ParcelState) -> dict[str, Any]:
    given = {"number": order.number, "name": order.name or order.email}
    if state == ParcelState.SHIPPED:
        subject, intro = (
            _("A parcel of order %(number)s is on its way"),
            _("%(name)s, a parcel of your order has left us."),
        )
    elif state == ParcelState.READY:
        subject, intro = (
            _("Order %(number)s is ready to collect"),
            _("%(name)s, your order is packed. Please bring its number when you collect it."),
        )
    else:
        subject, intro = (
            _("A parcel of order %(number)s was delivered"),
            _("%(name)s, a parcel of your order was delivered."),
        )
    return {"subject": subject % given, "intro": intro % given}
