"""Jobs of the room: one service call each. When they run is in `shop/schedule.py`."""

from __future__ import annotations

from datetime import timedelta

from profiles.events import api as events
from profiles.privacy import api as privacy
from profiles.recommend import api as recommend
from profiles.reviews import api as reviews
from profiles.segments import api as segments
from profiles.wishes import api as wishes
from shop.ground.jobs.tasks import job, wake
from shop.ground.kernel.clock import utc_now

DRAIN_LIMIT = 100_000
MONTHS_AHEAD = 3
REFRESH_BACK = timedelta(minutes=15)


@job(queue="live", time_limit=120)
def drain_events() -> int:
    """Move events from the stream into the table."""
    return events.drain_events(limit=DRAIN_LIMIT, now=utc_now())


@job(queue="live", time_limit=120)
def repair_online_features() -> int:
    """Rebuild online profiles that lag; have all of them rebuilt after Redis lost its memory."""
    if not events.is_warm():
        wake(restore_online_features)
    return events.repair_online_features(now=utc_now())


@job(queue="bulk", time_limit=600)
def restore_online_features() -> int:
    """Rebuild all online profiles unless that is done, else those that lag."""
    return events.restore_online_features(now=utc_now())


@job(queue="bulk", time_limit=600)
def refresh_profiles() -> int:
    """Refresh stored profiles of who was here lately."""
    now = utc_now()
    return segments.refresh_profiles(now=now, since=now - REFRESH_BACK)


@job(queue="live", time_limit=120)
def tell_restocked() -> int:
    """Write to who waits for a variant that is back in stock."""
    return wishes.tell_restocked(now=utc_now())


@job(queue="bulk", time_limit=1800)
def refit_segments() -> int:
    """Fit segments and tags anew and refresh every stored profile."""
    now = utc_now()
    fitted = segments.refit_segments(now=now)
    segments.refresh_profiles(now=now)
    segments.count_segments(now=now)
    return fitted


@job(queue="bulk", time_limit=600)
def count_segments() -> int:
    """Keep the size of each segment; those of the weeks before of new ones."""
    return segments.count_segments(now=utc_now())


@job(queue="bulk", time_limit=1800)
def refit_recommender() -> int:
    """Learn anew what to recommend to whom."""
    return recommend.refit_recommender(now=utc_now())


@job(queue="bulk", time_limit=900)
def refit_sentiment() -> int:
    """Learn the tone of words from the shop's own rated reviews."""
    return reviews.refit_sentiment(now=utc_now())


@job(queue="bulk", time_limit=300)
def ensure_partitions() -> int:
    """Make the partitions of the months to come."""
    now = utc_now()
    return events.ensure_partitions(start=now, end=events.months_ahead(now, MONTHS_AHEAD))


@job(queue="bulk", time_limit=1800)
def forget_expired() -> int:
    """Delete what is past its retention."""
    return privacy.forget_expired(now=utc_now())
