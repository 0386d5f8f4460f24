"""`./dev check`: all checks of the code."""

import concurrent.futures
import dataclasses
import os
import subprocess
import time

from tools.console import say
from tools.environment import DEVELOPMENT_LOCK, RUN_LOCK
from tools.formatting import FORMAT_TEMPLATES
from tools.locks import is_in_step
from tools.management import project_environment
from tools.paths import MANAGE, PYTHON, ROOT
from tools.services import Services

ROOMS = ("shop", "profiles", "pricing", "promotions", "orders")
# import-linter has no `python -m`, and its script names the folder where .venv was made.
LINT_IMPORTS = """
from importlinter.cli import lint_imports_command
lint_imports_command(["--no-logo"])
"""
# `check --deploy` judges the production settings, so it gets what production gets.
PRODUCTION = {
    "DEBUG": "0",
    "HTTPS": "1",
    "ALLOWED_HOSTS": "shop.example",
    "EMAIL_HOST": "mail.example",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "STRIPE_SECRET_KEY": "sk_live_check",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_check",
    "STRIPE_WEBHOOK_SECRET": "whsec_check",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One tool run; its exit status is the verdict."""

    label: str
    command: tuple[str, ...]
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a check said."""

    check: Check
    is_good: bool
    output: str
    seconds: float


def run_checks(arguments: list[str]) -> int:
    """`./dev check`: run all, two at a time, and show what the failing ones say."""
    chosen = [check for check in list_checks() if not arguments or check.label in arguments]
    with Services("test").in_use() as addresses:
        environment = project_environment(addresses)
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            running = [pool.submit(_judge, check, environment) for check in chosen]
            verdicts = []
            for number, future in enumerate(concurrent.futures.as_completed(running), start=1):
                verdict = future.result()
                verdicts.append(verdict)
                _report(verdict, number, len(running))
    failed = sorted(verdict.check.label for verdict in verdicts if not verdict.is_good)
    say(f"{len(verdicts)} checks: " + (f"failed: {', '.join(failed)}" if failed else "all passed"))
    return 1 if failed else 0


def list_checks() -> list[Check]:
    """All checks, the longest first."""
    return [
        Check("types", _python("mypy")),
        Check("layers", (str(PYTHON), "-c", LINT_IMPORTS)),
        Check(
            "api-schema",
            _manage("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull),
        ),
        Check("migrations", _manage("makemigrations", "--check", "--dry-run")),
        Check("django", _manage("check", "--database", "default", "--fail-level", "WARNING")),
        Check("deploy", _manage("check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Check("security", _python("bandit", "-q", "-c", "pyproject.toml", "-r", *ROOMS, "tools")),
        Check("house", _python("tools.house")),
        Check("unused", _python("tools.unused")),
        Check("lint", _python("ruff", "check", ".")),
        Check("format", _python("ruff", "format", "--check", ".")),
        Check("templates", (*FORMAT_TEMPLATES, "--check")),
        Check("sheets", _python("tools.sheets")),
        Check("locks", _python("tools.checks")),
    ]


def _python(module: str, *words: str) -> tuple[str, ...]:
    return (str(PYTHON), "-m", module, *words)


def _manage(*words: str) -> tuple[str, ...]:
    return (str(PYTHON), str(MANAGE), *words)


def _judge(check: Check, environment: dict[str, str]) -> Verdict:
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env={**environment, **check.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Verdict(check, done.returncode == 0, done.stdout, time.monotonic() - started)


def _report(verdict: Verdict, number: int, total: int) -> None:
    word = "ok" if verdict.is_good else "FAILED"
    say(f"[{number}/{total}] {verdict.check.label:<11} {word} ({verdict.seconds:.1f} s)")
    if not verdict.is_good:
        print(verdict.output.rstrip(), flush=True)


def check_locks() -> int:
    """Say which lock file is out of step with its sources."""
    stale = [lock for lock in (RUN_LOCK, DEVELOPMENT_LOCK) if not is_in_step(lock)]
    for lock in stale:
        print(f"{lock} is older than what it was compiled from: run ./dev lock.")
    return len(stale)


if __name__ == "__main__":
    raise SystemExit(check_locks())
