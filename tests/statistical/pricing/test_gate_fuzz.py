"""A million hostile model outputs against each gate."""

from __future__ import annotations

import pytest

from tests.factories.pricing_fuzz import fuzz_gates

pytestmark = [pytest.mark.statistical]


def test_a_million_fuzzed_outputs_make_no_escape() -> None:
    assert fuzz_gates(cases=1_000_000, seed=2026) == 0
