"""Keep what was shown and bought in cells: each look once, day after day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.look_cells import (
    EVERYBODY,
    USUAL_STEP,
    LookCells,
    find_strata,
)
from pricing.core.looks import HOUR_MS
from pricing.models import LookArchive
from pricing.selectors.anchors import load_anchors
from pricing.selectors.exposures import Exposures, load_exposures
from pricing.selectors.look_fits import KeptLooks, Place, pack_kept, read_kept
from pricing.selectors.looks import PublicOutcomes, load_public_outcomes
from pricing.services.sightings import begin_hour, read_boosts
from shop.inventory.selectors import mask_sold_out_hours
from shop.kernel.arrays import hash_arrays, pack_arrays
from shop.kernel.clock import epoch_ms

# A day is what shoppers are ranked within; a first run begins so long ago.
DAY, FIRST_LOOK = timedelta(days=1), timedelta(days=90)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Prices shown in a window, arrays (n,): to which stratum, how often, and how often bought."""

    variant_id: IntArray
    stratum: IntArray
    price_minor: IntArray
    looks: FloatArray
    bought: FloatArray
    is_sold_out: BoolArray

    def __len__(self) -> int:
        return len(self.variant_id)

    def join(self, other: _Seen) -> _Seen:
        names = self.__slots__
        return _Seen(*(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))

    def take(self, where: BoolArray) -> _Seen:
        return _Seen(*(getattr(self, name)[where] for name in self.__slots__))


def keep_looks(*, until: datetime, now: datetime, place: Place) -> KeptLooks:
    """Take in what was shown until `until` and not taken in yet, a day at a time; return all cells.

    `until` is when prices shown can no longer be bought at (the watermark of the evidence).
    Cells and watermark change in one transaction a day: a run that dies goes on where it was, and
    two at once take turns.
    """
    while True:
        with transaction.atomic():
            row = _lock_archive(place, until)
            end = min(until, row.watermark + DAY)
            kept = read_kept(row if row.sha256 else None)
            if end <= row.watermark:
                return kept
            seen = _load_seen(row.watermark, end, now, place)
            if len(seen):
                kept = _take_in(kept, seen, (end - row.watermark) / DAY, place)
            _store(row, kept, end, is_changed=bool(len(seen)))


def _lock_archive(place: Place, until: datetime) -> LookArchive:
    """Return the archive of a place; one run at a time has it."""
    known = {"market_code": place[0], "channel": place[1]}
    LookArchive.objects.get_or_create(**known, defaults={"watermark": until - FIRST_LOOK})
    return LookArchive.objects.select_for_update().get(**known)


def _store(row: LookArchive, kept: KeptLooks, end: datetime, *, is_changed: bool) -> None:
    row.watermark = end
    if is_changed:
        arrays = pack_kept(kept)
        row.looks, row.purchases, row.sold_out = kept.looks, kept.purchases, kept.sold_out
        row.arrays, row.sha256 = pack_arrays(arrays), hash_arrays(arrays)
    row.save()


def _load_seen(since: datetime, until: datetime, now: datetime, place: Place) -> _Seen:
    """Return drawn decisions of `[since, until)`, and looks at public prices of the hours that end
    in it: windows follow each other, so each hour is in one of them."""
    market, channel = place
    first, last = begin_hour(since), begin_hour(until)
    found = load_exposures(since=since, until=until, now=now, market=market, channel=channel)
    looks = load_public_outcomes(since=first, until=last, now=now, market=market, channel=channel)
    return _read_decisions(found.take(~found.is_book)).join(_read_looks(looks, first, last))


def _read_decisions(found: Exposures) -> _Seen:
    return _Seen(
        variant_id=found.rows["variant_id"].astype(np.int64),
        stratum=find_strata(read_boosts(found)),
        price_minor=found.rows["quoted_minor"].astype(np.int64),
        looks=np.ones(len(found)),
        bought=(found.units > 0).astype(np.float64),
        is_sold_out=found.stock == 0,
    )


def _read_looks(found: PublicOutcomes, first: datetime, last: datetime) -> _Seen:
    ids, row = np.unique(found.variant_id, return_inverse=True)
    sold_out = mask_sold_out_hours(ids.tolist(), since=first, until=last)
    hour = (found.hour_ms - epoch_ms(first)) // HOUR_MS
    return _Seen(
        variant_id=found.variant_id,
        stratum=np.full(len(found), EVERYBODY),
        price_minor=found.public_minor,
        looks=found.looks.astype(np.float64),
        bought=found.purchases.astype(np.float64),
        is_sold_out=sold_out[row.ravel(), hour] if len(found) else np.zeros(0, dtype=np.bool_),
    )


def _take_in(kept: KeptLooks, seen: _Seen, days: float, place: Place) -> KeptLooks:
    """Return the cells with a day of looks on top.

    A look at what is sold out tells nothing of its price. Where a merchant set another price, all
    that was seen at the old one is let go: demand may have been why (docs/adr/0096).
    """
    sold_out = float(seen.looks[seen.is_sold_out].sum())
    anchor = load_anchors(seen.variant_id, place)
    is_told = ~seen.is_sold_out & (anchor > 0)
    seen, listed = seen.take(is_told), np.log(anchor[is_told])
    kept = _begin_anew(kept, seen.variant_id, listed)
    before = kept.usual.read(seen.variant_id, listed)
    price = np.log(seen.price_minor)
    cells = LookCells.of(
        variant_id=seen.variant_id,
        # Where a variant stands in the catalogue is asked when cells are fitted.
        family_id=np.zeros_like(seen.variant_id),
        stratum=seen.stratum,
        price_minor=seen.price_minor,
        usual=np.rint((before - listed) / USUAL_STEP).astype(np.int64),
        looks=seen.looks,
        bought=seen.bought,
        days=days,
    )
    return KeptLooks(
        cells=kept.cells.join(cells),
        usual=kept.usual.follow(seen.variant_id, price, seen.looks, before=before, days=days),
        anchors=kept.anchors.update(seen.variant_id, listed),
        looks=kept.looks + int(cells.looks.sum()),
        purchases=kept.purchases + int(cells.bought.sum()),
        sold_out=kept.sold_out + int(sold_out),
    )


def _begin_anew(kept: KeptLooks, variant_id: IntArray, listed: FloatArray) -> KeptLooks:
    is_set = ~np.isclose(kept.anchors.read(variant_id, listed), listed, rtol=0.0, atol=1e-9)
    if not is_set.any():
        return kept
    moved = variant_id[is_set]
    return replace(
        kept,
        cells=kept.cells.take(~np.isin(kept.cells.variant_id, moved)),
        usual=kept.usual.forget(moved),
    )
