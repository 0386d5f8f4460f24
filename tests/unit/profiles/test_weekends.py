"""Weekends by the clocks of a zone, also where it is not whole hours away from UTC."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from profiles.features.core.accumulate import is_weekend

ZONES = ("America/New_York", "Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe")


@pytest.mark.parametrize("name", ZONES)
def test_many_events_are_told_as_each_alone(name: str) -> None:
    zone = ZoneInfo(name)
    at = np.random.default_rng(1).uniform(1.7e9, 1.8e9, 5_000)
    alone = [datetime.fromtimestamp(each, zone).weekday() >= 5 for each in at.tolist()]
    assert is_weekend(at, zone).tolist() == alone


def test_no_events_have_no_weekends() -> None:
    assert is_weekend(np.zeros(0), ZoneInfo("UTC")).tolist() == []
