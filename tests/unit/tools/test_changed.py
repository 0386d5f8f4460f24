"""`./dev test --changed` runs the test files that lead to a changed file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import testing
from tools.changed import choose_tests, find_touched
from tools.console import Refusal

FILES = {
    "pricing/core/money.py": "RATE = 1\n",
    "pricing/core/rounding.py": "from pricing.core import money\n\ndef up(): ...\n",
    "pricing/core/tax.py": "def add(): ...\n",
    "pricing/api.py": "from pricing.core.rounding import up\nfrom pricing.core.tax import (\n"
    "    add as add_tax,  # said so by the law\n)\n\n__all__ = ['add_tax', 'up']\n",
    "pricing/rules.sql": "SELECT 1;\n",
    "shop/doors/api/views.py": "from pricing.api import up\n\ndef see(): ...\n",
    "shop/doors/storefront/views.py": "def see(): ...\n",
    "templates/storefront/cart.html": "<p></p>\n",
    "tests/conftest.py": "X = 1\n",
    "tests/contracts/test_names.py": "import ast\n",
    "tests/fixtures_pricing.py": "import pytest\nfrom pricing.core import tax\n\n\n"
    "@pytest.fixture\ndef dairy(db: None) -> None: ...\n",
    "tests/integration/api/test_prices.py": "def test_it(dairy: None) -> None: ...\n",
    "tests/integration/storefront/test_cart.py": "def test_dairy() -> None: ...\n",
    "tests/unit/pricing/test_up.py": "from pricing.api import up\n\ndef test_it(): ...\n",
    "tests/unit/pricing/test_tax.py": "from pricing.api import add_tax\n\ndef test_it(): ...\n",
    "tests/unit/shop/test_script.py": 'RUN = """\nfrom pricing.core.tax import add\n"""\n',
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small project under git."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-q", "-m", "Begin")):
        git(tmp_path, *words)
    return tmp_path


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("changed", "touched"),
    [
        ("pricing/core/money.py", ["tests/unit/pricing/test_up.py"]),
        (
            "pricing/core/tax.py",
            [
                "tests/integration/api/test_prices.py",
                "tests/unit/pricing/test_tax.py",
                "tests/unit/shop/test_script.py",
            ],
        ),
        ("pricing/rules.sql", ["tests/unit/pricing"]),
        ("shop/doors/storefront/views.py", ["tests/integration/storefront"]),
        ("templates/storefront/cart.html", ["tests/integration/storefront"]),
        ("tests/fixtures_pricing.py", ["tests/integration/api/test_prices.py"]),
        ("tests/unit/pricing/test_up.py", ["tests/unit/pricing/test_up.py"]),
        ("docs/pricing.md", []),
    ],
)
def test_a_changed_file_touches_the_tests_that_lead_to_it(
    house: Path, changed: str, touched: list[str]
) -> None:
    assert find_touched(house, [changed]) == touched


def test_a_door_is_touched_by_what_it_hands_on(house: Path) -> None:
    assert find_touched(house, ["pricing/api.py"]) == [
        "tests/unit/pricing/test_tax.py",
        "tests/unit/pricing/test_up.py",
    ]


def test_commits_of_the_branch_and_new_files_count(house: Path) -> None:
    assert choose_tests(house) == []
    git(house, "switch", "-q", "-c", "cheaper")
    (house / "pricing/core/money.py").write_text("RATE = 2\n")
    git(house, "commit", "-q", "-a", "-m", "Change the rate")
    assert choose_tests(house) == ["tests/contracts", "tests/unit/pricing/test_up.py"]
    (house / "tests/unit/pricing/test_new.py").write_text("def test_new() -> None: ...\n")
    assert choose_tests(house) == [
        "tests/contracts",
        "tests/unit/pricing/test_new.py",
        "tests/unit/pricing/test_up.py",
    ]


@pytest.mark.parametrize("name", ["tests/conftest.py", "requirements-dev.txt"])
def test_what_every_test_stands_on_runs_all_of_them(house: Path, name: str) -> None:
    (house / name).write_text("X = 2\n")
    assert choose_tests(house) is None


def test_without_git_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="git does not tell what changed"):
        choose_tests(tmp_path)


def test_nothing_is_run_where_nothing_changed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "choose_tests", lambda _root: [])
    assert testing.run_tests(["--changed", "-q"]) == 0
    assert "nothing differs from main" in capsys.readouterr().out
