"""The clock sends the schedule without loading the shop."""

import json
import subprocess
import sys
from typing import Any

from shop.celery import app

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
