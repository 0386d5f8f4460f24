"""Chance is the same in each run: what a test draws follows from its name.

Who gets which arm, lot or test price follows from ids, pseudonyms and salts that are drawn: where
they fall otherwise, a verdict may. So each test draws from a generator that is seeded by its name.
Numbers of rows, processes that a test starts, and cryptography in C are as ever.
"""

from __future__ import annotations

import os
from random import Random, SystemRandom

import pytest

_drawn = Random("before the first test")


def pytest_configure() -> None:
    """Let `uuid`, `secrets` and `SystemRandom` draw from the test's own generator."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "urandom", lambda size, /: _drawn.randbytes(size))
    patch.setattr(SystemRandom, "random", lambda _self: _drawn.random())
    patch.setattr(SystemRandom, "getrandbits", lambda _self, bits: _drawn.getrandbits(bits))
    patch.setattr(SystemRandom, "randbytes", lambda _self, size: _drawn.randbytes(size))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed the generator by the test's name."""
    _drawn.seed(item.nodeid)
