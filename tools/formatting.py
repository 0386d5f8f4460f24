"""`./dev format`."""

import subprocess

from tools.paths import PYTHON, ROOT, VENV

FORMAT_TEMPLATES = (
    *(str(VENV / "bin" / "djangofmt"), "--quiet", "--line-length", "100", "--indent-width", "2"),
    "templates",
)


def run_format(_arguments: list[str]) -> int:
    """`./dev format`: write Python, templates and style sheets as ./dev check wants them."""
    commands = (
        (str(PYTHON), "-m", "ruff", "check", "--fix", "."),
        (str(PYTHON), "-m", "ruff", "format", "."),
        FORMAT_TEMPLATES,
        (str(PYTHON), "-m", "tools.sheets", "--write"),
    )
    return max(subprocess.run(command, cwd=ROOT).returncode for command in commands)
