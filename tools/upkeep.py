"""`./dev stop`, `./dev reset` and `./dev logs`."""

import argparse
import collections
import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from tools.console import Refusal, say
from tools.paths import log_dir, state_dir
from tools.processes import command_line, end_leftovers, send_signal, wait_for
from tools.programs import forget_metrics, mark
from tools.run_record import demo_holder, remove_record
from tools.services import Services

STOP_SECONDS = 40.0
LEFTOVER_SECONDS = 10.0
SHOWN_LINES = 60
STATE_NAMES = (
    *("demo", "test", "logs", "mail", "prometheus", "static", "imports", "media"),
    *("run.json", "demo.lock", "secret_key", "logins.json", "static.json", "bench.json"),
)


def run_stop(_arguments: list[str]) -> int:
    """`./dev stop`: end the demo of this folder, and servers nobody uses."""
    has_ended = _end_holder()
    has_ended = end_leftovers(mark(), grace_seconds=LEFTOVER_SECONDS) > 0 or has_ended
    remove_record()
    for purpose in ("demo", "test"):
        if (state_dir() / purpose).exists() or purpose == "demo":
            services = Services(purpose)
            if not services.is_used():
                has_ended = services.down() or has_ended
    say("stopped" if has_ended else "nothing was running")
    return 0


def run_reset(arguments: list[str]) -> int:
    """`./dev reset`: forget all data, after asking."""
    parser = argparse.ArgumentParser(prog="./dev reset")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    homes = [Services(purpose).home for purpose in ("demo", "test")]
    if not parser.parse_args(arguments).yes and not _confirm():
        say("nothing was changed")
        return 1
    run_stop([])
    if any(Services(purpose).is_used() for purpose in ("demo", "test")):
        raise Refusal("A test run or a ./dev manage still uses the servers: end it first.")
    forget_metrics()
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
    # By name: FAIRTAG_STATE may be a folder that holds other things too.
    for name in STATE_NAMES:
        path = state_dir() / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        state_dir().rmdir()
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        say("the servers that DATABASE_URL and REDIS_URL name were not touched")
    say("all data of the demo and of the tests are gone: ./dev demo makes them anew")
    return 0


def run_logs(arguments: list[str]) -> int:
    """`./dev logs [name] [-f]`."""
    parser = argparse.ArgumentParser(prog="./dev logs")
    parser.add_argument("name", nargs="?", help="web, workers, beat, postgres ...")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    chosen = parser.parse_args(arguments)
    logs = _find_logs()
    if chosen.name:
        if chosen.name not in logs:
            known = ", ".join(sorted(logs)) or "none yet"
            raise Refusal(f"There is no log named {chosen.name}. Logs: {known}.")
        logs = {chosen.name: logs[chosen.name]}
    if not logs:
        raise Refusal("There are no logs yet: ./dev demo writes them.")
    with contextlib.suppress(KeyboardInterrupt):
        _show(logs, follow=chosen.follow)
    return 0


def _end_holder() -> bool:
    holder = demo_holder()
    if holder is None:
        return False
    if "tools" not in command_line(holder):
        raise Refusal(f"The demo's lock is held by process {holder}, which is not ours.")
    send_signal(holder, signal.SIGTERM)
    if not wait_for(lambda: demo_holder() is None, STOP_SECONDS):
        send_signal(holder, signal.SIGKILL)
    return True


def _confirm() -> bool:
    if not sys.stdin.isatty():
        raise Refusal(
            "./dev reset deletes all data: say ./dev reset --yes where nobody can answer."
        )
    answer = input(f"Delete all data of the demo and of the tests in {state_dir()}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _find_logs() -> dict[str, Path]:
    logs = {path.stem: path for path in sorted(log_dir().glob("*.log"))}
    if (state_dir() / "demo").exists():
        home = Services().home
        servers = {"postgres": home / "pg/server.log", "valkey": home / "valkey/valkey.log"}
        logs |= {name: path for name, path in servers.items() if path.exists()}
    return logs


def _show(logs: dict[str, Path], *, follow: bool) -> None:
    width = max(map(len, logs))
    positions = {}
    for name, path in logs.items():
        with path.open(errors="replace") as file:
            for line in collections.deque(file, maxlen=SHOWN_LINES):
                print(f"{name:<{width}} | {line.rstrip()}")
            positions[name] = file.tell()
    while follow:
        time.sleep(0.5)
        for name, path in logs.items():
            positions[name] = _show_news(f"{name:<{width}}", path, positions[name])


def _show_news(label: str, path: Path, position: int) -> int:
    with contextlib.suppress(OSError), path.open(errors="replace") as file:
        # A shorter file is a new one: the logs were rotated by another start.
        file.seek(position if path.stat().st_size >= position else 0)
        for line in file:
            print(f"{label} | {line.rstrip()}", flush=True)
        return file.tell()
    return position
