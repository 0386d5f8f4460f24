"""Invite friends: who counts, who is rewarded, and what a return takes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from promotions.campaigns.models import Campaign, CampaignShopper
from promotions.engine.api import normalize_code
from promotions.loyalty.core.tiers import judge_invitation, judge_reward, list_identity_keys
from promotions.loyalty.models import Bucket, PointsAccount, PointsEntry, PointsOrder, Referral
from promotions.loyalty.selectors.terms import find_programme
from promotions.loyalty.services.points import (
    Act,
    PointsRefused,
    expiry_of,
    lock_account,
    make_available,
    reverse_available,
)
from promotions.metrics import points_total, referrals_total
from shop.ground.kernel.hashing import sign
from shop.ground.kernel.translation import gettext_noop

State = Referral.State
SAME = timedelta(days=730)  # how far back a household is recognized


def hash_identity(*, email: str, phone: str, line1: str, postcode: str) -> list[str]:
    """Return the keyed hashes of a contact's identity keys: comparable, not readable."""
    keys = list_identity_keys(email=email, phone=phone, line1=line1, postcode=postcode)
    secret = settings.SECRET_KEY.encode()
    return [sign(f"identity:{key}".encode(), key=secret).hex()[:32] for key in keys]


@transaction.atomic
def accept_invitation(*, account_id: int, code: str, has_ordered: bool, now: datetime) -> Referral:
    """Note that a member was invited with `code`; twice is once.

    Raises PointsRefused: unknown_invitation, own_code, not_new, loop. Locks both accounts in order
    of id, so that two people who invite each other at once do not both count.
    """
    known = Referral.objects.filter(invited_id=account_id).first()
    if known is not None:
        return known
    codes = PointsAccount.objects.filter(invite_code=normalize_code(code), shopper__isnull=False)
    referrer_id = codes.values_list("pk", flat=True).first()
    if referrer_id is None:
        raise PointsRefused("There is no such invitation.", code="unknown_invitation")
    for locked in sorted({account_id, referrer_id}):
        lock_account(locked)
    reason = judge_invitation(
        referrer_id=referrer_id,
        invited_id=account_id,
        inviters=_chain_above(referrer_id),
        has_ordered=has_ordered,
    )
    if reason:
        referrals_total.labels(state=reason).inc()
        raise PointsRefused(gettext_noop("This invitation does not count."), code=reason)
    referrals_total.labels(state=State.JOINED.value).inc()
    _address_welcome(account_id, now)
    return Referral.objects.create(referrer_id=referrer_id, invited_id=account_id, at=now)


@transaction.atomic
def reward_referral(*, order_ref: str, now: datetime) -> int:
    """Reward who invited the buyer of a released order; return the points. Twice is once.

    The first order that is released decides. Locks the referrer's account: caps are counted under
    it. Called after the buyer's own points were released, in a transaction of its own.
    """
    order = PointsOrder.objects.filter(order_ref=order_ref).first()
    found = None if order is None else _open_referral(order)
    if order is None or found is None:
        return 0
    account = lock_account(found.referrer_id)
    referral = Referral.objects.select_for_update(of=("self",)).get(pk=found.pk)
    programme = find_programme(market_code=account.market_code, now=now)
    if referral.state != State.JOINED or programme is None or not programme.terms.referral_points:
        return 0
    terms = programme.terms
    since = now - timedelta(days=terms.referral_cap_days)
    rewarded = Referral.objects.filter(
        referrer=account, state=State.REWARDED, decided_at__gt=since
    ).count()
    reason = judge_reward(
        invited_keys=order.identity,
        referrer_keys=_keys_of(account.pk, now),
        rewarded=rewarded,
        cap=terms.referral_cap,
    )
    if account.shopper_id is None:
        reason = Referral.Reason.NOBODY.value
    referral.order_ref, referral.decided_at, referral.reason = order_ref, now, reason
    referral.state = State.REFUSED if reason else State.REWARDED
    referral.points = 0 if reason else terms.referral_points
    referral.save()
    referrals_total.labels(state=referral.state).inc()
    if not reason:
        make_available(
            account_id=account.pk,
            act=Act(PointsEntry.Kind.REFER, f"refer:{referral.pk}", now),
            source=Bucket.ISSUED,
            points=terms.referral_points,
            expires_at=expiry_of(terms, now),
        )
        points_total.labels(kind=PointsEntry.Kind.REFER.value).inc(terms.referral_points)
    return referral.points


@transaction.atomic
def reverse_referral(*, order_ref: str, now: datetime) -> int:
    """Take a reward back whose order was returned in full; return the points. Twice is once.

    What the referrer has spent meanwhile is owed.
    """
    rewarded = Referral.objects.filter(order_ref=order_ref, state=State.REWARDED)
    found = rewarded.first()
    if found is None or not returned_orders().filter(order_ref=order_ref).exists():
        return 0
    lock_account(found.referrer_id)
    referral = rewarded.select_for_update(of=("self",)).first()
    if referral is None:
        return 0
    reverse_available(
        account_id=referral.referrer_id,
        act=Act(PointsEntry.Kind.REVERSE, f"unrefer:{referral.pk}", now),
        points=referral.points,
    )
    referral.state, referral.reason = State.REVERSED, Referral.Reason.RETURNED
    referral.decided_at = now
    referral.save(update_fields=["state", "reason", "decided_at"])
    referrals_total.labels(state=State.REVERSED.value).inc()
    return referral.points


def _address_welcome(account_id: int, now: datetime) -> None:
    """Address the live campaigns for invited friends to one who came."""
    shopper_id = PointsAccount.objects.values_list("shopper_id", flat=True).get(pk=account_id)
    live = Campaign.objects.filter(
        kind=Campaign.Kind.REFERRAL,
        audience=Campaign.Audience.PERSONAL,
        status=Campaign.Status.LIVE,
        starts_at__lte=now,
        ends_at__gt=now,
    )
    CampaignShopper.objects.bulk_create(
        (CampaignShopper(campaign=campaign, shopper_id=shopper_id) for campaign in live),
        ignore_conflicts=True,
    )


def returned_orders() -> QuerySet[PointsOrder]:
    """Return orders of which nothing is left; those of erased members keep what they counted."""
    return PointsOrder.objects.filter(state=PointsOrder.State.VOID, counted_minor=0)


def _open_referral(order: PointsOrder) -> Referral | None:
    if order.state != PointsOrder.State.RELEASED or not order.earned - order.reversed:
        return None
    return Referral.objects.filter(invited_id=order.account_id, state=State.JOINED).first()


def _chain_above(account_id: int) -> dict[int, int]:
    """Return who was invited by whom, from `account_id` upwards. One query per link."""
    chain: dict[int, int] = {}
    at = account_id
    while at not in chain:
        above = Referral.objects.filter(invited_id=at).values_list("referrer_id", flat=True).first()
        if above is None:
            break
        chain[at] = above
        at = above
    return chain


def _keys_of(account_id: int, now: datetime) -> set[str]:
    orders = PointsOrder.objects.filter(account_id=account_id, at__gt=now - SAME)
    return {key for keys in orders.values_list("identity", flat=True) for key in keys}
