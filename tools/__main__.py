"""`./dev <command>`: reads the command, prepares `.venv`, hands over."""

import errno
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from tools.checks import run_checks
from tools.console import Refusal
from tools.demo import check_can_start, join_running, run_demo, run_supervisor
from tools.environment import DEVELOPMENT_LOCK, RUN_LOCK, ensure_environment, is_inside
from tools.formatting import run_format
from tools.locks import run_lock
from tools.management import run_house, run_manage, run_rooms, run_trace
from tools.paths import PYTHON, ROOT, state_dir
from tools.run_record import demo_holder
from tools.shops import choose_shop
from tools.testing import run_bench, run_pictures, run_tests
from tools.upkeep import run_logs, run_reset, run_stop

USAGE = """\
usage: ./dev <command>

  demo [--detach]     open the store with a year of real purchases; PORT chooses the port
       --source DIR   open the shop of this folder alone: products.csv or .xlsx, pictures/
       --empty        open a shop without products
  stop                end the demo
  reset [--yes]       delete all data of the demo and of the tests
  logs [name] [-f]    show what the processes write

  test [arguments]    run the tests; arguments go to pytest
       --changed      only those that touch what differs from main
       --ahead WHEN   with the clock so many days ahead, or at a moment (2027-03-28T00:30)
  format              write Python, templates and style sheets as `check` wants them
  check               formatting, lint, types, layers, unused code, size, security, migrations,
                      API, locks
  bench [part]        measure, and write .fairtag/bench.json
  pictures [part]     take the documents' pictures of the running demo; `shoppers` and `staff`
                      ask axe about every page
  manage ...          run manage.py with the servers up
  trace PAGE          print the path of category, product or add through the code of the demo
  rooms               draw the rooms and suites from the imports: docs/images/rooms.svg
  house               write what became smaller into tools/house.toml
  lock                compile requirements*.in into requirements*.txt

DATABASE_URL and REDIS_URL replace the demo's own servers. All run state lies in .fairtag/.
"""

Command = Callable[[list[str]], int]
# name -> (what must be installed, what it does)
COMMANDS: dict[str, tuple[str | None, Command]] = {
    "demo": (RUN_LOCK, run_demo),
    "supervise": (RUN_LOCK, run_supervisor),
    "stop": (None, run_stop),
    "reset": (None, run_reset),
    "logs": (None, run_logs),
    "test": (DEVELOPMENT_LOCK, run_tests),
    "format": (DEVELOPMENT_LOCK, run_format),
    "check": (DEVELOPMENT_LOCK, run_checks),
    "bench": (DEVELOPMENT_LOCK, run_bench),
    "pictures": (DEVELOPMENT_LOCK, run_pictures),
    "manage": (DEVELOPMENT_LOCK, run_manage),
    "trace": (DEVELOPMENT_LOCK, run_trace),
    "rooms": (DEVELOPMENT_LOCK, run_rooms),
    "house": (DEVELOPMENT_LOCK, run_house),
    "lock": (DEVELOPMENT_LOCK, run_lock),
}


def main(words: list[str]) -> int:
    """Run one command and return its exit status."""
    if not words or words[0] in ("help", "-h", "--help"):
        print(USAGE)
        return 0
    name, *arguments = words
    if name not in COMMANDS:
        raise Refusal(f"There is no command {name!r}: ./dev help lists them.")
    lock, command = COMMANDS[name]
    if name == "demo":
        choose_shop(arguments)
        holder = demo_holder()
        if holder is not None:
            return join_running(holder)
        check_can_start()
    if lock:
        ensure_environment(lock)
    elif not PYTHON.exists():
        raise Refusal("Nothing is installed here yet, so nothing runs: ./dev demo begins.")
    if not is_inside():
        os.execv(PYTHON, [str(PYTHON), "-m", "tools", *words])
    return command(arguments)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    # The first signal begins an orderly end; a second one must not break into it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run() -> int:
    os.chdir(ROOT)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return main(sys.argv[1:])
    except Refusal as refusal:
        print(f"dev: {refusal}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output left (./dev logs | head): nothing is wrong, nobody listens.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("dev: stopped.", file=sys.stderr)
        return 130
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        where = error.filename or state_dir()
        print(f"dev: The disk is full: {where} could not be written.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(_run())
