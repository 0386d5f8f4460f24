"""What tests of pages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core import signals
from django.db import reset_queries

from shop.ground.kernel.clock import utc_now
from tests.factories.pricing import Dairy, open_dairy


@pytest.fixture
def shop(dairy: Dairy) -> Iterator[Dairy]:
    """An open dairy; requests do not clear the list of statements."""
    open_dairy(utc_now())
    signals.request_started.disconnect(reset_queries)
    yield dairy
    signals.request_started.connect(reset_queries)
