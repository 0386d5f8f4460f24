"""The weekly letter with a shopper's own offers, to account holders who agreed to letters."""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPRecipientsRefused

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q

from profiles.selectors import list_shoppers
from promotions.core.digests import week_of
from promotions.metrics import digests_total
from promotions.models import Campaign, CampaignShopper, OfferDigest
from promotions.services.digest_letters import build_letter, choose_offers, read_language

log = logging.getLogger("fairtag.promotions")


def send_digests(*, now: datetime, limit: int = 1_000) -> int:
    """Send this ISO week's letter to the next `limit` shoppers due; return how many were sent.

    Due is who agreed to offers by e-mail and to personal prices, is no minor, has a login with an
    address, is addressed by a live personal campaign and had no turn this week. One transaction
    per shopper: the turn and the letter go together, a second sender finds the turn taken. A crash
    in between sends twice rather than never; an unreachable mail server ends the run, and the
    next one goes on. One connection to it for all.
    """
    due = list_due_readers(now=now, limit=limit)
    if not due:
        return 0
    with get_connection() as mail:
        sent = sum(_take_turn(shopper_id, email, now, mail) for shopper_id, email in due)
    digests_total.inc(sent)
    return sent


def list_due_readers(*, now: datetime, limit: int) -> list[tuple[int, str]]:
    """Return (shopper id, address) of the next who may get this week's letter. One query."""
    had = OfferDigest.objects.filter(week=week_of(now))
    rows = CampaignShopper.objects.filter(
        campaign__audience=Campaign.Audience.PERSONAL,
        campaign__status=Campaign.Status.LIVE,
        campaign__starts_at__lte=now,
        campaign__ends_at__gt=now,
        shopper__consent_marketing=True,
        shopper__consent_price=True,
        shopper__is_minor=False,
        shopper__account__is_active=True,
        shopper__erased_at__isnull=True,
        shopper__merged_into__isnull=True,
    ).exclude(Q(shopper__account__email="") | Q(shopper__in=had.values("shopper")))
    known = rows.order_by("shopper_id").values_list("shopper_id", "shopper__account__email")
    return [(int(shopper_id), email) for shopper_id, email in known.distinct()[:limit]]


@transaction.atomic
def _take_turn(shopper_id: int, email: str, now: datetime, mail: BaseEmailBackend) -> int:
    found = list_shoppers([shopper_id])
    # Asked again: somebody may have said no since the list was made
    if not found or not found[0].consents.marketing or not found[0].consents.price:
        return 0
    turn, is_new = OfferDigest.objects.get_or_create(
        shopper_id=shopper_id, week=week_of(now), defaults={"offers": 0, "at": now}
    )
    if not is_new:
        return 0
    shopper, language = found[0], read_language(shopper_id)
    offers = choose_offers(shopper, language, now)
    if not offers:
        return 0
    try:
        build_letter(shopper, email, language, offers, mail, now=now).send()
    except SMTPRecipientsRefused:
        log.warning("The mail server refuses the address of shopper %s.", shopper_id)
        return 0
    turn.offers = len(offers)
    turn.save(update_fields=["offers"])
    return 1
