"""Use limits and budgets, exact in the database: hold at the order, commit at payment, release.

Every guard is a conditional UPDATE whose row count decides (never read, then write), and holding
and releasing change the same counters by the same amounts. All run in the caller's transaction,
after stock and before the order row: coupons in id order, then campaigns in id order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from promotions.core.values import AppliedOffer, Evaluation
from promotions.metrics import redemptions_refused_total, redemptions_total
from promotions.models import Campaign, Coupon, Redemption
from shop.kernel.errors import FairtagError

State = Redemption.State


class CouponExhausted(FairtagError):
    """A limit or budget was reached by somebody else a moment ago.

    Codes: code_used_up, code_used_by_you, code_disabled, budget_spent; `detail["coupon"]` is the
    code where there is one. The caller shows the cart again without the offer.
    """

    code = "coupon_exhausted"


@transaction.atomic
def hold_redemptions(
    *, order_ref: str, shopper_id: int | None, evaluation: Evaluation, now: datetime
) -> None:
    """Count every applied offer of `evaluation` as used by `order_ref`, or nothing at all.

    Locks coupon rows, then campaign rows, each in id order, until the caller's transaction ends:
    the hold lives or dies with the order. Raises CouponExhausted.
    """
    offers = evaluation.applied
    for coupon_id, code in sorted(_coupons_of(offers)):
        _take_coupon(coupon_id, code, shopper_id)
    amounts = _by_campaign(offers)
    budgeted = Campaign.objects.filter(pk__in=amounts, budget_minor__isnull=False)
    counted = set(budgeted.values_list("pk", flat=True))
    for campaign_id in sorted(counted):
        _take_budget(campaign_id, amounts[campaign_id])
    Redemption.objects.bulk_create(
        Redemption(
            campaign_id=offer.campaign_id,
            offer_id=offer.offer_id,
            coupon_id=offer.coupon_id,
            shopper_id=shopper_id,
            order_ref=order_ref,
            revision=offer.revision,
            amount_minor=offer.amount_minor,
            is_budgeted=offer.campaign_id in counted,
            at=now,
        )
        for offer in offers
    )
    redemptions_total.labels(state=State.HELD.value).inc(len(offers))


@transaction.atomic
def commit_redemptions(*, order_ref: str, now: datetime) -> int:
    """Make the held redemptions of `order_ref` final; return how many. Twice is once."""
    held = Redemption.objects.filter(order_ref=order_ref, state=State.HELD)
    count = held.update(state=State.COMMITTED, settled_at=now)
    redemptions_total.labels(state=State.COMMITTED.value).inc(count)
    return count


@transaction.atomic
def release_redemptions(*, order_ref: str, now: datetime) -> int:
    """Give back uses and budget of `order_ref`, held or committed; return how many. Twice is once.

    Locks coupons, then campaigns, then redemptions: the order of `hold_redemptions`. That a
    redemption is given back once is decided by its own conditional update, under those locks.
    """
    rows = Redemption.objects.filter(order_ref=order_ref).exclude(state=State.RELEASED)
    _lock_rows(list(rows))
    released = list(rows.order_by("pk").select_for_update(no_key=True))
    rows.filter(pk__in=[row.pk for row in released]).update(state=State.RELEASED, settled_at=now)
    for row in released:
        if row.coupon_id is not None:
            Coupon.objects.filter(pk=row.coupon_id).update(redeemed=F("redeemed") - 1)
    for campaign_id, amount_minor in _by_campaign(
        row for row in released if row.is_budgeted
    ).items():
        Campaign.objects.filter(pk=campaign_id).update(spent_minor=F("spent_minor") - amount_minor)
    redemptions_total.labels(state=State.RELEASED.value).inc(len(released))
    return len(released)


def _take_coupon(coupon_id: int, code: str, shopper_id: int | None) -> None:
    """Raise the counter only while below the limit; the row stays locked for the count after."""
    free = Q(max_redemptions__isnull=True) | Q(redeemed__lt=F("max_redemptions"))
    coupon = Coupon.objects.filter(free, pk=coupon_id, is_active=True)
    if not coupon.update(redeemed=F("redeemed") + 1):
        is_active = Coupon.objects.filter(pk=coupon_id, is_active=True).exists()
        raise _refuse("code_used_up" if is_active else "code_disabled", code)
    limit = Coupon.objects.values_list("per_shopper_limit", flat=True).get(pk=coupon_id)
    if limit is None or shopper_id is None:
        return
    # Sound only because the update above holds the coupon row: whoever else redeems this code
    # waits there, so no use can appear between this count and our insert.
    mine = Redemption.objects.filter(coupon_id=coupon_id, shopper_id=shopper_id)
    if mine.exclude(state=State.RELEASED).count() >= limit:
        raise _refuse("code_used_by_you", code)


def _take_budget(campaign_id: int, amount_minor: int) -> None:
    """Spend from the budget only what is there.

    Campaigns without one are not written at all: their row would be a queue for every order, and
    what they cost is the sum of their redemptions.
    """
    enough = Campaign.objects.filter(
        pk=campaign_id, budget_minor__gte=F("spent_minor") + amount_minor
    )
    if not enough.update(spent_minor=F("spent_minor") + amount_minor):
        raise _refuse("budget_spent", "")


def _lock_rows(redemptions: Sequence[Redemption]) -> None:
    coupons = Coupon.objects.filter(pk__in={row.coupon_id for row in redemptions if row.coupon_id})
    list(coupons.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    campaigns = Campaign.objects.filter(
        pk__in={row.campaign_id for row in redemptions if row.is_budgeted}
    )
    list(campaigns.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _coupons_of(offers: Iterable[AppliedOffer]) -> list[tuple[int, str]]:
    return [
        (offer.coupon_id, offer.coupon_code or "")
        for offer in offers
        if offer.coupon_id is not None
    ]


def _by_campaign(uses: Iterable[AppliedOffer | Redemption]) -> Mapping[int, int]:
    amounts: dict[int, int] = defaultdict(int)
    for use in uses:
        amounts[use.campaign_id] += use.amount_minor
    return amounts


def _refuse(reason: str, coupon: str) -> CouponExhausted:
    redemptions_refused_total.labels(reason=reason).inc()
    detail = {"coupon": coupon} if coupon else {}
    return CouponExhausted("Somebody else was faster: this offer is gone.", code=reason, **detail)
