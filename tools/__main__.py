"""`./dev <command>`: reads the command, prepares `.venv`, hands over."""

import os
import sys

from tools.console import Refusal
from tools.environment import DEVELOPMENT_LOCK, ensure_environment, is_inside
from tools.management import run_manage
from tools.paths import PYTHON, ROOT

USAGE = """\
usage: ./dev <command>

  manage ...             run manage.py with the servers up
"""


def main(words: list[str]) -> int:
    """Run one command and return its exit status."""
    if not words or words[0] in ("help", "-h", "--help"):
        print(USAGE)
        return 0
    ensure_environment(DEVELOPMENT_LOCK)
    if not is_inside():
        os.execv(PYTHON, [str(PYTHON), "-m", "tools", *words])
    return run_manage(words[1:])


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main(sys.argv[1:]))
    except Refusal as refusal:
        sys.exit(f"dev: {refusal}")
