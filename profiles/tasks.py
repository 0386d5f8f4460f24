"""Jobs of the room: one service call each. When they run is in `shop/schedule.py`."""

from __future__ import annotations

from datetime import timedelta

from profiles import services
from profiles.services.partitions import months_ahead
from shop.jobs.tasks import job
from shop.kernel.clock import utc_now

DRAIN_LIMIT = 100_000
MONTHS_AHEAD = 3
REFRESH_BACK = timedelta(minutes=15)


@job(queue="outbox", time_limit=120)
def drain_events() -> int:
    """Move events from the stream into the table."""
    return services.drain_events(limit=DRAIN_LIMIT, now=utc_now())


@job(queue="recompute", time_limit=600)
def restore_online_features() -> int:
    """Rebuild online profiles that lag, or all of them after Redis lost its memory."""
    return services.restore_online_features(now=utc_now())


@job(queue="recompute", time_limit=600)
def refresh_profiles() -> int:
    """Refresh stored profiles of who was here lately."""
    now = utc_now()
    return services.refresh_profiles(now=now, since=now - REFRESH_BACK)


@job(queue="training", time_limit=1800)
def refit_segments() -> int:
    """Fit segments and tags anew and refresh every stored profile."""
    now = utc_now()
    fitted = services.refit_segments(now=now)
    services.refresh_profiles(now=now)
    return fitted


@job(queue="training", time_limit=1800)
def refit_similarity() -> int:
    """Compute anew which variants are bought by the same shoppers."""
    return services.refit_similarity(now=utc_now())


@job(queue="training", time_limit=900)
def refit_sentiment() -> int:
    """Learn the tone of words from the shop's own rated reviews."""
    return services.refit_sentiment(now=utc_now())


@job(queue="recompute", time_limit=600)
def read_experiments() -> int:
    """Read the experiments that run or ended lately; stop those that harm."""
    return services.read_experiments(now=utc_now())


@job(queue="recompute", time_limit=300)
def ensure_partitions() -> int:
    """Make the partitions of the months to come."""
    now = utc_now()
    return services.ensure_partitions(start=now, end=months_ahead(now, MONTHS_AHEAD))


@job(queue="recompute", time_limit=1800)
def forget_expired() -> int:
    """Delete what is past its retention."""
    return services.forget_expired(now=utc_now())
