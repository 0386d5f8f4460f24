"""Archive shown prices and purchases as impressions, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from pricing.demand.models.impression_fits import LookArchive
from pricing.learning.core.shown import (
    DAY_MS,
    MOST_DECIDED,
    MOST_PUBLIC,
    find_reset,
    forget_goods,
    forget_old,
)
from pricing.learning.selectors.impression_fits import KeptImpressions, pack_kept, read_kept
from pricing.learning.selectors.shown_windows import Moments, read_window
from pricing.ledger.selectors.sales_channels import SalesChannel
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import epoch_ms

# What is taken in at once; a first run begins so long ago.
DAY, FIRST_LOOK = timedelta(days=1), timedelta(days=90)


def keep_looks(*, until: datetime, now: datetime, place: SalesChannel) -> KeptImpressions:
    """Take in what was shown until `until` and not taken in yet, a day at a time; return all, which
    may be more where another run was ahead.

    `until` is when prices shown can no longer be bought at (the watermark of the evidence).
    Impressions and watermark change in one transaction a day: a run that dies goes on where it was,
    and two at once take turns.
    """
    while True:
        with transaction.atomic():
            row = _lock_archive(place, until)
            kept = read_kept(row)
            if row.looks > kept.looks:  # of another form than that of today: all anew
                row.watermark = until - FIRST_LOOK
            end = min(until, row.watermark + DAY)
            if end <= row.watermark:
                return replace(kept, watermark=row.watermark)
            later = _take_in(kept, (row.watermark, end, now), place)
            _store(row, later, end, is_changed=later is not kept)


def _lock_archive(place: SalesChannel, until: datetime) -> LookArchive:
    """Return the archive of a place; one run at a time has it."""
    known = {"market_code": place[0], "channel": place[1]}
    LookArchive.objects.get_or_create(**known, defaults={"watermark": until - FIRST_LOOK})
    return LookArchive.objects.select_for_update().get(**known)


def _store(row: LookArchive, kept: KeptImpressions, end: datetime, *, is_changed: bool) -> None:
    row.watermark = end
    row.looks, row.purchases = kept.looks, kept.purchases
    row.sold_out, row.offered = kept.sold_out, kept.offered
    if is_changed:
        arrays = pack_kept(kept)
        row.arrays, row.sha256 = pack_arrays(arrays), hash_arrays(arrays)
    row.save()


def _take_in(kept: KeptImpressions, moments: Moments, place: SalesChannel) -> KeptImpressions:
    """Return what is kept with a window on top. Where a merchant set another price, all that was
    seen at the old one is let go: demand may have been why (docs/safety.md)."""
    window = read_window(moments, place)
    if window is None:
        return kept
    kept = _begin_anew(kept, window.anchors)
    day = epoch_ms(moments[1]) / DAY_MS
    return replace(
        kept,
        decided=forget_old(kept.decided.join(window.decided), day, MOST_DECIDED),
        public=forget_old(kept.public.join(window.public), day, MOST_PUBLIC),
        looks=kept.looks + window.looks,
        purchases=kept.purchases + window.purchases,
        sold_out=kept.sold_out + window.sold_out,
        offered=kept.offered + window.offered,
    )


def _begin_anew(kept: KeptImpressions, told: Mapping[int, int]) -> KeptImpressions:
    moved = find_reset(kept.anchors, told)
    anchors = {**kept.anchors, **told}
    if not len(moved):
        return replace(kept, anchors=anchors)
    decided, public = (forget_goods(one, moved) for one in (kept.decided, kept.public))
    return replace(kept, decided=decided, public=public, anchors=anchors)
