"""`./dev` finds a Python that works, whatever stands first on the PATH."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOO_OLD = "#!/bin/sh\necho 'Python 3.9.2'\nexit 1\n"
BROKEN_SHIM = "#!/bin/sh\necho 'shim: python3.13: command not found' >&2\nexit 127\n"
SPY = "import os, sys\nprint(sys.executable, sys.argv[1:], os.environ.get('PYTHONPATH'))\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the door and nothing behind it but a spy."""
    folder = tmp_path / "a clone 中文"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "dev", folder / "dev")
    (folder / "tools/__init__.py").touch()
    (folder / "tools/__main__.py").write_text(SPY)
    return folder


def write_program(folder: Path, name: str, text: str) -> None:
    """Put an executable script into a folder of the PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def open_door(clone: Path, path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `./dev demo --detach` from another folder, with `path` first on the PATH."""
    environment = {"PATH": f"{path}{os.pathsep}/usr/bin:/bin", "HOME": "/nonexistent", **more}
    command = [str(clone / "dev"), "demo", "--detach"]
    return subprocess.run(
        command, cwd="/", env=environment, capture_output=True, text=True, check=False
    )


def test_an_old_python_and_a_broken_shim_are_passed_over(clone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    write_program(programs, "python3", TOO_OLD)
    for name in ("python3.14", "python3.13"):
        write_program(programs, name, BROKEN_SHIM)
    write_program(programs, "python3.12", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    opened = open_door(clone, programs)
    assert opened.returncode == 0, opened.stderr
    assert opened.stdout.endswith("['demo', '--detach'] None\n")


def test_the_named_python_is_taken_first(clone: Path, tmp_path: Path) -> None:
    named = tmp_path / "my python"
    write_program(
        tmp_path, "my python", f'#!/bin/sh\necho named >&2\nexec "{sys.executable}" "$@"\n'
    )
    opened = open_door(clone, tmp_path / "none", PYTHON=str(named))
    assert opened.stderr.startswith("named\n")
    assert opened.returncode == 0


def test_foreign_python_settings_do_not_leak_in(clone: Path, tmp_path: Path) -> None:
    opened = open_door(
        clone, tmp_path, PYTHON=sys.executable, PYTHONPATH="/elsewhere", PYTHONSAFEPATH="1"
    )
    assert opened.returncode == 0, opened.stderr
    assert opened.stdout.endswith("None\n")


def test_without_any_python_one_sentence_says_how_to_get_it(clone: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    names = ["python", *(f"python3{minor}" for minor in ("", ".12", ".13", ".14"))]
    for name in names:
        write_program(programs, name, TOO_OLD)
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    # The fixed places after the PATH hold real ones here: they are told to be elsewhere.
    door = clone / "dev"
    for place in ("/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"):
        door.write_text(door.read_text().replace(place, f"{tmp_path}/none/"))
    opened = subprocess.run(
        [str(door), "demo"],
        env={"PATH": str(programs), "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert opened.returncode == 1
    assert opened.stderr.startswith("dev: Fairtag needs Python 3.12 or newer and found none")
    assert "Traceback" not in opened.stderr
    assert len(opened.stderr.splitlines()) == 1
