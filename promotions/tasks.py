"""Jobs of the promotions: one service call each. When they run is in `shop/schedule.py`."""

from __future__ import annotations

from datetime import timedelta

from profiles.shoppers.api import list_active_shoppers
from promotions.coupons.api import (
    announce_budget_alerts,
    drop_undecided_documents,
    make_waiting_codes,
    release_expired,
)
from promotions.loyalty.api import (
    expire_points,
    release_due_points,
    release_stale_holds,
    settle_referrals,
    warn_expiring_points,
    warn_leaving_tiers,
)
from promotions.offers.api import refresh_public_cuts
from promotions.targeting.api import (
    address_lapsed_members,
    allocate_offers,
    learn_beliefs,
    pace_allocations,
    redecide_shoppers,
    send_digests,
    train_uplift,
)
from promotions.tuning import api as tuning
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job
from shop.ground.kernel.clock import utc_now

# Twice the pause between runs: who acted while one ran is seen by the next.
CHANGED_WITHIN = timedelta(minutes=2)

RECOUNT = timedelta(days=3)


@job(queue="interactive", time_limit=600)
def make_codes() -> int:
    """Make the codes of batches that wait or were interrupted."""
    return make_waiting_codes(now=utc_now())


@job(queue="live", time_limit=60)
def announce_alerts() -> int:
    """Say which campaigns reached half, four fifths or all of their budget."""
    return announce_budget_alerts(now=utc_now())


@job(queue="bulk", time_limit=600)
def record_public_cuts() -> int:
    """Bring what anybody could get by offers up to date in the price history."""
    return refresh_public_cuts(now=utc_now())


@job(queue="bulk", time_limit=60)
def drop_documents() -> int:
    """Delete documents of groups that nobody reviewed in time."""
    return drop_undecided_documents(now=utc_now())


@job(queue="live", time_limit=60)
def give_back_expired_holds() -> int:
    """Give back uses and budgets of holds that ran out; until then they are only not counted."""
    return release_expired(now=utc_now())


@job(queue="live", time_limit=300)
def move_points() -> int:
    """Release points after the return window, settle invitations, book what expired, give back
    what tills held and never came back for.
    """
    now = utc_now()
    released = release_due_points(now=now) + release_stale_holds(now=now)
    return released + settle_referrals(now=now) + expire_points(now=now)


@job(queue="bulk", time_limit=600)
def write_to_members() -> int:
    """Announce what will expire and tiers that end."""
    now = utc_now()
    return warn_expiring_points(now=now) + warn_leaving_tiers(now=now)


@job(queue="bulk", time_limit=600)
def win_back() -> int:
    """Address live win-back campaigns to members who have not bought for a while."""
    return address_lapsed_members(now=utc_now())


@job(queue="bulk", time_limit=600)
def send_offer_digests() -> int:
    """Send this week's letter with their own offers to the next of those who agreed to it."""
    return send_digests(now=utc_now())


@job(queue="live", time_limit=120)
def adjust_campaigns() -> int:
    """Count what every campaign brought in the last hours, then change what evidence asks for."""
    now = utc_now()
    counted = tuning.collect_pulse(now=now)
    return counted + tuning.adjust_campaigns(now=now)


@job(queue="bulk", time_limit=900)
def recount_campaigns() -> int:
    """Count the last days again: orders are cancelled and paid late."""
    return tuning.collect_pulse(now=utc_now(), back=RECOUNT)


@job(queue="bulk", time_limit=1_800)
def allocate_personal_offers(*, progress: RunProgress) -> int:
    """Decide for everybody who gets which personal offer, and tell how far it is."""
    return allocate_offers(now=utc_now(), on_progress=progress.tell).decisions


@job(queue="live", time_limit=120)
def redecide_changed_shoppers() -> int:
    """Decide anew for shoppers who did something since the last minutes."""
    now = utc_now()
    changed = [one.id for one in list_active_shoppers(now - CHANGED_WITHIN)]
    return redecide_shoppers(shopper_ids=changed, now=now).decisions if changed else 0


@job(queue="live", time_limit=60)
def pace_personal_offers() -> int:
    """Move the price of money of allocated campaigns with what was spent."""
    return pace_allocations(now=utc_now())


@job(queue="bulk", time_limit=1_800)
def train_uplift_model() -> int:
    """Learn what a discount adds from the randomised arm, and what is believed of new offers."""
    now = utc_now()
    version = train_uplift(now=now)
    learn_beliefs(now=now)
    return 0 if version is None else version.rows
