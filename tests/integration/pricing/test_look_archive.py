"""What was shown and bought is kept in cells: each look once, whatever happens in between."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from pricing.core.demand.look_cells import EVERYBODY
from pricing.models import LookArchive, PublicPrice
from pricing.selectors.look_fits import KeptLooks, UntrustedLooks, read_kept
from pricing.services.look_archive import keep_looks
from pricing.services.look_counts import drain_looks
from shop.inventory.models import StockLocation, StockMovement, StockRecord
from tests.factories.looks import buy_shown, show
from tests.factories.pricing import NOON, Dairy, make_shopper, open_dairy

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")
EVENING = NOON + timedelta(hours=4)


@pytest.fixture(autouse=True)
def stocked(dairy: Dairy) -> None:
    """Twenty pieces of brie and rye, for as long as anybody remembers."""
    online, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Online"})
    for variant in (dairy.brie, dairy.rye):
        StockRecord.objects.create(variant_id=variant, location=online, on_hand=20)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def keep(until: datetime = EVENING) -> KeptLooks:
    drain_looks()
    return keep_looks(until=until, now=until + timedelta(hours=2), place=PLACE)


def sums(kept: KeptLooks) -> dict[tuple[int, int], tuple[float, float]]:
    """Return looks and purchases by variant and stratum."""
    cells, found = kept.cells, {}
    for at, key in enumerate(zip(cells.variant_id.tolist(), cells.stratum.tolist(), strict=True)):
        looks, bought = found.get(key, (0.0, 0.0))
        found[key] = (looks + cells.looks[at], bought + cells.bought[at])
    return found


def test_looks_at_everybodys_price_are_kept_with_what_was_bought(dairy: Dairy) -> None:
    open_dairy()
    for minute in (5, 55, 70):
        views = show(None, [dairy.brie, dairy.rye], now=at(minute))
    buy_shown(make_shopper(), views[dairy.brie], "order-1", now=at(70))
    kept = keep()
    assert sums(kept) == {
        (dairy.brie, EVERYBODY): (3.0, 1.0),
        (dairy.rye, EVERYBODY): (3.0, 0.0),
    }
    assert (kept.looks, kept.purchases, kept.sold_out) == (6, 1, 0)
    assert set(kept.cells.usual.tolist()) == {0}


def test_no_look_counts_twice_and_later_ones_join(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie], now=at(5))
    assert keep(at(65)).looks == 1
    assert keep(at(65)).looks == 1
    show(None, [dairy.brie], now=at(125))
    assert keep(at(130)).looks == 1  # its hour is not over
    kept = keep(at(185))
    assert kept.looks == 2
    assert kept.cells.looks.sum() == pytest.approx(2.0, abs=0.01)
    row = LookArchive.objects.get()
    assert row.watermark == at(185)
    assert sums(read_kept(row)) == sums(kept)


def test_days_are_caught_up_with_one_by_one(dairy: Dairy) -> None:
    open_dairy()
    for day in range(3):
        show(None, [dairy.brie], now=NOON + timedelta(days=day))
    kept = keep(NOON + timedelta(days=3))
    assert kept.looks == 3
    fresh = 0.5 ** (1.0 / 90.0)
    # The last day's window holds the newest look; each before counts a day less.
    assert kept.cells.looks.sum() == pytest.approx(1.0 + fresh + fresh**2, abs=0.02)


def test_a_look_at_what_is_sold_out_is_counted_apart(dairy: Dairy) -> None:
    open_dairy()
    stock = StockRecord.objects.get(variant_id=dairy.brie)
    StockRecord.objects.filter(pk=stock.pk).update(on_hand=0)
    StockMovement.objects.create(
        variant_id=dairy.brie,
        location=stock.location,
        kind=StockMovement.Kind.SOLD,
        quantity=-stock.on_hand,
        at=at(90),
    )
    for minute in (10, 80, 130):
        show(None, [dairy.brie, dairy.rye], now=at(minute))
    kept = keep()
    # At 14:10 there was nothing left; between 13:00 and 14:00 there was for a time.
    assert sums(kept) == {(dairy.brie, EVERYBODY): (2.0, 0.0), (dairy.rye, EVERYBODY): (3.0, 0.0)}
    assert (kept.looks, kept.sold_out) == (5, 1)


def test_another_price_of_the_merchants_begins_anew(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie, dairy.rye], now=at(5))
    keep(at(65))
    PublicPrice.objects.filter(variant_id=dairy.brie).update(anchor_minor=777)
    show(None, [dairy.brie], now=at(70))
    kept = keep()
    assert sums(kept)[(dairy.brie, EVERYBODY)] == (1.0, 0.0)
    assert sums(kept)[(dairy.rye, EVERYBODY)][0] == pytest.approx(1.0, abs=0.01)
    assert np.exp(kept.anchors.read(np.array([dairy.brie]), np.zeros(1))) == pytest.approx(777)


def test_arrays_that_were_changed_are_not_read(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie], now=at(5))
    keep()
    LookArchive.objects.update(sha256="0" * 64)
    with pytest.raises(UntrustedLooks, match="us/online"):
        keep()
