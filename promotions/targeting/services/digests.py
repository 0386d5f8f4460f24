"""The weekly letter with a shopper's own offers, to account holders who agreed to letters."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from smtplib import SMTPRecipientsRefused
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Max, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from pricing.base.core.values import JurisdictionRule
from profiles.segments.api import OnlineUnavailable, read_online_profiles
from profiles.shoppers.api import list_consents, list_shoppers
from profiles.values import FeatureRow, ShopperValue
from promotions.campaigns.models import Campaign, CampaignShopper
from promotions.engine.api import Buyer, ShopperView
from promotions.law.api import find_personal_rule
from promotions.loyalty.models import PointsAccount
from promotions.metrics import digests_total, winback_total
from promotions.offers.api import PersonalOffer, personal_offers_for, tell_left
from promotions.targeting.core.digests import WORDS, say, week_of
from promotions.targeting.models import OfferDigest
from promotions.unsubscribing import write_stop_headers, write_stop_link
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import locale_of
from shop.ground.storeinfo.selectors import mail_sender

SHOWN = 6


def read_language(shopper_id: int) -> str:
    """Return the language a shopper last answered in, English if none is known. One query."""
    answers = list_consents(shopper_id)
    is_chinese = bool(answers) and answers[0].locale.startswith("zh")
    return "zh-hans" if is_chinese else "en"


def choose_offers(shopper: ShopperValue, language: str, now: datetime) -> list[PersonalOffer]:
    """Return up to SHOWN live offers that are the shopper's own, most fitting first.

    None where the law of the shopper's place allows nothing personal. What somebody likes is
    looked at only with consent; with Redis down the order is the campaigns' own.
    """
    market = get_market(shopper.market_code)
    rule = _find_rule(shopper, now)
    if not rule.personal_allowed:
        return []
    row = _read_likes(shopper, now)
    found = personal_offers_for(
        shopper=ShopperView(
            shopper_id=shopper.id,
            is_member=True,
            segment=row.segment if row else None,
            tags=frozenset(row.tags) if row else frozenset(),
        ),
        market_code=market.code,
        now=now,
        language=language,
        affinity=row.variant_affinity if row else None,
        limit=SHOWN,
        region=shopper.place_code,
    )
    own = [offer for offer in found if offer.audience == "personal"]
    return tell_left(own, Buyer(shopper.id, "online", market.time_zone, now))  # none that is gone


def build_letter(
    shopper: ShopperValue,
    email: str,
    language: str,
    offers: Sequence[PersonalOffer],
    mail: BaseEmailBackend,
    *,
    now: datetime,
) -> EmailMultiAlternatives:
    """Return the letter, ready to send: text and HTML, and the headers of RFC 8058.

    A mail program then shows its own button to unsubscribe, which works in one click.
    """
    market = get_market(shopper.market_code)
    rule = _find_rule(shopper, now)
    stop = write_stop_link(shopper.pseudonym, language)
    given = {
        "language": language,
        "words": {key: say(key, language) for key in WORDS},
        "label": rule.label(language),
        "offers": [_describe(offer, market, language) for offer in offers],
        "stop": stop,
        "rules": _link_rules(language),
        "sender": mail_sender(language),
    }
    with override(language):
        text, page = (render_to_string(f"emails/offers.{kind}", given) for kind in ("txt", "html"))
    message = EmailMultiAlternatives(
        subject=say("subject", language),
        body=text,
        from_email=mail_sender(language),
        to=[email],
        connection=mail,
        headers=write_stop_headers(stop),
    )
    message.attach_alternative(page, "text/html")
    return message


def _find_rule(shopper: ShopperValue, now: datetime) -> JurisdictionRule:
    """Return the law of where the shopper ordered last, else of the market."""
    return find_personal_rule(region=shopper.place_code, market_code=shopper.market_code, now=now)


def _link_rules(language: str) -> str:
    with override(language):
        return settings.SITE_URL.rstrip("/") + reverse("pricing_rules")


def _read_likes(shopper: ShopperValue, now: datetime) -> FeatureRow | None:
    if not shopper.consents.recommendations:
        return None
    try:
        found = read_online_profiles([shopper.pseudonym], now).get(shopper.pseudonym)
    except OnlineUnavailable:
        return None
    return found.feature_row if found is not None else None


def _describe(offer: PersonalOffer, market: MarketValue, language: str) -> dict[str, Any]:
    with override(language):
        path = reverse("offer", args=[offer.offer_id])
    ends = offer.ends_at.astimezone(ZoneInfo(market.time_zone))
    return {
        "name": offer.label,
        "cut": _say_cut(offer, market.currency, language),
        "reason": offer.reason,
        "code": offer.coupon_code,
        "ends": f"{ends:%Y-%m-%d %H:%M} ({market.time_zone})",
        "link": settings.SITE_URL.rstrip("/") + path,
    }


def _say_cut(offer: PersonalOffer, currency: str, language: str) -> str:
    if offer.percent:
        return f"−{offer.percent} %"
    if offer.amount_minor:
        return f"−{format_money(offer.amount_minor, currency, locale_of(language))}"
    return ""


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


QUIET = timedelta(days=90)


def address_lapsed_members(*, now: datetime, limit: int = 500) -> int:
    """Address every live win-back campaign to members it fits; return how many were addressed.

    Fits who agreed to offers by e-mail and to personal prices, bought before, not for 90 days, and
    was not addressed by a win-back campaign in the last 90 days, where the law of their place (of
    the market, where nobody knows it) allows personal offers. The weekly letter tells them.
    """
    live = Campaign.objects.filter(
        kind=Campaign.Kind.WIN_BACK,
        audience=Campaign.Audience.PERSONAL,
        status=Campaign.Status.LIVE,
        starts_at__lte=now,
        ends_at__gt=now,
    )
    addressed = 0
    for campaign in live.order_by("pk"):
        rows = [
            CampaignShopper(campaign=campaign, shopper_id=shopper_id, reason="away")
            for shopper_id in _list_lapsed_members(campaign, now, limit - addressed)
        ]
        CampaignShopper.objects.bulk_create(rows, ignore_conflicts=True)
        addressed += len(rows)
    winback_total.inc(addressed)
    return addressed


def _list_lapsed_members(campaign: Campaign, now: datetime, limit: int) -> list[int]:
    """Return shoppers the campaign may address, longest away first. One query."""
    recent = CampaignShopper.objects.filter(
        campaign__kind=Campaign.Kind.WIN_BACK, campaign__starts_at__gt=now - QUIET
    )
    members = PointsAccount.objects.filter(
        Q(market_code=campaign.market_code) if campaign.market_code else Q(),
        shopper__consent_marketing=True,
        shopper__consent_price=True,
        shopper__is_minor=False,
        shopper__account__is_active=True,
        shopper__erased_at__isnull=True,
    ).exclude(
        Q(shopper__account__email="")
        | Q(shopper__in=recent.values("shopper"))
        | Q(shopper__in=CampaignShopper.objects.filter(campaign=campaign).values("shopper"))
    )
    bought = members.annotate(last=Max("orders__paid_at")).filter(last__lte=now - QUIET)
    found = bought.order_by("last").values_list("shopper_id", "market_code", "shopper__place_code")
    allowed = (
        shopper_id
        for shopper_id, market_code, place_code in found.iterator()
        if shopper_id
        and find_personal_rule(
            region=place_code, market_code=campaign.market_code or market_code, now=now
        ).personal_allowed
    )
    return list(islice(allowed, limit))  # those whom the law refuses hold nobody behind them up
