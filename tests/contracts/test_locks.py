"""Two installs are the same: all is pinned and hashed, every direct dependency has a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.contracts.house import ROOT, expect_none
from tools.environment import DEVELOPMENT_LOCK, RUN_LOCK
from tools.locks import fingerprint, is_in_step

PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.IGNORECASE)
LOCKS = (RUN_LOCK, DEVELOPMENT_LOCK)


def read_pins(lock: str) -> dict[str, str]:
    """Package -> version."""
    matches = (PIN.match(line) for line in (ROOT / lock).read_text().splitlines())
    return {match.group(1).lower(): match.group(2) for match in matches if match}


def read_direct(source: str) -> Iterator[tuple[str, str]]:
    """Name and reason of each direct dependency."""
    for line in (ROOT / source).read_text().splitlines():
        requirement, _, reason = line.partition("#")
        if requirement.strip() and not requirement.startswith("-"):
            name = re.split(r"[\[<>=!~; ]", requirement.strip())[0]
            yield name.lower(), reason.strip()


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_belongs_to_its_sources(lock: str) -> None:
    assert is_in_step(lock), "run ./dev lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", text, flags=re.IGNORECASE)
    pinned = [block for block in blocks if PIN.match(block)]
    assert len(pinned) == len(read_pins(lock))
    expect_none(block.splitlines()[0] for block in pinned if "--hash=sha256:" not in block)


@pytest.mark.parametrize("source", ["requirements.in", "requirements-dev.in"])
def test_every_direct_dependency_has_a_reason_and_a_pin(source: str) -> None:
    pins = read_pins(DEVELOPMENT_LOCK)
    direct = dict(read_direct(source))
    assert len(direct) > 5
    expect_none(f"{name}: no reason" for name, reason in direct.items() if len(reason) < 4)
    expect_none(f"{name}: no pin" for name in direct if name not in pins)


def test_development_adds_to_the_run_lock_and_changes_nothing() -> None:
    run, development = read_pins(RUN_LOCK), read_pins(DEVELOPMENT_LOCK)
    assert {name: development.get(name) for name in run} == run


def test_no_address_is_kept_in_the_locks() -> None:
    expect_none(lock for lock in LOCKS if "://" in (ROOT / lock).read_text())


def test_only_a_new_limit_needs_a_new_lock() -> None:
    before = fingerprint(["django>=6.0,<6.1  # the framework", "", "# web"])
    assert fingerprint(["django>=6.0,<6.1  # web pages"]) == before
    assert fingerprint(["django>=6.0,<6.2  # the framework"]) != before
