"""Paths of the clone, its virtual environment, and the git-ignored run state."""

import contextlib
import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MANAGE = ROOT / "manage.py"
# Linux keeps the files of this folder in memory; macOS has none.
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder that names this shop is made there


def base_dir() -> Path:
    """The folder of all run state: `.fairtag/`, or FAIRTAG_STATE."""
    return Path(os.environ.get("FAIRTAG_STATE") or ROOT / ".fairtag").expanduser().resolve()


def state_dir() -> Path:
    """The run state of the shop that was chosen last: each has its own database and files."""
    return shop_dir(read_choice().get("name", ""))


def shop_dir(name: str) -> Path:
    """The run state of a shop; "" is the demo's, which lies in the base itself."""
    return base_dir() / "shops" / name if name else base_dir()


def read_choice() -> dict[str, str]:
    """Which shop `./dev demo` served last: `name` and `source`; {} for the demo's own."""
    with contextlib.suppress(OSError, ValueError):
        chosen: dict[str, str] = json.loads((base_dir() / "shop.json").read_text())
        return chosen
    return {}


def ensure_state() -> Path:
    """Make the state folder and return it; logs are private, for they hold e-mails of the demo."""
    state = state_dir()
    state.mkdir(parents=True, exist_ok=True)
    (state / "logs").mkdir(mode=0o700, exist_ok=True)
    return state


def log_dir() -> Path:
    """One log file per process lives here; made by whoever logs first."""
    return ensure_state() / "logs"
