"""Read what is wrong with what we know of variants, as the current price book found it."""

from __future__ import annotations

import numpy as np

from pricing.ledger.models.books import PriceBook
from pricing.optimum.core import say_rule
from pricing.publishing.core.changes import QualityReport, QualityRow
from pricing.publishing.core.quality import BADGE_BIT, BADGES, name_badges
from shop.ground.kernel.arrays import unpack_arrays


def list_quality(
    *,
    code: str | None = None,
    language: str = "en",
    offset: int = 0,
    limit: int = 50,
    market: str = "us",
    channel: str = "online",
) -> QualityReport:
    """Return variants with a badge (or the badge `code`), by id, and counts by code. One query.

    Badges are found when a book is published; a market without a book has an empty report.
    """
    rows = PriceBook.objects.filter(market_id=market, channel=channel, is_current=True)
    packed = rows.values_list("arrays", flat=True).first()
    arrays = {} if packed is None else unpack_arrays(packed)
    if "badges" not in arrays:
        return QualityReport((), 0, {})
    bits, variant_id = arrays["badges"], arrays["variant_id"]
    wanted = -1 if code is None else BADGE_BIT.get(code, 0)
    where = np.flatnonzero(bits & wanted)
    page = where[offset : offset + limit]
    return QualityReport(
        rows=tuple(
            _row(int(variant_id[at]), name_badges(int(bits[at])), language) for at in page.tolist()
        ),
        total=len(where),
        counts={name: int(np.count_nonzero(bits & BADGE_BIT[name])) for name in BADGES},
    )


def _row(variant_id: int, codes: tuple[str, ...], language: str) -> QualityRow:
    sentences = tuple(say_rule(f"badge:{code}", language) for code in codes)
    return QualityRow(variant_id, codes, sentences)
