"""The one schedule of the shop, and the housekeeping jobs of the ground.

Jobs that run every few seconds expire before their next turn, so a busy worker never faces a
queue of stale wake-ups; each job runs at most once at a time (see `shop.jobs.tasks`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from shop.catalog.services import refresh_search
from shop.celery import app
from shop.jobs.services import delete_old_runs, mark_hung_runs
from shop.jobs.tasks import job, wake
from shop.kernel.clock import utc_now
from shop.outbox.services import delete_delivered_facts, deliver_facts
from shop.wiring import HANDLERS

KEEP_RUNS = timedelta(days=30)
KEEP_FACTS = timedelta(days=14)


@job(queue="outbox", time_limit=60)
def deliver_outbox() -> int:
    """Deliver due facts to their handlers."""
    return deliver_facts(handlers=HANDLERS, now=utc_now())


def wake_outbox() -> None:
    """Rouse the delivering worker; with Redis down the schedule finds the fact later."""
    wake(deliver_outbox)


@job(queue="outbox", time_limit=60)
def check_runs() -> int:
    """Mark hung runs, delete old runs and delivered facts."""
    now = utc_now()
    hung = mark_hung_runs(now=now)
    old = delete_old_runs(before=now - KEEP_RUNS, keep_names=("import_journey",))
    return hung + old + delete_delivered_facts(before=now - KEEP_FACTS)


@job(queue="recompute", time_limit=300)
def index_catalog() -> int:
    """Bring search up to date with products whose words staff changed."""
    return refresh_search()


def _every(seconds: int, task: str) -> dict[str, Any]:
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}


def _at(when: crontab, task: str) -> dict[str, Any]:
    return {"task": task, "schedule": when, "options": {"expires": 6 * 3600}}


SCHEDULE: dict[str, dict[str, Any]] = {
    # the loop, second by second
    "drain events": _every(2, "profiles.tasks.drain_events"),
    "drain quotes": _every(5, "pricing.tasks.drain_quotes"),
    "turn prices under experiment": _every(15, "pricing.tasks.turn_public_arms"),
    "count looks": _every(15, "pricing.tasks.drain_looks"),
    "deliver facts": _every(5, "shop.schedule.deliver_outbox"),
    # minute by minute
    "restore online features": _every(15, "profiles.tasks.restore_online_features"),
    "make batches of codes": _every(60, "promotions.tasks.make_codes"),
    "answer questions about campaigns": _every(60, "shop.backoffice.tasks.answer_campaign_checks"),
    "work on product lists": _every(60, "shop.product_lists.tasks.work_on_product_lists"),
    "work on customer lists": _every(60, "shop.customer_lists.tasks.work_on_customer_lists"),
    "drop unreviewed documents": _every(3600, "promotions.tasks.drop_documents"),
    "announce budget alerts": _every(60, "promotions.tasks.announce_alerts"),
    "give back expired offers": _every(60, "promotions.tasks.give_back_expired_holds"),
    "redecide personal offers": _every(60, "promotions.tasks.redecide_changed_shoppers"),
    "pace personal offers": _every(300, "promotions.tasks.pace_personal_offers"),
    "allocate personal offers": _every(3600, "promotions.tasks.allocate_personal_offers"),
    "close carts and stock holds": _every(60, "orders.tasks.expire_carts_and_reservations"),
    "settle payments": _every(15, "orders.payments.tasks.settle_due_payments"),
    "reconcile payments": _every(60, "orders.payments.tasks.reconcile_payments"),
    "reconcile a day of payments": _every(3600, "orders.payments.tasks.reconcile_a_day"),
    "check runs": _every(60, "shop.schedule.check_runs"),
    "index the catalogue": _every(60, "shop.schedule.index_catalog"),
    "make pictures": _every(60, "shop.catalog.tasks.make_pictures"),
    "refresh profiles": _every(300, "profiles.tasks.refresh_profiles"),
    "sum up sales": _every(300, "orders.tasks.summarize_sales"),
    "learn from outcomes": _every(60, "pricing.tasks.learn_online"),
    "watch feeds": _every(60, "pricing.tasks.watch_feeds"),
    "read experiments": _every(600, "profiles.tasks.read_experiments"),
    "count visits": _every(600, "pricing.tasks.count_visits"),
    "adjust campaigns": _every(60, "promotions.tasks.adjust_campaigns"),
    "publish prices": _every(900, "pricing.tasks.publish_price_book"),
    "move points": _every(300, "promotions.tasks.move_points"),
    "turn price shocks": _every(3600, "pricing.tasks.turn_price_shocks"),
    "import competitors": _every(1800, "pricing.tasks.import_competitors"),
    "check seals": _every(1800, "pricing.tasks.check_seals"),
    # night by night
    "retrain demand": _at(crontab(hour=2, minute=10), "pricing.tasks.train_demand"),
    "tune demand": _at(crontab(hour=1, minute=10, day_of_week=0), "pricing.tasks.tune_demand"),
    "train uplift": _at(crontab(hour=2, minute=30), "promotions.tasks.train_uplift_model"),
    "learn from looks": _at(crontab(hour=2, minute=40), "pricing.tasks.learn_from_looks"),
    "audit fairness": _at(crontab(hour=2, minute=50), "pricing.tasks.audit_models"),
    "refit segments": _at(crontab(hour=3, minute=10), "profiles.tasks.refit_segments"),
    "refit similarity": _at(crontab(hour=3, minute=40), "profiles.tasks.refit_similarity"),
    "recount campaigns": _at(crontab(hour=4, minute=5), "promotions.tasks.recount_campaigns"),
    "refit sentiment": _at(crontab(hour=3, minute=55), "profiles.tasks.refit_sentiment"),
    "make event partitions": _at(crontab(hour=4, minute=10), "profiles.tasks.ensure_partitions"),
    "make quote partitions": _at(
        crontab(hour=4, minute=20), "pricing.tasks.ensure_quote_partitions"
    ),
    "recount visits": _at(crontab(hour=3, minute=50), "pricing.tasks.recount_visits"),
    "seal quotes": _at(crontab(hour=4, minute=15), "pricing.tasks.seal_quotes"),
    "write to members": _at(crontab(hour=14, minute=5), "promotions.tasks.write_to_members"),
    "win back": _at(crontab(hour=15, minute=5), "promotions.tasks.win_back"),
    # a batch at a time through Thursday, until everybody had their turn
    "send offers": {
        "task": "promotions.tasks.send_offer_digests",
        "schedule": crontab(minute="*/10", hour="14-23", day_of_week=4),
        "options": {"expires": 600},
    },
    "check replay": _at(crontab(hour=5, minute=10), "pricing.tasks.check_replay"),
    "forget what expired": _at(crontab(hour=4, minute=30), "profiles.tasks.forget_expired"),
    "forget customer lists": _at(
        crontab(hour=4, minute=35), "shop.customer_lists.tasks.forget_customer_lists"
    ),
    "sum up all sales": _at(crontab(hour=4, minute=50), "orders.tasks.summarize_all_sales"),
    "delete old lists": _at(
        crontab(hour=4, minute=45), "shop.product_lists.tasks.delete_old_lists"
    ),
    "forget old keys": _at(crontab(hour=4, minute=40), "orders.tasks.forget_old_keys_and_contacts"),
}

app.conf.beat_schedule = SCHEDULE
