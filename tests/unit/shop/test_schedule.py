"""The schedule and the wiring name things that exist."""

import ast
from pathlib import Path

from shop.celery import app
from shop.schedule import SCHEDULE
from shop.wiring import HANDLERS
from shop.workers import read_worker
from tools.programs import WORKERS

ROOT = Path(__file__).parents[3]
ROOMS = ("profiles", "pricing", "promotions", "orders", "shop")
# Staff start these, with words of their own.
ON_DEMAND = {"pricing.tasks.train_family", "pricing.tasks.audit_and_go_back"}


def test_every_scheduled_task_exists_and_has_a_queue() -> None:
    app.loader.import_default_modules()
    for name, entry in SCHEDULE.items():
        task = app.tasks.get(entry["task"])
        assert task is not None, f"{name}: no task called {entry['task']}"
        assert task.queue in {"interactive", "recompute", "training", "outbox"}, name
        # The clock knows no task: where the job waits comes from the schedule alone.
        assert entry["options"]["queue"] == task.queue, name


def test_events_are_never_behind_a_job_of_minutes() -> None:
    app.loader.import_default_modules()
    limits: dict[str, dict[str, int]] = {}
    for entry in SCHEDULE.values():
        task = app.tasks[entry["task"]]
        limits.setdefault(task.queue, {})[task.name] = task.time_limit
    queue = app.tasks["profiles.tasks.drain_events"].queue
    assert max(limits[queue].values()) <= 180
    served = [read_worker(word).queues.split(",") for word in WORKERS]
    shared = next(queues for queues in served if queue in queues)
    assert {"recompute", "training"} & set(shared) == set()


def test_every_job_is_scheduled_or_named_as_on_demand() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.partition(".")[0] in ROOMS}
    scheduled = {entry["task"] for entry in SCHEDULE.values()}
    assert ours - scheduled == ON_DEMAND


def test_every_wired_fact_is_written_somewhere() -> None:
    written = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            source = path.read_text()
            if "write_fact" not in source:
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "write_fact":
                    kinds = [word.value for word in node.keywords if word.arg == "kind"]
                    written |= {kind.value for kind in kinds if isinstance(kind, ast.Constant)}
    assert HANDLERS.keys() - written == set()
