"""Fixtures of experiments: nothing of another test is remembered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from profiles.experiments.selectors.experiments import forget_experiments
from profiles.experiments.services.experiments import forget_exposures


@pytest.fixture
def forgetful() -> Iterator[None]:
    """Neither running experiments nor logged exposures stay in memory around the test."""
    forget_experiments()
    forget_exposures()
    yield
    forget_experiments()
    forget_exposures()
