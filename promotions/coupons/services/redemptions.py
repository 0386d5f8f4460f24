"""Use limits and budgets, exact in the database: hold at the order, commit at payment, release.

Every guard is a conditional UPDATE whose row count decides (never read, then write), and holding
and releasing change the same counters by the same amounts. All run in the caller's transaction,
after stock and before the order row: coupons in id order, then campaigns in id order, then
counters of limits, then redemptions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from pricing.base.core.values import Policy
from promotions.campaigns.api import find_costs
from promotions.campaigns.models import Campaign
from promotions.coupons.core import break_down_discount, share_of_units
from promotions.coupons.models import Coupon, Redemption
from promotions.coupons.selectors.coupons import is_by
from promotions.coupons.services.limits import (
    Demand,
    give_back_limits,
    list_demands,
    lock_counters,
    note_uses,
    refuse_use,
    retake_limits,
    take_limits,
)
from promotions.engine.api import AppliedOffer, Buyer, Evaluation
from promotions.metrics import redemptions_total

State = Redemption.State
COUNTING = (State.HELD, State.COMMITTED)
# What was held before this statement, and how many of it are final with it.
_COMMIT = """
WITH done AS (
    UPDATE promotions_redemption SET state = 'committed', settled_at = %(now)s
    WHERE order_ref = %(order_ref)s AND state = 'held'
    RETURNING id
)
SELECT (SELECT count(*) FROM done), count(*) FILTER (WHERE state = 'held'),
    count(*) FILTER (WHERE state = 'expired') > 0
FROM promotions_redemption WHERE order_ref = %(order_ref)s
"""


@dataclass(frozen=True, slots=True)
class _Locks:
    """What a caller will take next, so that one walk in order locks it with what it frees."""

    coupons: AbstractSet[int] = frozenset()
    campaigns: AbstractSet[int] = frozenset()
    demands: Sequence[Demand] = ()


NOTHING = _Locks()


@transaction.atomic(savepoint=False)
def hold_redemptions(
    *,
    order_ref: str,
    evaluation: Evaluation,
    buyer: Buyer,
    expires_at: datetime | None = None,
) -> None:
    """Count every applied offer of `evaluation` as used by `order_ref`, or nothing at all.

    Locks coupon rows, campaign rows and counters, each in order, until the caller's transaction
    ends: the hold lives or dies with the order. It counts until `expires_at` unless committed;
    holds of others that ran out are given back first. Raises UseRefused.
    """
    offers = evaluation.applied
    if not offers:
        return
    coupons = dict(_coupons_of(offers))
    amounts = _by_campaign(offers)
    demands = list_demands(offers, buyer)
    counted = _free_what_ran_out(_Locks(set(coupons), set(amounts), demands), buyer.now)
    for coupon_id, code in sorted(coupons.items()):
        take_coupon(coupon_id, code, is_by(buyer.shopper_id, buyer.identity))
    for campaign_id in sorted(counted):
        _take_budget(campaign_id, amounts[campaign_id])
    counters = take_limits(demands, buyer)
    rows = _rows_of(evaluation, order_ref, buyer)
    for row in rows:
        row.is_budgeted, row.expires_at = row.campaign_id in counted, expires_at
    note_uses(demands, counters, Redemption.objects.bulk_create(rows))
    redemptions_total.labels(state=State.HELD.value).inc(len(offers))


@transaction.atomic(savepoint=False)
def commit_redemptions(*, order_ref: str, now: datetime) -> int:
    """Make the held redemptions of `order_ref` final; return how many. Twice is once.

    What ran out meanwhile is taken again; raises UseRefused if others have it by now.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COMMIT, {"order_ref": order_ref, "now": now})
        held, known, has_late = cursor.fetchone()
    redemptions_total.labels(state=State.COMMITTED.value).inc(held)
    if held < known:  # they ran out while the statement waited for them
        return held + commit_redemptions(order_ref=order_ref, now=now)
    if not has_late:
        return held
    late = list(Redemption.objects.filter(order_ref=order_ref, state=State.EXPIRED))
    _take_again(late, now)
    redemptions_total.labels(state=State.COMMITTED.value).inc(len(late))
    return held + len(late)


@transaction.atomic
def release_redemptions(
    *,
    order_ref: str,
    now: datetime,
    is_return: bool = False,
    kept_offers: Collection[int] = (),
) -> int:
    """Give back uses and budget of `order_ref`, held or committed; return how many. Twice is once.

    After a return in full (`is_return`) campaigns that say so keep theirs used, and so do
    `kept_offers`, whose gifts the shopper keeps. Locks coupons,
    campaigns, counters, then redemptions, as `hold_redemptions` does. That a redemption is given
    back once is decided by its own row, read again under those locks.
    """
    rows = Redemption.objects.filter(order_ref=order_ref, state__in=COUNTING)
    if is_return:
        rows = rows.filter(campaign__returns_give_back=True).exclude(offer_id__in=kept_offers)
    return _give_back(rows, State.RELEASED, now)


def release_expired(*, now: datetime, limit: int = 500) -> int:
    """Give back holds that ran out; return how many. One transaction per order."""
    due = Redemption.objects.filter(state=State.HELD, expires_at__lte=now)
    refs = dict.fromkeys(due.order_by("expires_at").values_list("order_ref", flat=True)[:limit])
    released = 0
    for ref in refs:
        with transaction.atomic():
            released += _give_back(due.filter(order_ref=ref), State.EXPIRED, now)
    return released


def _rows_of(evaluation: Evaluation, order_ref: str, buyer: Buyer) -> list[Redemption]:
    """Return a use for each applied offer, with what its gift cost frozen. No query."""
    costs = find_costs([gift.variant_id for gift in evaluation.gifts], buyer.market)
    rows = []
    for offer in evaluation.applied:
        worth = break_down_discount(
            evaluation, offer, costs=costs, assumed_cost_share=Policy().assumed_cost_share
        )
        rows.append(
            Redemption(
                campaign_id=offer.campaign_id,
                offer_id=offer.offer_id,
                coupon_id=offer.coupon_id,
                shopper_id=buyer.shopper_id,
                identity=list(buyer.identity),
                order_ref=order_ref,
                revision=offer.revision,
                amount_minor=offer.amount_minor,
                gift_minor=worth.gift_minor,
                gift_cost_minor=worth.gift_cost_minor,
                delivery_minor=worth.delivery_minor,
                at=buyer.now,
            )
        )
    return rows


def _free_what_ran_out(next_locks: _Locks, now: datetime) -> set[int]:
    """Give back the orders' holds that ran out and stand in the way, usually none; return the
    campaigns that have a budget."""
    due = Redemption.objects.filter(state=State.HELD, expires_at__lte=now)
    here = Exists(due.filter(campaign_id=OuterRef("pk")))
    campaigns = Campaign.objects.filter(pk__in=next_locks.campaigns).annotate(has_due=here)
    known = list(campaigns.values_list("pk", "budget_minor", "has_due"))
    if any(has_due for _, _, has_due in known):
        ours = due.filter(campaign_id__in=next_locks.campaigns)
        refs = list(ours.values_list("order_ref", flat=True))
        _give_back(due.filter(order_ref__in=refs), State.EXPIRED, now, next_locks)
    return {pk for pk, budget_minor, _ in known if budget_minor is not None}


def _give_back(
    rows: QuerySet[Redemption],
    state: Redemption.State,
    now: datetime,
    next_locks: _Locks = NOTHING,
) -> int:
    """Move `rows` to `state` and every counter back; also locks what the caller will take next."""
    _lock_rows(list(rows.order_by()), next_locks)
    released = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    ids = [row.pk for row in released]
    Redemption.objects.filter(pk__in=ids).update(state=state, settled_at=now)
    for row in released:
        if row.coupon_id is not None:
            Coupon.objects.filter(pk=row.coupon_id).update(redeemed=F("redeemed") - 1)
    for campaign_id, amount_minor in _by_campaign(r for r in released if r.is_budgeted).items():
        Campaign.objects.filter(pk=campaign_id).update(spent_minor=F("spent_minor") - amount_minor)
    give_back_limits(ids)
    redemptions_total.labels(state=state.value).inc(len(released))
    return len(released)


def _take_again(late: Sequence[Redemption], now: datetime) -> None:
    """Count holds that ran out once more, by the very amounts that were given back."""
    _lock_rows(late, NOTHING)
    codes = Coupon.objects.in_bulk({row.coupon_id for row in late if row.coupon_id})
    for coupon_id in sorted(codes):
        mine = is_by(late[0].shopper_id, late[0].identity)
        take_coupon(coupon_id, codes[coupon_id].code, mine)
    budgeted = _by_campaign(row for row in late if row.is_budgeted)
    for campaign_id in sorted(budgeted):
        _take_budget(campaign_id, budgeted[campaign_id])
    ids = [row.pk for row in late]
    retake_limits(ids)
    Redemption.objects.filter(pk__in=ids).update(state=State.COMMITTED, settled_at=now)


def take_coupon(coupon_id: int, code: str, is_mine: Q) -> None:
    """Raise the counter only while below the limit; the row stays locked for the count after."""
    free = Q(max_redemptions__isnull=True) | Q(redeemed__lt=F("max_redemptions"))
    coupon = Coupon.objects.filter(free, pk=coupon_id, is_active=True)
    if not coupon.update(redeemed=F("redeemed") + 1):
        is_active = Coupon.objects.filter(pk=coupon_id, is_active=True).exists()
        raise refuse_use("code_used_up" if is_active else "code_disabled", code)
    limit = Coupon.objects.values_list("per_shopper_limit", flat=True).get(pk=coupon_id)
    if limit is None:
        return
    # Sound only because the update above holds the coupon row: whoever else redeems this code
    # waits there, so no use can appear between this count and our insert.
    mine = Redemption.objects.filter(is_mine, coupon_id=coupon_id)
    if mine.filter(state__in=COUNTING).count() >= limit:
        raise refuse_use("code_used_by_you", code)


def _take_budget(campaign_id: int, amount_minor: int) -> None:
    """Spend from the budget only what is there.

    Campaigns without one are not written at all: their row would be a queue for every order, and
    what they cost is the sum of their redemptions.
    """
    enough = Campaign.objects.filter(
        pk=campaign_id, budget_minor__gte=F("spent_minor") + amount_minor
    )
    if not enough.update(spent_minor=F("spent_minor") + amount_minor):
        raise refuse_use("budget_spent")


def _lock_rows(redemptions: Sequence[Redemption], next_locks: _Locks) -> None:
    coupon_ids = {row.coupon_id for row in redemptions if row.coupon_id} | next_locks.coupons
    wanted = Coupon.objects.filter(pk__in=coupon_ids).order_by("pk")
    list(wanted.select_for_update(no_key=True).values_list("pk"))
    campaign_ids = {row.campaign_id for row in redemptions if row.is_budgeted}
    campaign_ids |= next_locks.campaigns
    spent = Campaign.objects.filter(pk__in=campaign_ids, budget_minor__isnull=False).order_by("pk")
    list(spent.select_for_update(no_key=True).values_list("pk"))
    lock_counters([row.pk for row in redemptions], next_locks.demands)


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


@dataclass(frozen=True, slots=True)
class ReturnedGift:
    """Units of a gift that come back: `worth_minor` is the worth of all `quantity` of them that the
    offer gave, `before` of which came back earlier and `more` do now."""

    offer_id: int
    worth_minor: int
    quantity: int
    before: int
    more: int


@transaction.atomic
def note_returned_gifts(
    *,
    order_ref: str,
    gifts: Sequence[ReturnedGift],
    is_whole: bool = False,
    kept_offers: Collection[int] = (),
) -> None:
    """Note what gifts that come back had cost, each unit's exact share.

    With the last unit of an order (`is_whole`) all it was given is back, the delivery included,
    but for gifts of `kept_offers`, which the shopper keeps at least in part.
    Uses that were given back count no more, and are left alone. No query for a part without gifts.
    """
    if not gifts and not is_whole:
        return
    back = defaultdict[int, list[ReturnedGift]](list)
    for gift in gifts:
        back[gift.offer_id].append(gift)
    uses = Redemption.objects.filter(order_ref=order_ref, state__in=COUNTING).order_by("pk")
    if is_whole:
        back_whole = uses.exclude(offer_id__in=kept_offers)
        back_whole.update(came_back_minor=F("gift_cost_minor") + F("delivery_minor"))
        uses = uses.filter(offer_id__in=kept_offers)
    noted = list(uses.filter(offer_id__in=back).select_for_update(of=("self",), no_key=True))
    for use in noted:
        use.came_back_minor += sum(_cost_of(use, gift) for gift in back[use.offer_id])
    Redemption.objects.bulk_update(noted, ["came_back_minor"])


def _cost_of(use: Redemption, gift: ReturnedGift) -> int:
    """Return what the units cost then; an offer's gifts share its cost by what they are worth."""
    whole = round(use.gift_cost_minor * gift.worth_minor / max(use.gift_minor, 1))
    return share_of_units(whole, gift.quantity, before=gift.before, more=gift.more)
