"""The schedule and the wiring name things that exist."""

import ast
from pathlib import Path

from shop.celery import app
from shop.ground.jobs.selectors import LANES
from shop.schedule import SCHEDULE
from shop.wiring import HANDLERS
from shop.workers import read_worker
from tools.programs import WORKERS

ROOT = Path(__file__).parents[3]
ROOMS = ("profiles", "pricing", "promotions", "orders", "shop")
# Staff start these, or what they saved does, or another job.
ON_DEMAND = {
    "pricing.tasks.train_family",
    "pricing.tasks.learn_from_looks",
    "pricing.tasks.audit_and_go_back",
    "pricing.tasks.publish_set_prices",
    "profiles.tasks.restore_online_features",
}


def test_every_scheduled_task_exists_and_has_a_queue() -> None:
    app.loader.import_default_modules()
    for name, entry in SCHEDULE.items():
        task = app.tasks.get(entry["task"])
        assert task is not None, f"{name}: no task called {entry['task']}"
        assert task.queue in LANES, name
        # The clock knows no task: where the job waits comes from the schedule alone.
        assert entry["options"]["queue"] == task.queue, name


def test_each_lane_has_a_worker_of_its_own() -> None:
    procfile = (ROOT / "deploy/Procfile").read_text()
    [line] = [line for line in procfile.splitlines() if line.startswith("web:")]
    for words in (WORKERS, line.partition(" -m shop.workers web beat ")[2].split()):
        served = [lane for word in words for lane in read_worker(word).queues.split(",")]
        assert sorted(served) == sorted(LANES)


def test_jobs_of_minutes_wait_in_bulk() -> None:
    minutes = {
        *("publish_price_book", "train_demand", "tune_demand", "allocate_personal_offers"),
        *("count_visits", "read_experiments", "refresh_profiles", "import_competitors"),
    }
    seconds = {
        *("drain_events", "drain_quotes", "deliver_outbox", "learn_online", "adjust_campaigns"),
        "repair_online_features",
    }
    lanes = {
        entry["task"].rpartition(".")[2]: entry["options"]["queue"] for entry in SCHEDULE.values()
    }
    assert {lanes[name] for name in minutes} == {"bulk"}
    assert {lanes[name] for name in seconds} == {"live"}


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
