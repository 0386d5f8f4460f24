"""The nightly proof that stored decisions can be made again, and what staff start by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

from pricing.rollout.services.replay import replay_quotes

DAYS = 400
MOST = 10_000
SHOWN = 5


class ReplayDiffers(ValueError):
    """A stored decision came out differently, or names a version that is gone."""


def check_replay(*, now: datetime, most: int = MOST) -> int:
    """Make the newest `most` stored decisions again; return how many came out bit-identical.

    Raises ReplayDiffers if any did not.
    """
    report = replay_quotes(since=now - timedelta(days=DAYS), until=now, most=most)
    if report.differing or report.lost:
        ids = [*(one.quote_id for one in report.differing), *report.lost][:SHOWN]
        raise ReplayDiffers(
            f"{len(report.differing)} of {report.checked} decisions came out differently,"
            f" {len(report.lost)} name a version that is gone: {', '.join(map(str, ids))}"
        )
    return report.checked
