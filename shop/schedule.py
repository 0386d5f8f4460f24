"""Schedule of jobs, and the lane of each.

Jobs that run every few seconds expire before their next turn, so a busy worker never faces a
queue of stale wake-ups; each job runs at most once at a time (see `shop.ground.jobs.tasks`).
Jobs are named, not imported: the clock (`shop.clock`) reads this table without loading the shop.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from celery.beat import Scheduler
from celery.schedules import crontab

from shop.ground.kernel.capabilities import list_jobs_off


class SteadyScheduler(Scheduler):
    """Celery's scheduler, which would send nothing for an hour once the clock is set back by one.

    It is kept in memory: Celery's default writes to a disk.
    """

    _seen: datetime | None = None

    def tick(self, *given: Any, **named: Any) -> float:
        """Send what is due; what was sent in a future that did not come counts as sent now."""
        now = self.app.now()
        if self._seen is not None and now < self._seen:
            for entry in self.schedule.values():
                entry.last_run_at = min(entry.last_run_at, now)
            self._heap = None
        self._seen = now
        return float(super().tick(*given, **named))


def _every(seconds: int, task: str, queue: str) -> dict[str, Any]:
    options = {"queue": queue, "expires": seconds}
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": options}


def _at(when: crontab, task: str, queue: str) -> dict[str, Any]:
    return {"task": task, "schedule": when, "options": {"queue": queue, "expires": 6 * 3600}}


SCHEDULE: dict[str, dict[str, Any]] = {
    # the loop, second by second
    "drain events": _every(2, "profiles.tasks.drain_events", "live"),
    "drain quotes": _every(5, "pricing.tasks.drain_quotes", "live"),
    "turn prices under experiment": _every(15, "pricing.tasks.turn_public_arms", "live"),
    "count looks": _every(15, "pricing.tasks.drain_looks", "live"),
    "deliver facts": _every(5, "shop.tasks.deliver_outbox", "live"),
    "repair online features": _every(15, "profiles.tasks.repair_online_features", "live"),
    # minute by minute
    "make batches of codes": _every(60, "promotions.tasks.make_codes", "interactive"),
    "answer questions about campaigns": _every(
        60, "shop.doors.backoffice.tasks.answer_campaign_checks", "interactive"
    ),
    "work on product lists": _every(
        60, "shop.doors.product_lists.tasks.work_on_product_lists", "interactive"
    ),
    "work on customer lists": _every(
        60, "shop.doors.customer_lists.tasks.work_on_customer_lists", "interactive"
    ),
    "drop unreviewed documents": _every(3600, "promotions.tasks.drop_documents", "bulk"),
    "announce budget alerts": _every(60, "promotions.tasks.announce_alerts", "live"),
    "give back expired offers": _every(60, "promotions.tasks.give_back_expired_holds", "live"),
    "redecide personal offers": _every(60, "promotions.tasks.redecide_changed_shoppers", "live"),
    "pace personal offers": _every(300, "promotions.tasks.pace_personal_offers", "live"),
    "allocate personal offers": _every(3600, "promotions.tasks.allocate_personal_offers", "bulk"),
    "close carts and stock holds": _every(60, "orders.tasks.expire_carts_and_reservations", "live"),
    "settle payments": _every(15, "orders.payments.tasks.settle_due_payments", "live"),
    "reconcile payments": _every(60, "orders.payments.tasks.reconcile_payments", "live"),
    "reconcile a day of payments": _every(3600, "orders.payments.tasks.reconcile_a_day", "bulk"),
    "check runs": _every(60, "shop.tasks.check_runs", "live"),
    "index the catalogue": _every(60, "shop.tasks.index_catalog", "interactive"),
    "make pictures": _every(60, "shop.ground.catalog.tasks.make_pictures", "pictures"),
    "tell what is back": _every(60, "profiles.tasks.tell_restocked", "live"),
    "count segments": _every(900, "profiles.tasks.count_segments", "bulk"),
    "refresh profiles": _every(300, "profiles.tasks.refresh_profiles", "bulk"),
    "sum up sales": _every(300, "orders.tasks.summarize_sales", "bulk"),
    "learn from outcomes": _every(60, "pricing.tasks.learn_online", "live"),
    "watch feeds": _every(60, "pricing.tasks.watch_feeds", "live"),
    "read experiments": _every(600, "pricing.tasks.read_experiments", "bulk"),
    "record public cuts": _every(600, "promotions.tasks.record_public_cuts", "bulk"),
    "count visits": _every(600, "pricing.tasks.count_visits", "bulk"),
    "adjust campaigns": _every(60, "promotions.tasks.adjust_campaigns", "live"),
    "publish prices": _every(900, "pricing.tasks.publish_price_book", "bulk"),
    "move points": _every(300, "promotions.tasks.move_points", "live"),
    "turn price shocks": _every(3600, "pricing.tasks.turn_price_shocks", "bulk"),
    "import competitors": _every(1800, "pricing.tasks.import_competitors", "bulk"),
    "check seals": _every(1800, "pricing.tasks.check_seals", "bulk"),
    # night by night
    "retrain demand": _at(crontab(hour=2, minute=10), "pricing.tasks.train_demand", "bulk"),
    "tune demand": _at(
        crontab(hour=1, minute=10, day_of_week=0), "pricing.tasks.tune_demand", "bulk"
    ),
    "train uplift": _at(crontab(hour=2, minute=30), "promotions.tasks.train_uplift_model", "bulk"),
    "audit fairness": _at(crontab(hour=2, minute=50), "pricing.tasks.audit_models", "bulk"),
    "refit segments": _at(crontab(hour=3, minute=10), "profiles.tasks.refit_segments", "bulk"),
    "refit recommender": _at(
        crontab(hour=3, minute=40), "profiles.tasks.refit_recommender", "bulk"
    ),
    "check running campaigns": _at(
        crontab(hour=4, minute=0),
        "shop.doors.backoffice.tasks.check_running_campaigns",
        "bulk",
    ),
    "recount campaigns": _at(
        crontab(hour=4, minute=5), "promotions.tasks.recount_campaigns", "bulk"
    ),
    "refit sentiment": _at(crontab(hour=3, minute=55), "profiles.tasks.refit_sentiment", "bulk"),
    "make event partitions": _at(
        crontab(hour=4, minute=10), "profiles.tasks.ensure_partitions", "bulk"
    ),
    "make quote partitions": _at(
        crontab(hour=4, minute=20), "pricing.tasks.ensure_quote_partitions", "bulk"
    ),
    "recount visits": _at(crontab(hour=3, minute=50), "pricing.tasks.recount_visits", "bulk"),
    "seal quotes": _at(crontab(hour=4, minute=15), "pricing.tasks.seal_quotes", "bulk"),
    "write to members": _at(
        crontab(hour=14, minute=5), "promotions.tasks.write_to_members", "bulk"
    ),
    "win back": _at(crontab(hour=15, minute=5), "promotions.tasks.win_back", "bulk"),
    # a batch at a time through Thursday, until everybody had their turn
    "send offers": {
        "task": "promotions.tasks.send_offer_digests",
        "schedule": crontab(minute="*/10", hour="14-23", day_of_week=4),
        "options": {"queue": "bulk", "expires": 600},
    },
    "check replay": _at(crontab(hour=5, minute=10), "pricing.tasks.check_replay", "bulk"),
    "forget what expired": _at(crontab(hour=4, minute=30), "profiles.tasks.forget_expired", "bulk"),
    "forget customer lists": _at(
        crontab(hour=4, minute=35),
        "shop.doors.customer_lists.tasks.forget_customer_lists",
        "bulk",
    ),
    "sum up all sales": _at(crontab(hour=4, minute=50), "orders.tasks.summarize_all_sales", "bulk"),
    "delete old lists": _at(
        crontab(hour=4, minute=45), "shop.doors.product_lists.tasks.delete_old_lists", "bulk"
    ),
    "forget old keys": _at(
        crontab(hour=4, minute=40), "orders.tasks.forget_old_keys_and_contacts", "bulk"
    ),
}


def plan_jobs(chosen: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the jobs that run with the `chosen` capabilities."""
    off = list_jobs_off(chosen)
    return {name: entry for name, entry in SCHEDULE.items() if name not in off}
