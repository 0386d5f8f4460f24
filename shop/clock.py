"""The clock: a Celery application that knows the broker and the schedule, and nothing of the shop.

`celery -A shop.clock beat` sends each job by name to its queue. It loads no models: a tenth of
the memory of a process that does.
"""

from __future__ import annotations

from logging.config import dictConfig
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from shop import settings
from shop.schedule import plan_jobs

# No fixups: Celery's own for Django would load the shop as soon as DJANGO_SETTINGS_MODULE is set.
app = Celery("fairtag-clock", fixups=[])
app.config_from_object(settings, namespace="CELERY")
app.conf.beat_schedule = plan_jobs(settings.CAPABILITIES)


@setup_logging.connect
def _log_as_the_shop_does(**_: Any) -> None:
    dictConfig(settings.LOGGING)
