"""Randomization of experiments with public prices, by impression and by week."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import numpy as np
from django.db.models import F, Q

from pricing.base.core.impressions import ArmDraw
from pricing.experiments.core.arm_weeks import ArmPeriods
from pricing.experiments.models.arms import ArmPrice


def load_arm_draws(
    *, place: tuple[str, str], versions: Collection[int]
) -> Mapping[tuple[int, int], ArmDraw]:
    """Return the coin of each variant under experiment in some books, by (variant, version).

    One query: a look names its book, and spells begin and end with books.
    """
    if not versions:
        return {}
    rows = ArmPrice.objects.filter(
        Q(ended_at=None) | Q(ended_version__gt=min(versions)),
        market_id=place[0],
        channel=place[1],
        book_version__lte=max(versions),
    ).order_by()
    names = ("variant_id", "book_version", "ended_version", "shown_minor", "other_minor")
    return {
        (variant, version): ArmDraw(shown, 0 if obstacle else other)
        for variant, first, ended, shown, other, obstacle in rows.values_list(*names, "obstacle")
        for version in versions
        if first <= version and (ended is None or version < ended)
    }


def load_arm_periods(*, place: tuple[str, str], since: datetime, until: datetime) -> ArmPeriods:
    """Return the spells that chance decided in `[since, until)`, oldest first. One query."""
    rows = ArmPrice.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since),
        market_id=place[0],
        channel=place[1],
        began_at__lt=until,
        obstacle="",
        cluster__isnull=False,
    )
    rows = rows.exclude(other_minor__in=[0, F("shown_minor")]).order_by("began_at", "variant_id")
    names = ("variant_id", "began_at", "ended_at", "shown_minor", "other_minor")
    found = [
        (variant, began.timestamp(), (ended or until).timestamp(), shown, other)
        for variant, began, ended, shown, other in rows.values_list(*names)
    ]
    table = np.array(found, dtype=np.float64).reshape(-1, 5)
    return ArmPeriods(
        variant_id=table[:, 0].astype(np.int64),
        begin=table[:, 1],
        end=table[:, 2],
        shown_minor=table[:, 3],
        other_minor=table[:, 4],
    )
