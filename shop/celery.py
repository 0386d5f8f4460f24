"""The Celery application: queues, limits, and metrics that survive a killed child."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_shutdown
from django.conf import settings
from prometheus_client import multiprocess

from shop.schedule import plan_jobs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

app = Celery("fairtag")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["profiles", "pricing", "promotions", "orders", "orders.payments"])
app.autodiscover_tasks(
    [
        "shop",
        "shop.doors.backoffice",
        "shop.ground.catalog",
        "shop.doors.customer_lists",
        "shop.doors.product_lists",
    ]
)
# The page of jobs reads how often each should run.
app.conf.beat_schedule = plan_jobs(settings.CAPABILITIES)


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery sets up no logging of its own where somebody listens here: Django's stays."""


@worker_process_shutdown.connect
def _forget_dead_process(pid: int, **_: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(pid)
