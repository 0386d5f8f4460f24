"""The clock sends the schedule without loading the shop."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import Celery

from shop.celery import app
from shop.schedule import SteadyScheduler

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)

SHARED = (
    *("broker_url", "broker_transport_options", "task_serializer", "timezone"),
    *("task_default_queue", "beat_scheduler"),
)
# In a process of its own: an application that is made becomes the current one.
LOADED = f"""
import json, sys
from django.apps import apps
from shop.clock import app
app.loader.import_default_modules()
app.finalize()
rooms = ("profiles", "pricing", "promotions", "orders", "numpy", "psycopg")
print(json.dumps({{
    "is_ready": apps.ready,
    "modules": sorted(set(rooms) & sys.modules.keys()),
    "tasks": sorted(name for name in app.tasks if not name.startswith("celery.")),
    "schedule": sorted(app.conf.beat_schedule),
    "settings": {{name: app.conf[name] for name in {SHARED}}},
}}))
"""


def load_clock() -> dict[str, Any]:
    """What a process says that has loaded the clock."""
    said = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def test_the_clock_loads_no_shop_and_sends_its_schedule() -> None:
    assert load_clock() == {
        "is_ready": False,
        "modules": [],
        "tasks": [],
        "schedule": sorted(app.conf.beat_schedule),
        "settings": {name: app.conf[name] for name in SHARED},
    }


class Heard(SteadyScheduler):
    """The scheduler; what it sends is written down, at the minute of its clock."""

    producer = None

    def apply_async(self, entry: Any, **_: Any) -> None:
        """Write down the minute."""
        sent.append((entry.name, self.app.now().strftime("%H:%M")))


sent: list[tuple[str, str]] = []


def test_jobs_go_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    sent.clear()
    clock = Celery("set", fixups=[], set_as_current=False)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    clock.conf.timezone = "UTC"
    clock.conf.beat_schedule = {"look": {"task": "look", "schedule": timedelta(minutes=1)}}
    heard = Heard(clock, schedule={})
    heard.update_from_dict(clock.conf.beat_schedule)
    for minutes in (0, 1, 61, -59, -58):
        moment = NOON + timedelta(minutes=minutes, seconds=minutes % 7)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        while heard.tick() == 0:
            pass
    assert sent == [("look", "12:01"), ("look", "13:01"), ("look", "11:02")]
