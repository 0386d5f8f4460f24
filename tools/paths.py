"""Where things are: the clone, its virtual environment, and the git-ignored run state."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MANAGE = ROOT / "manage.py"


def state_dir() -> Path:
    """The folder of all run state: `.fairtag/`, or FAIRTAG_STATE."""
    return Path(os.environ.get("FAIRTAG_STATE") or ROOT / ".fairtag").expanduser().resolve()


def ensure_state() -> Path:
    """Make the state folder and return it; logs are private, for they hold e-mails of the demo."""
    state = state_dir()
    state.mkdir(parents=True, exist_ok=True)
    (state / "logs").mkdir(mode=0o700, exist_ok=True)
    return state


def log_dir() -> Path:
    """One log file per process lives here; made by whoever logs first."""
    return ensure_state() / "logs"
