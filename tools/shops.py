"""Selection of the shop to serve: the demo, a list of your own, or an empty shop.

Each has a state folder of its own, so that no list ever comes into the demo's database. The
choice is kept: `./dev manage`, `stop`, `logs` and `reset` speak of the shop that was chosen last.
"""

import argparse
import dataclasses
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from tools.console import Refusal, say
from tools.paths import base_dir, read_choice, shop_dir
from tools.run_record import demo_holder
from tools.services import write_private

LISTS = ("products.csv", "products.xlsx")
PICTURES = ("pictures", "pictures.zip")


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """A shop: `name` "" is the demo's, `source` "" a shop without products."""

    name: str = ""
    source: str = ""

    @property
    def is_demo(self) -> bool:
        """Whether it is the year of purchases."""
        return not self.name


def parse_demo(arguments: list[str]) -> argparse.Namespace:
    """The options of `./dev demo`."""
    parser = argparse.ArgumentParser(prog="./dev demo")
    parser.add_argument("--detach", action="store_true", help="return when the store answers")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--source", type=Path, help="serve the shop of this folder alone")
    which.add_argument("--empty", action="store_true", help="serve a shop without products")
    return parser.parse_args(arguments)


def choose_shop(arguments: list[str]) -> None:
    """Note which shop is asked for; refuse while another one is being served."""
    options = parse_demo(arguments)
    wanted = Choice()
    if options.empty:
        wanted = Choice("empty")
    elif options.source is not None:
        wanted = _read_source(options.source.expanduser().resolve())
    if wanted == current_choice():
        return
    if demo_holder() is not None:
        raise Refusal("Another shop is being served from this folder: ./dev stop ends it.")
    base_dir().mkdir(parents=True, exist_ok=True)
    if wanted.is_demo:
        (base_dir() / "shop.json").unlink(missing_ok=True)
        say("serving the demo's shop")
        return
    shop_dir(wanted.name).mkdir(parents=True, exist_ok=True)
    write_private(base_dir() / "shop.json", json.dumps(dataclasses.asdict(wanted)))
    say(f"this shop is kept apart from the demo's, in {shop_dir(wanted.name)}")


def current_choice() -> Choice:
    """The shop that was chosen last."""
    return Choice(**read_choice())


def _read_source(folder: Path) -> Choice:
    if not folder.is_dir():
        raise Refusal(f"There is no folder {folder}.")
    find_list(folder)
    words = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "shop"
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
    return Choice(f"{words[:40]}-{digest}", str(folder))


def find_list(folder: Path) -> Path:
    """The list of products in a folder; exactly one of the two names."""
    found = [folder / name for name in LISTS if (folder / name).is_file()]
    if len(found) != 1:
        what = "both" if found else "neither"
        raise Refusal(
            f"{folder} holds {what} products.csv {'and' if found else 'nor'} products.xlsx."
        )
    return found[0]


def list_files(folder: Path) -> Sequence[Path]:
    """The files that a shop is made of, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
