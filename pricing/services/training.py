"""Train and activate demand models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pricing.core.values import ModelVersionRow


def train_demand(
    *, as_of: datetime, weeks: int = 53, progress: Callable[[str, int, int], None] | None = None
) -> ModelVersionRow:
    """Fit the champion on `weeks` before `as_of`, store it and make it the active model."""
    raise NotImplementedError
