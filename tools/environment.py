"""The virtual environment: filled once per lock file and Python, by uv or, failing that, pip."""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.console import Progress, Refusal, say
from tools.paths import PYTHON, ROOT, VENV, ensure_state, log_dir
from tools.services import write_private

UV = "uv==0.13.9"
RUN_LOCK = "requirements.txt"
DEVELOPMENT_LOCK = "requirements-dev.txt"
NEEDED_DISK = 3 * 2**30
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")


def is_inside() -> bool:
    """Whether this very process runs on the project's own Python."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def ensure_environment(lock: str) -> None:
    """Make `.venv` hold everything in `lock`; does nothing when it already does."""
    # The development lock is a superset with equal pins: it serves the demo too.
    if any(_is_installed(name) for name in (lock, DEVELOPMENT_LOCK)):
        return
    ensure_state()
    _check_disk()
    _ensure_venv()
    for stamp in VENV.glob(".installed-*"):
        stamp.unlink()
    _install(lock)
    _make_importable()
    write_private(_stamp(lock), _fingerprint(lock))


def _stamp(lock: str) -> Path:
    return VENV / f".installed-{lock}"


def _fingerprint(lock: str) -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor} {sys.platform}"
    return hashlib.sha256((ROOT / lock).read_bytes() + version.encode()).hexdigest()


def _is_installed(lock: str) -> bool:
    with contextlib.suppress(OSError):
        return PYTHON.exists() and _stamp(lock).read_text() == _fingerprint(lock)
    return False


def _check_disk() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < NEEDED_DISK:
        raise Refusal(
            f"The disk that holds {ROOT} is nearly full: {free / 2**30:.1f} GB free, "
            f"about {NEEDED_DISK / 2**30:.0f} GB needed."
        )


def _ensure_venv() -> None:
    same = f"import sys, pip; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", same], capture_output=True).returncode == 0
    ):
        return
    # Absent, half made, of another Python, or its Python was removed.
    base = getattr(sys, "_base_executable", sys.executable)
    say(f"making .venv with Python {sys.version.split()[0]}")
    if _run_logged([base, "-m", "venv", "--clear", VENV]) == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv and _run_logged([uv, "venv", "-q", "--seed", "--python", base, VENV]) == 0:
        return
    package = f"python3.{sys.version_info[1]}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"this Python has no venv module: apt-get install {package}")
        apt_install(package)
        if _run_logged([base, "-m", "venv", "--clear", VENV]) == 0:
            return
    raise _explain_install(
        f"This Python has no venv module: sudo apt-get install {package}, then start again."
    )


def may_install() -> bool:
    """Whether this is Debian and we are root."""
    is_debian = sys.platform == "linux" and Path("/etc/debian_version").exists()
    return is_debian and os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Install Debian packages as root; on failure refresh the lists and try once more."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if _run_logged(command, environment) == 0:
        return True
    _run_logged(["apt-get", "update", "-qq"], environment)
    return _run_logged(command, environment) == 0


def _install(lock: str) -> None:
    total = len(re.findall(r"^[A-Za-z0-9_.\[\]-]+==", (ROOT / lock).read_text(), re.MULTILINE))
    say(f"installing {lock}: {total} packages, every one checked by its hash")
    if _install_with_uv(lock, total) or _install_with_pip(lock, total):
        return
    raise _explain_install("The packages could not be installed: is there a network?")


def _install_with_uv(lock: str, total: int) -> bool:
    uv = shutil.which("uv")
    if uv is None:
        own = VENV / "bin" / "uv"
        if not own.exists() and _run_logged([PYTHON, *PIP, "install", "-q", UV]) != 0:
            return False
        uv = str(own)
    # uv ignores the system's certificates unless told: it fails behind an intercepting proxy.
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "UV_SYSTEM_CERTS": "1"}
    asked = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, env=environment)
    counted = [Path(asked.stdout.strip() or "/nonexistent") / "archive-v0", _site_packages()]
    before = [_count_entries(folder) for folder in counted]

    def count() -> int:
        # Unpacked into uv's cache one by one, then linked into .venv at once.
        return max(
            _count_entries(folder) - start for folder, start in zip(counted, before, strict=True)
        )

    command: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--python",
        PYTHON,
        "--require-hashes",
        "-r",
        ROOT / lock,
    ]
    return _watch(command, total, count, environment)


def _install_with_pip(lock: str, total: int) -> bool:
    say("uv did not work here, trying pip")
    log = log_dir() / "install.log"
    start = log.stat().st_size

    def count() -> int:
        with open(log, errors="replace") as lines:
            lines.seek(start)
            return sum(line.startswith(("Collecting", "Requirement already")) for line in lines)

    options = ("--progress-bar", "off", "--require-hashes")
    command: list[str | Path] = [PYTHON, *PIP, "install", *options, "-r", ROOT / lock]
    return _watch(command, total, count, dict(os.environ))


def _watch(
    command: Sequence[str | Path], total: int, count: Callable[[], int], environment: dict[str, str]
) -> bool:
    """Run an installer, drawing how many packages it has got so far."""
    progress = Progress("packages", total)
    with open(log_dir() / "install.log", "a") as log:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )
        try:
            while running.poll() is None:
                progress.show(min(count(), total - 1))
                time.sleep(0.2)
        finally:
            running.terminate()  # does nothing to one that has ended; else Ctrl-C came
            running.wait()
    if running.returncode == 0:
        progress.show(total)
    progress.close()
    return running.returncode == 0


def _run_logged(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> int:
    with open(log_dir() / "install.log", "a") as log:
        log.write(f"$ {' '.join(map(str, command))}\n")
        log.flush()
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )
    return done.returncode


def _explain_install(otherwise: str) -> Refusal:
    log = log_dir() / "install.log"
    if "No space left" in log.read_text(errors="replace")[-5000:]:
        return Refusal(f"The disk that holds {VENV} is full.")
    return Refusal(f"{otherwise} The whole story is in {log}.")


def _site_packages() -> Path:
    return VENV / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"


def _count_entries(folder: Path) -> int:
    with contextlib.suppress(OSError):
        if folder.name == "site-packages":
            return sum(1 for _ in folder.glob("*.dist-info"))
        return sum(1 for _ in folder.iterdir())
    return 0


def _make_importable() -> None:
    # Like an editable install: pytest, mypy and celery find the rooms from any working directory.
    (_site_packages() / "fairtag.pth").write_text(f"{ROOT}\n")
