"""One weekly letter: which offers it shows, and how it says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from pricing.core.values import JurisdictionRule
from profiles.core.values import FeatureRow, ShopperValue
from profiles.selectors import OnlineUnavailable, list_consents, read_online_profiles
from promotions.core.digests import WORDS, say
from promotions.core.limits import Buyer
from promotions.core.shoppers import ShopperView
from promotions.selectors.left import tell_left
from promotions.selectors.personal import PersonalOffer, personal_offers_for
from promotions.selectors.personal_law import find_personal_rule
from promotions.services.unsubscribing import write_stop_headers, write_stop_link
from shop.catalog.core.values import MarketValue
from shop.catalog.selectors import get_market
from shop.kernel.money import format_money
from shop.storeinfo.selectors import mail_sender

SHOWN = 6
LOCALES = {"en": "en_US", "zh-hans": "zh_Hans_CN"}


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
    message = EmailMultiAlternatives(
        subject=say("subject", language),
        body=render_to_string("emails/offers.txt", given),
        from_email=mail_sender(language),
        to=[email],
        connection=mail,
        headers=write_stop_headers(stop),
    )
    message.attach_alternative(render_to_string("emails/offers.html", given), "text/html")
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
        return f"−{format_money(offer.amount_minor, currency, LOCALES[language])}"
    return ""
