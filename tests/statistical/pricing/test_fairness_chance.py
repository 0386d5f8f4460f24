"""Audits rarely cry wolf, and hear one: random traits pass, traits that move prices do not."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.fairness.core.audit import FairnessReport, audit_prices
from pricing.fairness.core.groups import PaidPrices, read_traits

PEOPLE, SETS = 400, 10
SIZES = {"age": 6, "household": 4, "income": 8}
pytestmark = pytest.mark.statistical


def prices(rng: np.random.Generator, tilt: np.ndarray) -> PaidPrices:
    """Prices of people whose interest, raised by `tilt`, earns them discounts."""
    interest = rng.gamma(1.0, 0.2, PEOPLE) * np.exp(tilt)
    share = np.minimum(interest, 1.0)
    deepest = np.minimum(rng.choice([0.025, 0.05, 0.075], PEOPLE) * (share > 0), 0.1)
    return PaidPrices(1.0 - share * deepest / 2.0, share, deepest)


def audit(seed: int, strength: float) -> FairnessReport:
    """Audit people of three random traits; the last group of "household" is more interested."""
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(0, size, PEOPLE) for name, size in SIZES.items()}
    rows = [(one, name, f"g{code[one]}") for name, code in codes.items() for one in range(PEOPLE)]
    tilt = strength * (codes["household"] == 3)
    return audit_prices({}, prices(rng, tilt), read_traits(range(PEOPLE), rows), random_state=seed)


def test_traits_that_move_nothing_pass() -> None:
    failed = sum(not audit(seed, 0.0).is_passed for seed in range(SETS))
    # Three checks at 5 % each: more than four of ten would have a chance of 1 in 100.
    assert failed <= 4


def test_a_trait_that_doubles_discounts_is_always_found() -> None:
    reports = [audit(100 + seed, 1.0) for seed in range(4)]
    assert all(not report.is_passed for report in reports)
    found = {one.trait for report in reports for one in report.findings if one.is_stopping}
    assert "household" in found
