"""`./dev demo`: a running store from an empty clone, in the terminal or detached."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools.console import Refusal, say
from tools.paths import PYTHON, ROOT, log_dir
from tools.prepare import prepare, read_logins
from tools.processes import end_leftovers, wait_for
from tools.programs import (
    empty_metrics,
    forget_metrics,
    list_programs,
    mark,
    program_environment,
)
from tools.run_record import (
    Addresses,
    hold_demo,
    read_record,
    remove_record,
    write_record,
)
from tools.services import Services, free_port, is_port_taken
from tools.shops import parse_demo
from tools.supervisor import Child, Supervisor, rotate

FIRST_ANSWER_SECONDS = 90.0
GIVE_UP_FAILURES = 3
JOIN_SECONDS = 30.0


def read_port() -> int:
    """PORT from the environment, checked."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refusal(f"PORT={text} is not a port number.")
    return int(text)


def read_host() -> str:
    """HOST from the environment: the address to listen on."""
    return os.environ.get("HOST") or "127.0.0.1"


def join_running(holder: int) -> int:
    """A demo runs already: wait until it answers, as after a crash, and tell where it is."""
    record = read_record()
    if not record:
        raise Refusal(f"The demo is just starting (process {holder}): ./dev stop ends it.")
    addresses = Addresses.from_dict(record["addresses"])
    if os.environ.get("PORT") and Addresses.at(read_host(), read_port()) != addresses:
        raise Refusal(f"The demo runs already at {addresses.store}: ./dev stop ends it.")
    if not wait_for(lambda: answers(addresses.store), JOIN_SECONDS):
        raise Refusal(f"The demo runs but {addresses.store} does not answer: ./dev logs tells why.")
    _announce(addresses, record["logins"])
    say(f"It was running already (process {holder}): ./dev stop ends it.")
    return 0


def check_can_start() -> None:
    """Refuse a taken port before anything is installed; end what a killed run left."""
    port = read_port()
    leftovers = end_leftovers(mark())
    if leftovers:
        say(f"ended {leftovers} processes of an earlier run that was killed")
    if is_port_taken(port, read_host()):
        other = port + 1 if not is_port_taken(port + 1, read_host()) else free_port()
        raise Refusal(
            f"Port {port} is taken by another program: PORT={other} ./dev demo uses another."
        )


def run_demo(arguments: list[str]) -> int:
    """`./dev demo [--detach] [--source FOLDER | --empty]`."""
    is_detached = parse_demo(arguments).detach
    with hold_demo() as lock:
        if lock is None:
            raise Refusal("Another ./dev demo has just begun in this folder.")
        remove_record()
        services = Services()
        services.check_given()
        with services.in_use() as addresses:
            say("PostgreSQL and Valkey are up")
            rotate(log_dir() / "prepare.log")
            environment = program_environment(addresses, port=read_port(), host=read_host())
            prepare(services, without_metrics(environment))
            if is_detached:
                return _detach(lock)
            return _supervise(services, environment)


def run_supervisor(arguments: list[str]) -> int:
    """The detached half of `./dev demo --detach`; `arguments` is the lock's descriptor."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    services = Services()
    with hold_demo(int(arguments[0])), services.in_use() as addresses:
        environment = program_environment(addresses, port=read_port(), host=read_host())
        return _supervise(services, environment)


def without_metrics(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a command that ends: it must leave no metric files behind."""
    return {key: value for key, value in environment.items() if key != "PROMETHEUS_MULTIPROC_DIR"}


def _supervise(services: Services, environment: dict[str, str]) -> int:
    empty_metrics()
    addresses = Addresses.at(read_host(), read_port())
    children = [Child(program, environment) for program in list_programs()]
    record = {
        **addresses.as_dict(),
        "addresses": addresses.as_dict(),
        "logins": read_logins(),
        "metrics_token": environment["METRICS_TOKEN"],
        "logs": str(log_dir()),
    }
    is_answering = False

    def keep_record(pids: dict[str, int]) -> None:
        if is_answering:
            processes = {"supervisor": os.getpid(), **pids, **services.pids()}
            try:
                write_record({**record, "processes": processes})
            except OSError as error:
                say(f"run.json could not be written: {error.strerror}")

    supervisor = Supervisor(services, children, on_change=keep_record)
    try:
        supervisor.start()
        _wait_for_store(addresses.store, children[0], supervisor.tick)
        is_answering = True
        supervisor.start()
        _announce(addresses, record["logins"])
        say("Ctrl-C stops everything.")
        supervisor.run()
    except KeyboardInterrupt:
        say("stopping")
    finally:
        supervisor.stop()
        forget_metrics()
        remove_record()
        say("all processes have ended")
    return 0


def _wait_for_store(address: str, web: Child, tick: Callable[[], None]) -> None:
    """Wait for the first page; give up when the web server ends again and again."""
    say("starting the web server, the workers and the clock")
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while not answers(address):
        if web.failures >= GIVE_UP_FAILURES or time.monotonic() > deadline:
            raise Refusal(f"The web server does not answer: {last_line(web.log)} (see {web.log})")
        tick()
        time.sleep(0.1)


def answers(address: str) -> bool:
    """Whether a page comes back that is no server error."""
    try:
        with urllib.request.urlopen(address, timeout=20):  # noqa: S310 - our own http address
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def last_line(log: Path) -> str:
    """The last thing a log says."""
    with contextlib.suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "it said nothing")
    return "it said nothing"


def _detach(lock: int) -> int:
    """Hand over to a supervisor of its own session and return when the store answers."""
    log = log_dir() / "supervisor.log"
    rotate(log)
    command = [str(PYTHON), "-X", mark(), "-m", "tools", "supervise", str(lock)]
    with open(log, "ab") as output:
        supervisor = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=[lock],
        )
    try:
        while not read_record():
            if supervisor.poll() is not None:
                raise Refusal(last_line(log).removeprefix("dev: "))
            time.sleep(0.1)
    except KeyboardInterrupt:
        supervisor.terminate()
        supervisor.wait()
        raise
    record = read_record()
    _announce(Addresses.from_dict(record["addresses"]), record["logins"])
    say("It runs in the background: ./dev logs -f follows it, ./dev stop ends it.")
    return 0


def _announce(addresses: Addresses, logins: object) -> None:
    say("Fairtag is open:")
    for label, address in addresses.as_dict().items():
        print(f"    {label.replace('_', ' '):<9} {address}")
    for login in logins if isinstance(logins, list) else []:
        print(f"    login     {login['email']:<30} {login['password']:<16} {login['role']}")
