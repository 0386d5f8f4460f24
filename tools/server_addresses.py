"""Servers given by address (DATABASE_URL, REDIS_URL): reachable, right kind, right password?

Asked by `tools.probe` in a process of its own: that one needs the drivers in `.venv`.
"""

import subprocess
from urllib.parse import urlsplit

from tools.console import Refusal
from tools.paths import PYTHON, ROOT

PROBE_SECONDS = 30


def ask_identity(url: str) -> str:
    """Return what identifies the database behind DATABASE_URL, or refuse."""
    _check_scheme("DATABASE_URL", url, ("postgresql", "postgres"))
    return _probe("DATABASE_URL", "database", url)


def ask_redis(url: str) -> None:
    """Refuse a REDIS_URL that leads nowhere."""
    _check_scheme("REDIS_URL", url, ("redis", "rediss", "unix"))
    _probe("REDIS_URL", "redis", url)


def _check_scheme(variable: str, url: str, allowed: tuple[str, ...]) -> None:
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme not in allowed:
        shown = f"{scheme}://" if scheme else "something else"
        raise Refusal(f"{variable} must start with {allowed[0]}://, it starts with {shown}.")


def _probe(variable: str, kind: str, url: str) -> str:
    # The address goes in by standard input: a command line would show its password to everybody.
    command = [str(PYTHON), "-m", "tools.probe", kind]
    try:
        asked = subprocess.run(
            command, cwd=ROOT, input=url, capture_output=True, text=True, timeout=PROBE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise Refusal(f"{variable}: {hide_password(url)} does not answer.") from error
    if asked.returncode:
        lines = [line for line in asked.stderr.splitlines() if line.strip()]
        reason = lines[-1].strip() if lines else "no answer"
        raise Refusal(f"{variable}: {hide_password(url)} cannot be used: {reason}")
    return asked.stdout.strip()


def hide_password(url: str) -> str:
    """The address without its password."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "the address"
    return url.replace(f":{password}@", ":***@") if password else url
