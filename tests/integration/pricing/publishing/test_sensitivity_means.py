"""Where shoppers have segments: the book holds the elasticity of one without signals, its m by it,
and whatever quotes from a model's elasticity divides it alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from numpy.typing import NDArray

from pricing.api import demand_curve, drain_quotes, publish_price_book, quote_variants, replay_quote
from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import get_model_version, load_model
from pricing.fairness.services.audited_prices import open_shelves
from pricing.learning.selectors.offline import align_means, load_sensitivity_means, weigh_candidate
from pricing.ledger.models.books import PriceBook, PriceBookEntry
from pricing.ledger.models.proposals import PriceProposal
from pricing.ledger.models.quotes import Quote
from pricing.ledger.selectors.exposures import load_exposures
from pricing.optimum.core.batch import SegmentMeans
from pricing.optimum.core.mix import read_means, segment_mix
from pricing.optimum.core.signals import SignalWeights
from pricing.optimum.core.thompson import DRAWS
from pricing.publishing.services import book_store as entries
from pricing.publishing.services.books import read_book_notes
from pricing.publishing.services.products import Ask, set_list_prices
from pricing.quoting.selectors.serving import forget_serving, get_serving
from pricing.quoting.services import deciding
from pricing.rollout.selectors.lift import compare_shadow
from pricing.rollout.services.refits import check_refit
from profiles.events.services.drain import drain_events
from profiles.values import FeatureRow, ShopperValue
from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays
from tests.factories.policies import change_policy
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_model,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_trials import STEEP, begin, make_candidate, make_people

pytestmark = pytest.mark.django_db

PLACE = ("us", "online")
QUARTER = timedelta(minutes=15)
SECONDS = timedelta(seconds=3)


def arrays_now() -> dict[str, NDArray[Any]]:
    """Return the arrays of the current book."""
    return unpack_arrays(PriceBook.objects.get(is_current=True).arrays)


def mean_of(variant: int) -> float:
    """Return what the current book divided a variant's elasticity by."""
    known, means = load_sensitivity_means(PLACE)
    return float(align_means(np.array([variant]), known, means)[0])


def expect_means(dairy: Dairy, seen: SegmentMeans) -> FloatArray:
    """Return the mean of 1 + z over Alice's segment and the holdout, for cheddar and for rye."""
    book = get_serving().books[PLACE][0].book
    at, _ = book.find(np.array([dairy.cheddar, dairy.rye]))
    weights, shelf = SignalWeights(), (book.terms.category_id[at], book.family_of)
    alone, all_buyers = (
        segment_mix(seen, *shelf, weights, holdout_share=share).sensitivity_mean
        for share in (0.0, 0.05)
    )
    assert all_buyers == pytest.approx(0.95 * alone + 0.05)
    return all_buyers


def pin_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the highest elasticity: ids and weeks would decide whether any price is lower."""

    def highest(_now_ms: int, variant_id: IntArray) -> IntArray:
        return np.full(len(variant_id), DRAWS - 1)

    for room in (entries, deciding):
        monkeypatch.setattr(room, "draw_places", highest)


@pytest.fixture
def alice(dairy: Dairy, monkeypatch: pytest.MonkeyPatch) -> ShopperValue:
    """Alice, who keeps looking at cheese and is all there is of a segment, in its third book: the
    second one found the segment, the third one reckoned with it."""
    compute: Callable[[list[int], datetime], Iterator[FeatureRow]] = entries.compute_feature_rows

    def in_segment(ids: list[int], now: datetime) -> list[FeatureRow]:
        return [replace(row, segment="loyal") for row in compute(ids, now)]

    monkeypatch.setattr(entries, "compute_feature_rows", in_segment)
    pin_draws(monkeypatch)
    change_policy(shock_share=0.0)
    open_dairy()
    shopper = make_treated()
    for minute in range(3):
        look_at(shopper, [*dairy.cheeses, dairy.brie], NOON - timedelta(minutes=minute))
    drain_events(limit=1_000, now=NOON)
    publish_price_book(now=NOON + QUARTER, everything=True)
    publish_price_book(now=NOON + 2 * QUARTER, everything=True)
    return shopper


def test_a_book_divides_elasticity_by_its_buyers_mean(dairy: Dairy, alice: ShopperValue) -> None:
    found = unpack_arrays(PriceBook.objects.get(version=2).arrays)
    cheddar, rye = expect_means(dairy, read_means(found))
    assert cheddar > 1.5
    assert rye == 1.0
    assert (mean_of(dairy.cheddar), mean_of(dairy.rye)) == pytest.approx((cheddar, rye))
    book = arrays_now()
    assert book["elasticity"] * book["sensitivity_mean"] == pytest.approx(np.full(7, 1.8))
    assert book["elasticity_sd"] * book["sensitivity_mean"] == pytest.approx(np.full(7, 0.3))
    assert demand_curve(variant_id=dairy.cheddar).elasticity == -1.8


def test_quotes_with_divided_elasticity_equal_the_book(dairy: Dairy, alice: ShopperValue) -> None:
    now = NOON + 2 * QUARTER + SECONDS
    views = quote_variants(context=visit(alice, now), variant_ids=dairy.all).prices
    booked = {
        variant: minor
        for entry in PriceBookEntry.objects.filter(shopper_id=alice.id)
        for variant, minor in zip(entry.variant_ids, entry.quoted_minors, strict=True)
    }
    assert booked
    assert booked == {one: view.quoted_minor for one, view in views.items() if view.is_personal}
    drain_quotes()
    rows = list(Quote.objects.filter(is_complete=True))
    assert {row.variant_id for row in rows} >= set(dairy.cheeses)
    for row in rows:
        assert row.inputs["elasticity"] == 1.8 / mean_of(row.variant_id)
        assert replay_quote(quote_id=row.pk).is_identical


def test_an_average_member_gets_less_off_than_before(dairy: Dairy, alice: ShopperValue) -> None:
    books = {row.version: unpack_arrays(row.arrays) for row in PriceBook.objects.all()}
    at = np.isin(books[3]["variant_id"], dairy.cheeses)
    before, after = books[2]["segment_minor"][0, at], books[3]["segment_minor"][0, at]
    assert np.array_equal(books[2]["public_minor"], books[3]["public_minor"])
    assert np.all(books[2]["sensitivity_mean"] == 1.0)
    assert np.all(before < after)


@pytest.mark.usefixtures("lasting_memories")  # a list price is the catalogue's: all is priced anew
def test_a_change_of_one_price_keeps_each_variants_mean(dairy: Dairy, alice: ShopperValue) -> None:
    before = arrays_now()
    set_list_prices(asks={dairy.cheddar: Ask(390)}, market="us", now=NOON + 3 * QUARTER)
    report = publish_price_book(now=NOON + 3 * QUARTER)
    assert (report.is_new, report.variants) == (True, 1)
    after = arrays_now()
    priced = after["variant_id"] == dairy.cheddar
    for name in ("sensitivity_mean", "elasticity", "elasticity_sd"):
        assert np.array_equal(before[name][~priced], after[name][~priced])
    # The mean that its own public price was chosen with: members as the third book saw them.
    seen = read_means(before)
    assert after["sensitivity_mean"][priced] == pytest.approx(expect_means(dairy, seen)[:1])
    assert after["sensitivity_mean"][priced] != before["sensitivity_mean"][priced]
    assert after["elasticity"] * after["sensitivity_mean"] == pytest.approx(np.full(7, 1.8))
    make_model({dairy.gouda: 3.0}, trained_at=NOON)
    publish_price_book(now=NOON + 4 * QUARTER, everything=True)
    at = after["variant_id"].tolist().index(dairy.gouda)
    newest = arrays_now()
    assert newest["elasticity"][at] * newest["sensitivity_mean"][at] == pytest.approx(3.0)


def test_proposals_tell_the_markets_elasticity(dairy: Dairy, alice: ShopperValue) -> None:
    make_model({dairy.brie: 6.0}, trained_at=NOON)
    publish_price_book(now=NOON + 8 * QUARTER, everything=True)
    (row,) = PriceProposal.objects.filter(variant_id=dairy.brie)
    assert (row.elasticity, row.elasticity_sd) == (6.0, 0.2)
    at = arrays_now()["variant_id"].tolist().index(dairy.brie)
    assert arrays_now()["elasticity"][at] == 6.0 / mean_of(dairy.brie)


def test_a_model_on_trial_is_divided_alike(dairy: Dairy, alice: ShopperValue) -> None:
    bob, ann = make_people("bob", "ann")
    tried = make_candidate(dairy, bob)
    begin(tried, ann, share=1.0)
    forget_serving()
    now = NOON + 2 * QUARTER + SECONDS
    quote_variants(context=visit(alice, now), variant_ids=dairy.cheeses)
    drain_quotes()
    rows = list(Quote.objects.filter(is_complete=True))
    assert {row.model_version for row in rows} == {tried.pk}
    for row in rows:
        assert row.inputs["elasticity"] == STEEP / mean_of(row.variant_id)


def test_the_deciding_model_equals_itself_as_a_candidate(dairy: Dairy, alice: ShopperValue) -> None:
    now = NOON + 2 * QUARTER + SECONDS
    quote_variants(context=visit(alice, now), variant_ids=dairy.all)
    drain_quotes()
    window = {"since": NOON - QUARTER, "until": NOON + 4 * QUARTER}
    found = load_exposures(**window, now=NOON + 4 * QUARTER)
    assert len(found) >= 4
    model = load_model(int(found.model_version[0]))
    logged, violations = weigh_candidate(found, model, PLACE)
    assert violations == 0
    assert np.array_equal(logged.candidate, logged.probability)
    assert compare_shadow(found, model, PLACE).mean_absolute_gap == pytest.approx(0.0, abs=1e-12)
    # A book stored before the means were kept divides by nothing.
    row = PriceBook.objects.get(is_current=True)
    old = {name: one for name, one in arrays_now().items() if name != "sensitivity_mean"}
    row.arrays, row.sha256 = pack_arrays(old), hash_arrays(old)
    row.save()
    assert load_sensitivity_means(PLACE)[1].tolist() == [1.0] * 7
    assert compare_shadow(found, model, PLACE).mean_absolute_gap > 0.0


def test_audits_and_refits_price_as_the_next_book_would(dairy: Dairy, alice: ShopperValue) -> None:
    active = DemandModelVersion.objects.get(status="active")
    model = (get_model_version(active.pk), load_model(active.pk))
    shelves = open_shelves(model=model, place=PLACE, now=NOON + 3 * QUARTER)
    at = shelves.terms.variant_id.tolist().index(dairy.cheddar)
    assert shelves.elasticity.tolist() == [1.8] * 7
    assert shelves.terms.elasticity[at] == pytest.approx(
        1.8 / expect_means(dairy, read_book_notes(PLACE))[0]
    )
    # Other weights have another mean; what is compared are the elasticities of the market.
    twin = make_model(dict.fromkeys(dairy.cheeses, 1.8 * 1.5), trained_at=NOON, family=0.4)
    told = check_refit(model_id=twin.pk, former_id=active.pk, now=NOON + 3 * QUARTER)
    assert told["figures"]["elasticity_p95"] == pytest.approx(np.log(1.5), abs=1e-4)


def test_before_the_first_book_no_mean_is_known(dairy: Dairy) -> None:
    known, means = load_sensitivity_means(PLACE)
    assert (known.tolist(), means.tolist()) == ([], [])
    assert align_means(np.array([dairy.brie]), known, means).tolist() == [1.0]


def test_personal_prices_change_no_public_price_of_a_book(
    dairy: Dairy, alice: ShopperValue
) -> None:
    sensitive = {one: 2.1 + 0.1 * place for place, one in enumerate(dairy.cheeses)}
    make_model(sensitive, trained_at=NOON, is_causal=True)
    public, quoted = list[list[int]](), list[int]()
    for cap in (0.10, 0.0):
        with transaction.atomic():
            change_policy(
                shock_share=0.0, ceiling_over_list=0.10, personal_cap=cap, spread_aversion=0.0
            )
            publish_price_book(now=NOON + 8 * QUARTER, everything=True)
            book = arrays_now()
            public.append(book["public_minor"].tolist())
            quoted.append(int((book["segment_minor"] < book["public_minor"]).sum()))
            transaction.set_rollback(True)
    assert public[0] == public[1]
    assert public[0] != book["list_minor"].tolist()
    assert (quoted[0] > 0, quoted[1]) == (True, 0)
