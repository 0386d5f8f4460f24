"""`./dev test` and `./dev bench`."""

import contextlib
import os
import signal
import subprocess

from tools.browser import ensure_browser
from tools.console import Refusal, say
from tools.management import project_environment
from tools.paths import PYTHON, ROOT, state_dir
from tools.services import Services

MOST_WORKERS = 4
INTERRUPT_SECONDS = 20.0
WORKER_END_SECONDS = 5.0


def run_tests(arguments: list[str]) -> int:
    """`./dev test [pytest arguments]`: everything on all cores, or what the arguments name."""
    browser = ensure_browser()
    # One thread for each process: small models of several processes wait for each other otherwise.
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    if browser is not None:
        environment["CHROMIUM"] = str(browser)
    # Held here too: a pytest process that is killed lets go without stopping them.
    with Services("test").in_use(patience=WORKER_END_SECONDS):
        say("PostgreSQL and Valkey for tests are up")
        command = [str(PYTHON), "-m", "pytest", *(arguments or _whole_suite())]
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


def run_bench(arguments: list[str]) -> int:
    """`./dev bench [part]`: measure on the demo's data."""
    with Services().in_use() as addresses:
        environment = project_environment(addresses)
        environment["BENCH_FILE"] = str(state_dir() / "bench.json")
        command = [str(PYTHON), "-m", "tests.benchmarks.run", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


def _whole_suite() -> list[str]:
    workers = max(2, min(os.cpu_count() or 2, MOST_WORKERS))
    # A file's tests share a worker, and all browser tests share one: two browsers would starve.
    return ["-n", str(workers), "--dist", "loadfile"]
