"""What was shown and bought is kept as impressions: each look once, whatever happens."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from django.core.exceptions import ObjectDoesNotExist

from pricing.api import drain_quotes
from pricing.competitors.services.competitors import import_feed
from pricing.demand.core.choice import Impressions
from pricing.demand.models.impression_fits import LookArchive
from pricing.learning.selectors import shown_windows
from pricing.learning.selectors.impression_fits import (
    KeptImpressions,
    UntrustedImpressions,
    read_kept,
)
from pricing.learning.services.impression_counts import drain_looks
from pricing.learning.services.impression_fits import keep_impressions
from pricing.ledger.core.offered import OfferedCut
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.services import record_cuts
from pricing.optimum.core.signals import SignalWeights
from pricing.policy.models.policy import PricingPolicy
from shop.ground.inventory.models import StockLocation, StockMovement, StockRecord
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import epoch_ms
from tests.factories.competitors import make_source
from tests.factories.looks import buy_shown, show
from tests.factories.pricing import (
    NOON,
    Dairy,
    make_held_out,
    make_shopper,
    make_treated,
    open_dairy,
)
from tests.factories.pricing_visits import ask_cheeses, buy_at

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")
EVENING = NOON + timedelta(hours=4)


@pytest.fixture(autouse=True)
def stocked(dairy: Dairy) -> None:
    """Twenty pieces of each, for as long as anybody remembers."""
    online, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Online"})
    for variant in dairy.all:
        StockRecord.objects.create(variant_id=variant, location=online, on_hand=20)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def keep(until: datetime = EVENING) -> KeptImpressions:
    drain_looks()
    return keep_impressions(until=until, now=until + timedelta(hours=2), place=PLACE)


def sums(seen: Impressions) -> dict[int, tuple[float, float]]:
    """Return looks and purchases by variant."""
    impressions = seen.weight[seen.set_of]
    return {
        one: (
            float(impressions[seen.item == one].sum()),
            float(seen.bought[seen.item == one].sum()),
        )
        for one in np.unique(seen.item).tolist()
    }


def sets(seen: Impressions) -> dict[tuple[int, ...], float]:
    """Return how often each set of products was seen."""
    found: dict[tuple[int, ...], float] = {}
    for at, weight in enumerate(seen.weight.tolist()):
        products = tuple(seen.item[seen.set_of == at].tolist())
        found[products] = found.get(products, 0.0) + weight
    return found


def test_looks_at_everybodys_price_are_kept_with_what_was_bought(dairy: Dairy) -> None:
    open_dairy()
    make_source(ttl_hours=48)
    import_feed(code="hilltop", text="sku,price,currency\nBRIE,5.49,USD\n", now=NOON)
    for minute in (5, 55, 70):
        views = show(None, [dairy.brie, dairy.rye, dairy.camembert], now=at(minute))
    show(None, [dairy.brie], now=at(75))
    buy_shown(make_shopper(), views[dairy.brie], "order-1", now=at(70))
    kept = keep()
    assert sums(kept.public) == {
        dairy.brie: (4.0, 1.0),
        dairy.camembert: (3.0, 0.0),
        dairy.rye: (3.0, 0.0),
    }
    assert (kept.looks, kept.purchases, kept.sold_out, kept.offered) == (10, 1, 0, 0)
    # Two cheeses of a page are one choice; the third time one of them stood alone.
    pair = tuple(sorted((dairy.brie, dairy.camembert)))
    assert sets(kept.public) == {pair: 3.0, (dairy.brie,): 1.0, (dairy.rye,): 3.0}
    gap = {one: kept.public.rival[kept.public.item == one] for one in (dairy.brie, dairy.rye)}
    assert gap[dairy.brie] == pytest.approx(np.log(549 / 600), abs=0.01)
    assert np.isnan(gap[dairy.rye]).all()
    assert not len(kept.decided)


def test_looks_at_offered_prices_are_left_out_and_counted(dairy: Dairy) -> None:
    open_dairy()
    cut = OfferedCut(
        np.array([dairy.brie]), epoch_ms(at(61)) // 1_000, epoch_ms(at(90)) // 1_000, percent=10.0
    )
    record_cuts(campaign_id=1, cuts={"": [cut]})
    for minute in (5, 70, 130):
        show(None, [dairy.brie, dairy.rye], now=at(minute))
    kept = keep()
    assert sums(kept.public) == {dairy.brie: (2.0, 0.0), dairy.rye: (3.0, 0.0)}
    assert (kept.looks, kept.offered) == (5, 1)
    assert LookArchive.objects.get().offered == 1


def test_no_look_counts_twice_and_later_ones_join(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie], now=at(5))
    assert keep(at(65)).looks == 1
    assert keep(at(65)).looks == 1
    show(None, [dairy.brie], now=at(125))
    assert keep(at(130)).looks == 1  # its hour is not over
    kept = keep(at(185))
    assert kept.looks == 2
    assert sums(kept.public) == {dairy.brie: (2.0, 0.0)}
    row = LookArchive.objects.get()
    assert row.watermark == at(185)
    assert sums(read_kept(row).public) == sums(kept.public)


def test_days_are_caught_up_with_one_by_one(dairy: Dairy) -> None:
    open_dairy()
    for day in range(3):
        show(None, [dairy.brie], now=NOON + timedelta(days=day))
    kept = keep(NOON + timedelta(days=3))
    assert kept.looks == 3
    first = epoch_ms(NOON) // 86_400_000
    assert kept.public.day.tolist() == [first, first + 1, first + 2]


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
    assert sums(kept.public) == {dairy.brie: (2.0, 0.0), dairy.rye: (3.0, 0.0)}
    assert (kept.looks, kept.sold_out) == (5, 1)


def test_another_price_of_the_merchants_begins_anew(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie, dairy.rye], now=at(5))
    keep(at(65))
    PublicPrice.objects.filter(variant_id=dairy.brie).update(anchor_minor=777)
    show(None, [dairy.brie], now=at(70))
    kept = keep()
    assert sums(kept.public) == {dairy.brie: (1.0, 0.0), dairy.rye: (1.0, 0.0)}
    assert kept.anchors[dairy.brie] == 777


def test_the_holdout_is_kept_beside_who_was_shown_less(dairy: Dairy) -> None:
    open_dairy()
    treated = ask_cheeses(dairy, make_treated())[dairy.brie]
    held = ask_cheeses(dairy, held_out := make_held_out())[dairy.brie]
    buy_at(held_out, held)
    drain_quotes()
    seen = keep().decided
    at = seen.item == dairy.brie
    assert held.quoted_minor > treated.quoted_minor
    price = np.rint(600.0 * np.exp(seen.log_price[at])).astype(int).tolist()
    found = dict(zip(price, seen.bought[at].tolist(), strict=True))
    assert found == {treated.quoted_minor: 0.0, held.quoted_minor: 1.0}
    # Who is the same but for chance is compared: both viewed the same products once.
    assert np.ptp(seen.goods[at], axis=0).max() == pytest.approx(0.0)
    assert (seen.goods[at].max(), seen.response[at].max()) > (0.0, 0.0)
    # Four cheeses of two categories are two choices of each.
    assert seen.sets == 4


def test_the_holdouts_coin_is_the_randomization_of_its_price(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over both sides of the coin the moves have mean zero, and no draw is needed for it."""
    PricingPolicy.objects.update(exploration=0.0)
    open_dairy()
    treated, held_out = make_treated(), make_held_out()
    shown = [ask_cheeses(dairy, one)[dairy.brie].quoted_minor for one in (treated, held_out)]
    drain_quotes()
    seen = keep().decided
    brie = seen.item == dairy.brie
    by_price = dict(zip(seen.log_price[brie].tolist(), seen.moved[brie].tolist(), strict=True))
    (low, below), (high, above) = sorted(by_price.items())
    far = np.log(shown[1] / shown[0])
    assert far > 0.0
    assert high - low == pytest.approx(far)
    assert (above, below) == (pytest.approx(0.95 * far), pytest.approx(-0.05 * far))
    # Of weights that are gone nobody knows what the holdout would have been shown.

    def forget(*_made_with: int) -> SignalWeights:
        raise ObjectDoesNotExist

    monkeypatch.setattr(shown_windows, "load_weights", forget)
    LookArchive.objects.all().delete()
    again = keep().decided
    assert np.isnan(again.moved[again.log_price == high]).all()
    assert np.isfinite(again.moved[again.log_price == low]).all()


def test_what_was_kept_in_another_form_is_taken_in_anew(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie], now=at(5))
    keep()
    old = {"variant_id": np.array([dairy.brie]), "looks": np.array([7.0])}
    LookArchive.objects.update(
        looks=7, purchases=2, arrays=pack_arrays(old), sha256=hash_arrays(old)
    )
    kept = keep()
    assert (kept.looks, kept.purchases, sums(kept.public)) == (1, 0, {dairy.brie: (1.0, 0.0)})
    assert keep().looks == 1


def test_arrays_that_were_changed_are_not_read(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie], now=at(5))
    keep()
    LookArchive.objects.update(sha256="0" * 64)
    with pytest.raises(UntrustedImpressions, match="us/online"):
        keep()
