"""Letters about points: what will expire, and a tier that ends.

They belong to the membership and come without consent to advertising.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from profiles.shoppers.api import list_consents
from promotions.loyalty.models import (
    PointsAccount,
    PointsEntry,
    PointsLot,
    PointsOrder,
    ProgrammeTerms,
    Referral,
)
from promotions.loyalty.selectors.points import expired_lots
from promotions.loyalty.selectors.terms import Programme, find_programme, read_standing
from promotions.loyalty.services.points import book_expiry, lock_account
from promotions.loyalty.services.points_orders import release_due_order
from promotions.loyalty.services.referrals import returned_orders, reverse_referral, reward_referral
from promotions.metrics import points_total
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.storeinfo.selectors import mail_sender


def release_due_points(*, now: datetime, limit: int = 500) -> int:
    """Make points available whose return window is over; return how many orders that were."""
    due = PointsOrder.objects.filter(state=PointsOrder.State.PAID, due_at__lte=now)
    ids = list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
    for order_id in ids:
        release_due_order(order_id=order_id, now=now)
    return len(ids)


def expire_points(*, now: datetime, limit: int = 500) -> int:
    """Book expired points; return how many points. One transaction per account."""
    due = PointsLot.objects.filter(expired_lots(now), left__gt=0)
    accounts = due.order_by("account_id").values_list("account_id", flat=True).distinct()
    expired = sum(book_expiry(account_id=account_id, now=now) for account_id in accounts[:limit])
    points_total.labels(kind=PointsEntry.Kind.EXPIRE.value).inc(expired)
    return expired


def settle_referrals(*, now: datetime, limit: int = 500) -> int:
    """Reward invitations whose order is released, take back those whose order was returned.

    Looks at the state itself, so what a crash left undone is found the next time. Returns how many.
    What a friend buys at a till counts for nobody: without an address nothing tells a household.
    """
    joined = Referral.objects.filter(
        state=Referral.State.JOINED,
        invited__orders__state=PointsOrder.State.RELEASED,
        invited__orders__till_sale__isnull=True,
    )
    refs = joined.order_by("pk", "invited__orders__paid_at").distinct("pk")
    due = list(refs.values_list("invited__orders__order_ref", flat=True)[:limit])
    void = returned_orders().values("order_ref")
    rewarded = Referral.objects.filter(state=Referral.State.REWARDED, order_ref__in=void)
    gone = list(rewarded.values_list("order_ref", flat=True)[:limit])
    for order_ref in due:
        reward_referral(order_ref=order_ref, now=now)
    for order_ref in gone:
        reverse_referral(order_ref=order_ref, now=now)
    return len(due) + len(gone)


@transaction.atomic
def mark_warned(*, account_id: int, now: datetime, notice: timedelta) -> int:
    """Note that the owner was told; what would expire sooner than `notice` lasts that long.

    Returns how many points are concerned. Called with the letter, in its transaction.
    """
    lots = PointsLot.objects.select_for_update().filter(
        account_id=account_id,
        left__gt=0,
        warned_at__isnull=True,
        expires_at__lte=now + notice,
    )
    concerned = 0
    for lot in lots.order_by("id"):
        lot.warned_at = now
        lot.expires_at = now + notice
        lot.save(update_fields=["warned_at", "expires_at"])
        concerned += lot.left
    return concerned


EXPIRING: tuple[str, str] = (
    gettext_noop("{points} of your points expire on {day}"),
    gettext_noop(
        "{points} of your points expire on {day} unless you use them before. Your points: {link}"
    ),
)
LEAVING: tuple[str, str] = (
    gettext_noop("You keep {tier} until {day}"),
    gettext_noop(
        "Your orders no longer reach {tier}. You keep it until {day}; {missing} more in products "
        "and it stays. Your points: {link}"
    ),
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Who gets a letter: the address of the login and the language they last answered in."""

    email: str
    language: str


def find_reader(shopper_id: int | None) -> Reader | None:
    """Return where letters to a member go, or None without a login. Two queries."""
    if shopper_id is None:
        return None
    rows = PointsAccount.objects.filter(shopper_id=shopper_id)
    email = rows.values_list("shopper__account__email", flat=True).first()
    if not email:
        return None
    answers = list_consents(shopper_id)
    is_chinese = bool(answers) and answers[0].locale.startswith("zh")
    return Reader(email, "zh" if is_chinese else "en")


def send_letter(reader: Reader, letter: tuple[str, str], **facts: object) -> None:
    """Send a letter; `facts` fill its places, the link to the points page among them."""
    subject, body = letter
    known = {"link": settings.SITE_URL.rstrip("/") + reverse("account_points"), **facts}
    EmailMessage(
        subject=translate(subject, reader.language, **known),
        body=translate(body, reader.language, **known),
        from_email=mail_sender(reader.language),
        to=[reader.email],
        headers={"Auto-Submitted": "auto-generated"},
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
