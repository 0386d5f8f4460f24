"""`./dev test`, `./dev bench` and `./dev pictures`."""

import contextlib
import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from tools.browser import ensure_browser
from tools.changed import MAIN, choose_tests
from tools.clock import clock_ahead, take_ahead
from tools.console import Refusal, say
from tools.management import project_environment
from tools.paths import PYTHON, ROOT, state_dir
from tools.prepare import LOGINS
from tools.run_record import read_record
from tools.services import Services

CHANGED = "--changed"
ALL = "--all"
# A profile of tests/conftest.py: Hypothesis draws new examples.
NEW_EXAMPLES = "--hypothesis-profile=search"
# What a push runs: markers of pyproject.toml. The rest runs before a release.
EACH_PUSH = "not release and not statistical"
BROWSER_TESTS = ROOT / "tests/functional"
MOST_WORKERS = 4
INTERRUPT_SECONDS = 20.0
WORKER_END_SECONDS = 5.0


def run_tests(arguments: list[str]) -> int:
    """`./dev test [--all | pytest arguments]`: the tests of a push, all, or what is named."""
    ahead, arguments = take_ahead(arguments, now=datetime.fromtimestamp(time.time(), UTC))
    if ahead is not None:
        with clock_ahead(ahead):
            return run_tests(arguments)
    if CHANGED in arguments:
        chosen = choose_tests(ROOT)
        if chosen == []:
            say(f"nothing differs from {MAIN}")
            return 0
        arguments = [*(chosen or ()), *arguments]
    arguments = spell_out(arguments)
    browser = ensure_browser() if wants_browser(arguments) else None
    # One thread for each process: small models of several processes wait for each other otherwise.
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    if browser is not None:
        environment["CHROMIUM"] = str(browser)
    # The first test that needs the servers starts them. A pytest process that is killed lets go
    # without stopping them: this one then does.
    with Services("test").held(patience=WORKER_END_SECONDS):
        command = [str(PYTHON), "-m", "pytest", *arguments]
        running = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            status = running.wait()
        except KeyboardInterrupt:
            running.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(INTERRUPT_SECONDS)
            running.kill()
            raise
    if status < 0:
        raise Refusal(f"pytest did not end by itself ({signal.strsignal(-status)}).")
    return status


def spell_out(arguments: list[str]) -> list[str]:
    """Write our own words as arguments of pytest.

    >>> spell_out(["tests/unit", "-q"])
    ['tests/unit', '-q']
    """
    others = [word for word in arguments if word not in {ALL, CHANGED}]
    if not arguments:
        return [*_on_all_cores(), "-m", EACH_PUSH]
    if ALL in arguments:
        others.append(NEW_EXAMPLES)
    return others if others == arguments else [*_on_all_cores(), *others]


def wants_browser(arguments: list[str]) -> bool:
    """Whether browser tests are among what the arguments of pytest name."""
    words = [Path(word.partition("::")[0]) for word in arguments if not word.startswith("-")]
    named = [path.resolve() for path in words if path.exists()]
    return not named or any(
        path.is_relative_to(BROWSER_TESTS) or BROWSER_TESTS.is_relative_to(path) for path in named
    )


def run_bench(arguments: list[str]) -> int:
    """`./dev bench [part]`: measure on the demo's data; two commits on those of their own."""
    purpose = "test" if "--beside" in arguments else "demo"
    with Services(purpose).in_use() as addresses:
        environment = project_environment(addresses)
        environment["BENCH_FILE"] = str(state_dir() / "bench.json")
        command = [str(PYTHON), "-m", "tests.benchmarks.run", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


def run_pictures(arguments: list[str]) -> int:
    """`./dev pictures [part]`: the documents' pictures, and every page, of the running demo."""
    address = os.environ.get("SHOP_URL") or read_record().get("addresses", {}).get("store")
    if not address:
        raise Refusal("No demo runs here, and pictures are taken of it: ./dev demo --detach")
    browser = ensure_browser()
    if browser is None:
        raise Refusal("Pictures need a browser.")
    with Services().in_use() as addresses:
        environment = project_environment(addresses)
        environment |= {"SHOP_URL": address.rstrip("/"), "CHROMIUM": str(browser)}
        environment["LOGINS"] = str(state_dir() / LOGINS)
        command = [str(PYTHON), "-m", "tests.pictures.run", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


def _on_all_cores() -> list[str]:
    workers = max(2, min(os.cpu_count() or 2, MOST_WORKERS))
    # A file's tests share a worker; tests/plugin_order.py says which files come first.
    return ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]
