"""Save variants; ask to be told when a sold-out one is back, confirm it, and end it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.signing import BadSignature, Signer
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from profiles.wishes.models import RestockRequest, SavedVariant
from profiles.wishes.selectors import RestockValue, due_requests
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.storeinfo.selectors import mail_sender

MOST_SAVED = 200
# Letters that ask one address to confirm, in a day: nobody can flood a stranger's mailbox.
MOST_ASKED = 3
ASKED_WITHIN = timedelta(days=1)
KEEP_UNCONFIRMED = timedelta(days=7)
KEEP_TOLD = timedelta(days=90)
KEEP_WAITING = timedelta(days=366)
CONFIRM = {
    "subject": gettext_noop("Please confirm: tell me when {name} is back"),
    "intro": gettext_noop(
        "You asked us to tell you when {name} is back in stock. Open this link to confirm that the"
        " address is yours:"
    ),
    "act": gettext_noop("Confirm"),
    "end": gettext_noop("If it was not you, do nothing: we will not write to you again."),
}
BACK = {
    "subject": gettext_noop("{name} is back in stock"),
    "intro": gettext_noop(
        "{name} is back in stock. You asked us to tell you. We do not reserve it for you."
    ),
    "act": gettext_noop("See the product"),
    "end": gettext_noop("This was the only e-mail about it. Your request is finished."),
}
log = logging.getLogger("fairtag.profiles")
_signer = Signer(salt="profiles.wishes.restock")


class BadRestockLink(FairtagError):
    """The link is not one of ours, or its request is gone."""

    code = "bad_restock_link"


class ListFull(FairtagError):
    """A wish list holds no more."""

    code = "wish_list_full"


@transaction.atomic
def save_variant(*, shopper_id: int, variant_id: int, now: datetime) -> int:
    """Put a variant on a shopper's list; return how many are on it. Twice is once.

    Raises ListFull.
    """
    saved = SavedVariant.objects.filter(shopper_id=shopper_id)
    count = saved.count()
    if saved.filter(variant_id=variant_id).exists():
        return count
    if count >= MOST_SAVED:
        raise ListFull(gettext_noop("Your saved list is full. Remove something first."))
    row = SavedVariant(shopper_id=shopper_id, variant_id=variant_id, saved_at=now)
    SavedVariant.objects.bulk_create([row], ignore_conflicts=True)
    return count + 1


def drop_saved(*, shopper_id: int, variant_id: int) -> int:
    """Take a variant off a shopper's list; return how many are left on it."""
    saved = SavedVariant.objects.filter(shopper_id=shopper_id)
    saved.filter(variant_id=variant_id).delete()
    return saved.count()


def move_saved(*, from_shopper_id: int, to_shopper_id: int) -> None:
    """Put what a guest saved on the list of the account it became. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO profiles_savedvariant (shopper_id, variant_id, saved_at)"
            " SELECT %s, variant_id, saved_at FROM profiles_savedvariant WHERE shopper_id = %s"
            " ON CONFLICT DO NOTHING",
            [to_shopper_id, from_shopper_id],
        )
    SavedVariant.objects.filter(shopper_id=from_shopper_id).delete()


def ask_restock(*, shopper_id: int, variant_id: int, language: str, now: datetime) -> None:
    """Note that an account wants to be told when a variant is back. Twice is once."""
    RestockRequest.objects.get_or_create(
        variant_id=variant_id,
        shopper_id=shopper_id,
        told_at=None,
        defaults={"language": language, "asked_at": now, "confirmed_at": now},
    )


def ask_restock_by_mail(*, email: str, variant_id: int, language: str, now: datetime) -> bool:
    """Note an address that wants to be told, and send it the link that confirms it.

    Return whether a letter went out. None goes to who confirmed already, who was asked for this
    variant within a day, and an address that was asked MOST_ASKED times within a day.
    """
    email = email.strip().lower()
    open_ = RestockRequest.objects.filter(email=email, told_at=None)
    asked = open_.filter(confirmed_at=None, asked_at__gt=now - ASKED_WITHIN)
    row, is_new = RestockRequest.objects.get_or_create(
        variant_id=variant_id,
        email=email,
        shopper=None,
        told_at=None,
        defaults={"language": language, "asked_at": now},
    )
    is_fresh = not is_new and row.asked_at > now - ASKED_WITHIN
    if row.confirmed_at is not None or is_fresh or asked.exclude(pk=row.pk).count() >= MOST_ASKED:
        return False
    row.asked_at, row.language = now, language
    row.save(update_fields=["asked_at", "language"])
    _build_letter(row, email, CONFIRM).send()
    return True


def drop_restock(*, shopper_id: int, variant_id: int) -> None:
    """End an account's request. Twice is once."""
    RestockRequest.objects.filter(
        shopper_id=shopper_id, variant_id=variant_id, told_at=None
    ).delete()


def read_restock_link(token: str) -> RestockValue:
    """Return the request that a letter's link leads to. Raises BadRestockLink. One query."""
    row = _find_linked(token)
    return RestockValue(row.variant_id, row.confirmed_at is not None, row.told_at is not None)


def confirm_restock(token: str, *, now: datetime) -> None:
    """Confirm the address of a request. Twice is once. Raises BadRestockLink."""
    row = _find_linked(token)
    RestockRequest.objects.filter(pk=row.pk, confirmed_at=None).update(confirmed_at=now)


def end_restock(token: str) -> None:
    """Delete a request: nothing more is sent. Raises BadRestockLink."""
    _find_linked(token).delete()


def _find_linked(token: str) -> RestockRequest:
    try:
        return RestockRequest.objects.get(pk=int(_signer.unsign(token)))
    except (BadSignature, ValueError, RestockRequest.DoesNotExist) as error:
        raise BadRestockLink(
            gettext_noop("This link is not complete, or its request is finished.")
        ) from error


def tell_restocked(*, now: datetime, limit: int = 500) -> int:
    """Write to who waits for a variant that is back; return how many letters were sent.

    One transaction per letter: whoever locks the request first sends it, another sender passes it
    by. A crash between sending and noting sends it again, with the same id.
    """
    due = list(due_requests().order_by("pk").values_list("pk", flat=True)[:limit])
    if not due:
        return 0
    with get_connection() as mail:
        return sum(_tell(pk, now, mail) for pk in due)


@transaction.atomic
def _tell(request_id: int, now: datetime, mail: BaseEmailBackend) -> bool:
    locked = due_requests().select_for_update(skip_locked=True, of=("self",))
    row = locked.filter(pk=request_id).first()
    if row is None:
        return False
    address = row.email
    if row.shopper is not None and row.shopper.account is not None:
        address = row.shopper.account.email
    row.told_at = now
    row.save(update_fields=["told_at"])
    try:
        _build_letter(row, address, BACK, mail).send()
    except SMTPRecipientsRefused:
        log.warning("The mail server refuses the address of request %s.", request_id)
        return False
    return True


def forget_old_requests(*, now: datetime) -> int:
    """Delete what nobody confirmed in a week, what was told 90 days ago, and what waits a year."""
    old = RestockRequest.objects.filter(confirmed_at=None, asked_at__lt=now - KEEP_UNCONFIRMED)
    old |= RestockRequest.objects.filter(told_at__lt=now - KEEP_TOLD)
    old |= RestockRequest.objects.filter(told_at=None, asked_at__lt=now - KEEP_WAITING)
    return old.delete()[0]


@dataclass(frozen=True, slots=True)
class _Links:
    """Where a letter leads: to its act, and to the end of the request."""

    act: str
    end: str


def _build_letter(
    row: RestockRequest,
    address: str,
    words: dict[str, str],
    mail: BaseEmailBackend | None = None,
) -> EmailMultiAlternatives:
    """Return the letter, ready to send: text and HTML, and the headers of RFC 8058.

    Its id is the same each time, so that mailboxes show a repeated one once.
    """
    card = list_cards([row.variant_id], row.language)[0]
    links = _write_links(row, card.slug, is_back=words is BACK)
    told = {key: translate(text, row.language, name=card.title) for key, text in words.items()}
    given = {"language": row.language, "words": told, "links": links}
    given["is_back"] = words is BACK
    host = urlsplit(settings.SITE_URL).hostname
    with override(row.language):
        text, page = (render_to_string(f"emails/restock.{kind}", given) for kind in ("txt", "html"))
    letter = EmailMultiAlternatives(
        subject=told["subject"],
        body=text,
        from_email=mail_sender(row.language),
        to=[address],
        connection=mail,
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<restock.{row.pk}.{'back' if words is BACK else 'ask'}@{host}>",
            "List-Unsubscribe": f"<{links.end}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    letter.attach_alternative(page, "text/html")
    return letter


def _write_links(row: RestockRequest, slug: str, *, is_back: bool) -> _Links:
    root = settings.SITE_URL.rstrip("/")
    with override(row.language):
        end = root + reverse("restock", args=[_signer.sign(str(row.pk))])
        product = f"{root}{reverse('product', args=[slug])}?variant={row.variant_id}"
    return _Links(act=product if is_back else end, end=end)
