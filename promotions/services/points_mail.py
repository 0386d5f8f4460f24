"""Letters about points: what will expire, a tier that ends, an offer to come back.

The first two belong to the membership and come anyway; the third is advertising and goes only to
who agreed to it (see `promotions.services.winback`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from profiles.selectors import list_consents
from promotions.models import PointsAccount, PointsLot, PointsOrder, ProgrammeTerms
from promotions.selectors.terms import Programme, find_programme
from promotions.selectors.tiers import read_standing
from promotions.services.points import lock_account
from promotions.services.points_jobs import mark_warned
from promotions.services.unsubscribing import write_stop_headers
from shop.storeinfo.selectors import mail_sender

Words = tuple[str, str]
EXPIRING: tuple[Words, Words] = (
    ("{points} of your points expire on {day}", "您有 {points} 积分将于 {day} 过期"),
    (
        "{points} of your points expire on {day} unless you use them before. Your points: {link}",
        "您有 {points} 积分将于 {day} 过期，请在此之前使用。我的积分：{link}",
    ),
)
LEAVING: tuple[Words, Words] = (
    ("You keep {tier} until {day}", "您的{tier}等级保留至 {day}"),
    (
        (
            "Your orders no longer reach {tier}. You keep it until {day}; {missing} more in goods"
            " and it stays. Your points: {link}"
        ),
        (
            "最近的订单已低于{tier}标准。等级保留至 {day}；再消费 {missing} 即可继续保留。"
            "我的积分：{link}"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a letter: the address of the login, the language they last answered in, the market
    their points are of, where they ordered last (empty: not known) and their pseudonym."""

    email: str
    language: str
    market_code: str
    place_code: str = ""
    pseudonym: str = ""


def find_reader(shopper_id: int | None) -> Reader | None:
    """Return where letters to a member go, or None without a login. Two queries."""
    if shopper_id is None:
        return None
    rows = PointsAccount.objects.filter(shopper_id=shopper_id)
    found = rows.values_list(
        "shopper__account__email", "market_code", "shopper__place_code", "shopper__pseudonym"
    ).first()
    if found is None or not found[0]:
        return None
    answers = list_consents(shopper_id)
    is_chinese = bool(answers) and answers[0].locale.startswith("zh")
    email, market_code, place_code, pseudonym = found
    language = "zh" if is_chinese else "en"
    return Reader(email, language, market_code, place_code, str(pseudonym))


def send_letter(
    reader: Reader, letter: tuple[Words, Words], *, stop: str = "", **facts: object
) -> None:
    """Send a letter; `facts` fill its places, the link to the points page among them.

    One that advertises has a link that ends such letters (`stop`), in its text and its headers.
    """
    subject, body = (words[reader.language == "zh"] for words in letter)
    link = settings.SITE_URL.rstrip("/") + reverse("account_points")
    known = {"link": link, "stop": stop, **facts}
    EmailMessage(
        subject=subject.format(**known),
        body=body.format(**known),
        from_email=mail_sender(reader.language),
        to=[reader.email],
        headers=write_stop_headers(stop) if stop else {"Auto-Submitted": "auto-generated"},
    ).send()


def warn_expiring_points(*, now: datetime, limit: int = 500) -> int:
    """Write to members whose points will expire; return how many. One transaction per member.

    Points expire only after this letter, the terms' notice later at the earliest: one that comes
    late puts the expiry off. A crash between letter and note writes twice rather than never.
    """
    written = 0
    for market_code, programme in _list_programmes(now):
        soon = now + timedelta(days=programme.terms.notice_days)
        lots = PointsLot.objects.filter(
            left__gt=0,
            warned_at__isnull=True,
            expires_at__lte=soon,
            account__market_code=market_code,
            account__shopper__isnull=False,
        )
        accounts = lots.order_by("account_id").values_list("account_id", flat=True).distinct()
        for account_id in accounts[:limit]:
            written += _warn_account(account_id, programme, now)
    return written


def warn_leaving_tiers(*, now: datetime, limit: int = 5_000) -> int:
    """Write once to members whose tier is only kept by grace; return how many.

    Only who bought just longer than the window ago can have fallen below.
    """
    written = 0
    for market_code, programme in _list_programmes(now):
        left = now - timedelta(days=programme.terms.tier_window_days)
        fallen = PointsOrder.objects.filter(
            paid_at__lte=left,
            paid_at__gt=left - timedelta(days=programme.terms.tier_grace_days),
            account__market_code=market_code,
            account__shopper__isnull=False,
        )
        accounts = fallen.order_by("account_id").values_list("account_id", flat=True).distinct()
        for account_id in accounts[:limit]:
            written += _warn_tier(account_id, programme, now)
    return written


@transaction.atomic
def _warn_account(account_id: int, programme: Programme, now: datetime) -> int:
    account = lock_account(account_id)
    notice = timedelta(days=programme.terms.notice_days)
    concerned = mark_warned(account_id=account_id, now=now, notice=notice)
    reader = find_reader(account.shopper_id) if concerned else None
    if reader is None:
        return 0
    send_letter(reader, EXPIRING, points=concerned, day=(now + notice).date().isoformat())
    return 1


@transaction.atomic
def _warn_tier(account_id: int, programme: Programme, now: datetime) -> int:
    account = lock_account(account_id)
    standing = read_standing(account_id=account_id, programme=programme, now=now)
    until, tier = standing.kept_until, standing.tier
    if until is None or tier is None or until == account.tier_warned_for:
        return 0
    PointsAccount.objects.filter(pk=account_id).update(tier_warned_for=until)
    reader = find_reader(account.shopper_id)
    if reader is None:
        return 0
    missing = tier.threshold_minor - standing.spend_minor
    send_letter(
        reader,
        LEAVING,
        tier=tier.label(reader.language),
        day=until.date().isoformat(),
        missing=f"{missing / programme.terms.unit_minor:.2f}",
    )
    return 1


def _list_programmes(now: datetime) -> list[tuple[str, Programme]]:
    markets = ProgrammeTerms.objects.order_by("market_code").values_list("market_code", flat=True)
    found = ((code, find_programme(market_code=code, now=now)) for code in markets.distinct())
    return [(code, programme) for code, programme in found if programme is not None]
