"""`./dev test --changed`: the test files that a change touches.

A test file is touched if it changed, or if it leads to a file that did: by imports, over any number
of modules, and by the fixtures it names. What nobody imports (a template, a style sheet, a table of
data, the view behind an address) leads to the tests of its folder. The house rules in
`tests/contracts` read everything, so they always run.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tools.console import Refusal

MAIN = "main"
ALWAYS = "tests/contracts"
FOLDERS = ("shop", "profiles", "pricing", "promotions", "orders", "tools", "tests")
KINDS = ("unit", "integration", "statistical")
# Whatever is changed here, any test may notice.
EVERYWHERE = ("dev", "pyproject.toml", "requirements*", "shop/settings.py", "tests/conftest.py")
# Where what people see lies -> the folders of tests that open it.
AREAS = {
    "templates/admin": ("backoffice",),
    "templates/unfold": ("backoffice",),
    "templates/api": ("api",),
    "templates": ("storefront", "pages"),
    "static/backoffice": ("backoffice",),
    "static": ("storefront", "functional"),
    "locale": ("storefront", "backoffice"),
    "deploy": ("tools",),
}
# Imports in the text of a script that a test runs count too, so no parser looks for them.
IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n(]+)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)
FIXTURE = re.compile(r"^@pytest\.fixture(?!.*autouse).*\n(?:@.*\n)*def (\w+)", re.MULTILINE)
DEFINES = re.compile(r"^(?:def|class|async|if|for|with|@|(?!__all__)\w+(?:: .*)? =)", re.MULTILINE)
PARAMETERS = re.compile(r"def \w+\((.*?)\) ->|usefixtures\((.*?)\)", re.DOTALL)


class Taken(NamedTuple):
    """A name that a file takes from a module, and what it calls it."""

    module: str
    name: str
    known_as: str


def choose_tests(root: Path) -> list[str] | None:
    """Return what pytest is to run for the changes of a working copy; None stands for all."""
    changed = list_changed(root)
    if any(PurePosixPath(path).match(pattern) for path in changed for pattern in EVERYWHERE):
        return None
    return [ALWAYS, *find_touched(root, changed)] if changed else []


def list_changed(root: Path) -> set[str]:
    """Return the files that differ from where this branch left main, or that git does not know."""
    base = _ask_git(root, "merge-base", "HEAD", MAIN)
    known = _ask_git(root, "diff", "--name-only", "--no-renames", *base)
    return {*known, *_ask_git(root, "ls-files", "--others", "--exclude-standard")}


def find_touched(root: Path, changed: Iterable[str]) -> list[str]:
    """Return the test files and folders that the changed files touch, contracts aside."""
    sources = read_sources(root)
    users = find_users(sources)
    touched = set(changed)
    waiting = [path for path in touched if path in users]
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if user not in touched:
                touched.add(user)
                waiting.append(user)
    files = {path for path in touched if is_test(path) and path in sources}
    folders = {folder for path in changed for folder in find_folders(root, path)}
    return sorted(folders | {file for file in files if not _is_within(file, {*folders, ALWAYS})})


def read_sources(root: Path) -> dict[str, str]:
    """Return the text of each of our Python files; migrations are data."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for folder in FOLDERS
        for path in (root / folder).rglob("*.py")
        if "migrations" not in path.parts
    }


def find_users(sources: dict[str, str]) -> dict[str, set[str]]:
    """Return who imports each file, or names a fixture of it.

    Who takes a name from a package's door (`__init__.py`, `api.py`) uses the file behind the door,
    not all that the door hands on.
    """
    modules = {path.removesuffix(".py").removesuffix("/__init__"): path for path in sources}
    imports = {path: list(read_imports(source)) for path, source in sources.items()}
    doors = {
        path: {taken.known_as: taken for taken in imports[path]}
        for path, source in sources.items()
        if not DEFINES.search(source)
    }
    fixtures = {
        name: path
        for path, source in sources.items()
        if path.startswith("tests/") and not is_test(path)
        for name in FIXTURE.findall(source)
    }
    users: dict[str, set[str]] = {}
    for path, source in sources.items():
        used = {one for taken in imports[path] for one in follow(taken, modules, doors)}
        if path.startswith("tests/"):
            used |= {fixtures[name] for name in fixtures.keys() & set(read_parameters(source))}
        for one in used - {path} if path not in doors else ():
            users.setdefault(one, set()).add(path)
    return users


def follow(
    taken: Taken, modules: dict[str, str], doors: dict[str, dict[str, Taken]]
) -> Iterator[str]:
    """Yield the files that a taken name leads to: the doors on the way, and what defines it."""
    seen: set[Taken] = set()
    while taken not in seen:
        seen.add(taken)
        found = modules.get(f"{taken.module}/{taken.name}") or modules.get(taken.module)
        if found is None:
            return
        yield found
        taken = doors.get(found, {}).get(taken.name, taken)


def read_imports(source: str) -> Iterator[Taken]:
    """Yield the names that a source takes from modules; a module's own name stands for all."""
    for package, names, plain in IMPORT.findall(source):
        for name in re.sub(r"#.*|[()]", "", names or plain).split(","):
            first, _, alias = (word.strip() for word in name.partition(" as "))
            if first and package:
                yield Taken(package.replace(".", "/"), first, alias or first)
            elif first:
                yield Taken(first.replace(".", "/"), "", alias or first)


def read_parameters(source: str) -> Iterator[str]:
    """Yield the words among the parameters of functions and the names of used fixtures."""
    for parameters, names in PARAMETERS.findall(source):
        yield from re.findall(r"(\w+):", parameters)
        yield from re.findall(r"\w+", names)


def find_folders(root: Path, path: str) -> Iterator[str]:
    """Yield the folders of tests for a file that tests do not import."""
    area = next((names for start, names in AREAS.items() if path.startswith(f"{start}/")), None)
    if area is None:
        area = _find_room(path)
    for name in area:
        folders = ["tests/functional"] if name == "functional" else _list_kinds(name)
        yield from (folder for folder in folders if (root / folder).is_dir())


def is_test(path: str) -> bool:
    """Whether pytest collects a file."""
    return path.startswith("tests/") and PurePosixPath(path).match("test_*.py")


def _find_room(path: str) -> tuple[str, ...]:
    """The room or door of a file that is no module, or a module behind an address."""
    room, *inner = PurePosixPath(path).parts
    is_door = inner[:1] == ["doors"] and len(inner) > 2
    if room not in FOLDERS or (path.endswith(".py") and not is_door and "migrations" not in inner):
        return ()
    return (inner[1],) if is_door else (room,)


def _list_kinds(name: str) -> list[str]:
    return [f"tests/{kind}/{start}{name}" for kind in KINDS for start in ("", "shop/")]


def _is_within(path: str, folders: set[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def _ask_git(root: Path, *words: str) -> list[str]:
    asked = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    if asked.returncode:
        raise Refusal(f"git does not tell what changed: {asked.stderr.strip()}")
    return asked.stdout.split("\n")[:-1]
