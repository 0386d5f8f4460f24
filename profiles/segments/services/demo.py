"""Segments of a demo's staff, so that the first day has some."""

from __future__ import annotations

from datetime import datetime

from profiles.segments.core.rules import LEAST, MOST, Row, Rule
from profiles.segments.models import Segment
from profiles.segments.services.made import save_segment
from shop.ground.kernel.translation import gettext_noop, translate

_SEGMENTS: tuple[tuple[str, Rule], ...] = (
    (
        gettext_noop("Frequent deal hunters"),
        ((Row("discount_share", LEAST, 0.5), Row("orders", LEAST, 8.0)),),
    ),
    (
        gettext_noop("Good customers who stayed away"),
        ((Row("days_since_order", LEAST, 28.0), Row("tenure_days", LEAST, 60.0)),),
    ),
    (
        gettext_noop("Big weekend baskets"),
        (
            (Row("weekend_share", LEAST, 0.4), Row("basket_lines", LEAST, 10.0)),
            (Row("tag:weekend", LEAST, 1.0), Row("basket_value", LEAST, 4_000.0)),
        ),
    ),
    (
        gettext_noop("Try new products, few returns"),
        ((Row("tag:explorer", LEAST, 1.0), Row("return_share", MOST, 0.02)),),
    ),
)


def seed_demo_segments(*, now: datetime) -> int:
    """Create the segments of a demo's staff that are missing; return how many."""
    known = set(Segment.objects.values_list("name", flat=True))
    new = [(name, rule) for name, rule in _SEGMENTS if name not in known]
    for name, rule in new:
        save_segment(
            name=name,
            name_zh=translate(name, "zh-hans"),
            rule=rule,
            by_id=None,
            reason="An example of the demo",
            now=now,
        )
    return len(new)
