"""Running manage.py with the servers up and the environment that names them."""

import contextlib
import hmac
import os
import secrets
import subprocess

from tools.binaries import find_postgres
from tools.console import Refusal
from tools.paths import MANAGE, PYTHON, ROOT, ensure_state, state_dir
from tools.services import Services, write_private
from tools.shops import current_choice

DEFAULT_PORT = 8000


def project_environment(addresses: dict[str, str], *, port: int = DEFAULT_PORT) -> dict[str, str]:
    """What every process of the demo finds in its environment: production's names, local values."""
    state = ensure_state()
    local = {
        "HTTPS": "0",
        "SANDBOX_PAYMENTS": "1",
        "CAPABILITIES": "all" if current_choice().is_demo else "",
        "SECRET_KEY": _own_secret(),
        "SITE_URL": f"http://localhost:{port}",
    }
    if not os.environ.get("EMAIL_HOST"):  # the mails of a demo are files, which it shows on a page
        local["EMAIL_BACKEND"] = "django.core.mail.backends.filebased.EmailBackend"
    chosen = {name: os.environ.get(name) or value for name, value in local.items()}
    chosen["METRICS_TOKEN"] = os.environ.get("METRICS_TOKEN") or _derive(chosen["SECRET_KEY"])
    fixed = {"DJANGO_SETTINGS_MODULE": "shop.settings", "FAIRTAG_STATE": str(state)}
    # One thread for each process: small models of several processes wait for each other otherwise.
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**threads, **os.environ, **addresses, **chosen, **fixed, "PYTHONUNBUFFERED": "1"}


def _own_secret() -> str:
    """A secret drawn once: sessions and signed quotes survive a restart."""
    path = state_dir() / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text()


def _derive(secret: str) -> str:
    """The token that opens the demo's metrics."""
    return hmac.new(secret.encode(), b"metrics", "sha256").hexdigest()[:32]


def run_manage(arguments: list[str]) -> int:
    """`./dev manage ...`: manage.py with the servers up for as long as it runs."""
    with Services().in_use() as addresses:
        command = [str(PYTHON), str(MANAGE), *arguments]
        environment = project_environment(addresses)
        with contextlib.suppress(Refusal):  # a given database needs no programs here
            environment.setdefault("PG_BIN", str(find_postgres()))
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


def run_trace(arguments: list[str]) -> int:
    """`./dev trace PAGE`: the path of one request of the demo through the project."""
    return run_manage(["trace_page", *arguments])


def run_rooms(_arguments: list[str]) -> int:
    """`./dev rooms`: draw docs/images/rooms.svg."""
    return subprocess.run([str(PYTHON), "-m", "tools.rooms"], cwd=ROOT).returncode


def run_house(_arguments: list[str]) -> int:
    """`./dev house`: keep the figures of the project that fell."""
    with Services().in_use() as addresses:
        command = [str(PYTHON), "-m", "tools.house", "lower"]
        return subprocess.run(command, cwd=ROOT, env=project_environment(addresses)).returncode
