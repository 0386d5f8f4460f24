"""E-mails about returns, in the language of the order: asked for, received, refunded or refused."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from orders.order.api import list_mail_pictures, note, renew_link, send_letter
from orders.order.models import Order, OrderEvent
from orders.returns.core import ReturnState, ReturnView
from orders.returns.selectors.returns import view_return
from orders.returns.services.settling import lock_return
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import locale_of
from shop.ground.storeinfo.selectors import mail_sender

LETTERS = (ReturnState.REQUESTED, ReturnState.RECEIVED, ReturnState.SETTLED)


@transaction.atomic
def send_return_email(*, return_id: int, state: str, now: datetime) -> bool:
    """Send the e-mail about a return that reached `state`, once; return whether it was sent now.

    As with other letters a crash in between sends twice rather than never.
    """
    order, row = lock_return(return_id)
    detail = {"email": f"return_{state}", "return_id": return_id, "return": row.number}
    is_sent = OrderEvent.objects.filter(order=order, kind="email_sent", detail=detail).exists()
    if state not in LETTERS or not order.email or is_sent:
        return False
    token = renew_link(order_id=order.pk, now=now)
    shown = view_return(row, order.language)
    with override(order.language):
        letter = _make_letter(order, shown, ReturnState(state), token)
    send_letter(letter, order.number, detail)
    note(order, "email_sent", now=now, detail=detail)
    return True


def _make_letter(
    order: Order, shown: ReturnView, state: ReturnState, token: str
) -> EmailMultiAlternatives:
    subject, intro = _say(order, shown, state)
    pictures = list_mail_pictures([one.line_id for one in shown.items], order.language)
    given = {
        "subject": subject,
        "intro": intro,
        "shown": shown,
        "items": [(one, pictures.get(one.line_id)) for one in shown.items],
        "is_new": state == ReturnState.REQUESTED,
        "is_settled": state == ReturnState.SETTLED,
        "language": order.language,
        "link": f"{settings.SITE_URL}{reverse('order_return', args=[token, shown.number])}",
        "order_link": f"{settings.SITE_URL}{reverse('order', args=[token])}",
    }
    message = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string("emails/return.txt", given),
        from_email=mail_sender(order.language),
        to=[order.email],
    )
    message.attach_alternative(render_to_string("emails/return.html", given), "text/html")
    return message


def _say_requested(shown: ReturnView) -> tuple[str, str]:
    if not shown.is_sent:
        return (
            _("Your return %(number)s: nothing to send back"),
            _("%(name)s, we have noted your return. We look at it and then write to you again."),
        )
    return (
        _("Your return %(number)s: what to do now"),
        _("%(name)s, we have noted your return. Put its number on the parcel."),
    )


def _say(order: Order, shown: ReturnView, state: ReturnState) -> tuple[str, str]:
    given = {
        "number": shown.number,
        "name": order.name or order.email,
        "amount": format_money(shown.refunded_minor, shown.currency, locale_of(order.language)),
    }
    if state == ReturnState.REQUESTED:
        subject, intro = _say_requested(shown)
    elif state == ReturnState.RECEIVED:
        subject, intro = (
            _("Your return %(number)s has arrived"),
            _("%(name)s, your return has arrived. We will inspect it and then write to you again."),
        )
    elif shown.is_exchanged:
        subject, intro = (
            _("Your return %(number)s: the replacement is coming"),
            _(
                "%(name)s, we are sending you the replacement and refunding %(amount)s to your "
                "original payment method."
            )
            if shown.refunded_minor
            else _("%(name)s, we pack the replacement and write to you when it leaves us."),
        )
    elif shown.refunded_minor or any(item.accepted for item in shown.items):
        subject, intro = (
            _("Your return %(number)s is refunded"),
            _("%(name)s, we are refunding %(amount)s to your original payment method."),
        )
    else:
        subject, intro = (
            _("Your return %(number)s was not accepted"),
            _("%(name)s, we could not accept your return."),
        )
    return subject % given, intro % given
