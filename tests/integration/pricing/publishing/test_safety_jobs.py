"""Learning and watching run by the one schedule, and leave their runs to be seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pricing import tasks
from pricing.learning.models.learning import OnlineEvidence
from pricing.policy.models.breakers import BreakerTrip, PricedVisit
from pricing.publishing.services.feeds import record_pulse
from pricing.rollout.services.replay import KEEP_DAYS
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from shop.schedule import SCHEDULE
from tests.factories.pricing import Dairy, open_dairy
from tests.factories.pricing_visits import make_visits

JOBS = {
    "count_visits": "bulk",
    "learn_online": "live",
    "recount_visits": "bulk",
    "watch_feeds": "live",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_runs_on_its_queue_and_is_recorded(name: str, dairy: Dairy) -> None:
    open_dairy()
    getattr(tasks, name).apply().get()
    run = JobRun.objects.get(name=name)
    assert (run.outcome, run.queue) == ("ok", JOBS[name])


@pytest.mark.django_db(transaction=True)
def test_the_watch_trips_a_breaker_and_learning_keeps_its_watermark(dairy: Dairy) -> None:
    open_dairy()
    now = utc_now()
    record_pulse(name="costs", at=now - timedelta(days=30))
    tasks.watch_feeds.apply().get()
    assert BreakerTrip.objects.get().kind == "costs"
    assert JobRun.objects.get(name="watch_feeds").rows == 1
    tasks.learn_online.apply().get()
    watermark = OnlineEvidence.objects.get().watermark
    assert timedelta(minutes=85) < now - watermark <= timedelta(hours=6, minutes=90)


@pytest.mark.django_db(transaction=True)
def test_whoever_counts_visits_looks_at_them(dairy: Dairy, monkeypatch: pytest.MonkeyPatch) -> None:
    open_dairy()
    looked: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.watching, "watch_prices", lambda **where: looked.append(where) or 0)
    tasks.count_visits.apply().get()
    assert [(one["market"], one["channel"]) for one in looked] == [("us", "online")]


@pytest.mark.django_db(transaction=True)
def test_the_nightly_count_forgets_visits_that_are_too_old(dairy: Dairy) -> None:
    open_dairy()
    oldest = utc_now().date() - timedelta(days=KEEP_DAYS)
    for back in (0, 1, 40):
        make_visits([1.0, 2.0], day=oldest - timedelta(days=back), is_held_out=False)
    tasks.recount_visits.apply().get()
    assert set(PricedVisit.objects.values_list("day", flat=True)) == {oldest}
    assert JobRun.objects.get(name="recount_visits").rows == 4


def test_learning_and_watching_run_every_minute() -> None:
    every = {entry["task"]: entry["schedule"] for entry in SCHEDULE.values()}
    for name in ("learn_online", "watch_feeds"):
        assert every[f"pricing.tasks.{name}"] == timedelta(seconds=60)
