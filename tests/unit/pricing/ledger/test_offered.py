"""Public offers in the price history: as an oracle sees each hour, and in the references."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pricing.base.core.reference import DAY, PaidRows, PriceSeries, find_references, lowest_between
from pricing.ledger.core.offered import OfferedCut, lower_series

IDS = np.array([3, 5, 8])
LOW30 = "eu_low30_offered_before_start"


@st.composite
def ledgers(draw: st.DrawFn) -> PriceSeries:
    """Draw the ledgers of three variants."""
    rows = [sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=5))) for _ in IDS]
    starts = np.array([at for times in rows for at in times], dtype=np.int64)
    amounts = np.array([draw(st.integers(1, 2_000)) for _ in starts], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum([len(times) for times in rows])])
    return PriceSeries(offsets.astype(np.int64), starts, amounts)


@st.composite
def cuts(draw: st.DrawFn) -> OfferedCut:
    """Draw a cut: a share or an amount, alone, stacked or of a group."""
    starts = draw(st.integers(0, 40))
    is_share = draw(st.booleans())
    return OfferedCut(
        variant_id=np.array(sorted(draw(st.sets(st.sampled_from([3, 5, 8, 9]), min_size=1)))),
        starts=starts,
        ends=starts + draw(st.integers(1, 20)),
        percent=draw(st.integers(1, 100)) * 1.0 if is_share else None,
        amount_minor=None if is_share else draw(st.integers(1, 500)),
        group=draw(st.sampled_from(["", "", "week"])),
        is_alone=draw(st.sampled_from([False, False, True])),
    )


def _price(series: PriceSeries, v: int, at: int) -> int | None:
    rows = range(series.offsets[v], series.offsets[v + 1])
    held = [int(series.amount[row]) for row in rows if series.start[row] <= at]
    return held[-1] if held else None


def _off(cut: OfferedCut, price: int) -> int:
    if cut.percent is not None:
        return price - int(np.floor(price * (cut.percent / 100.0) + 0.5))
    return max(price - (cut.amount_minor or 0), 0)


def _oracle(price: int, drawn: list[OfferedCut], variant: int, at: int) -> int:
    def runs(cut: OfferedCut) -> bool:
        return variant in cut.variant_id and cut.starts <= at < cut.ends

    # A group keeps its place whichever of its cuts run: an amount and a share do not commute.
    groups: dict[str, list[OfferedCut]] = {}
    for n, cut in enumerate(drawn):
        if not cut.is_alone:
            groups.setdefault(cut.group or f"own {n}", []).append(cut)
    stacked = price
    for members in groups.values():
        stacked = min([stacked, *(_off(cut, stacked) for cut in members if runs(cut))])
    return min([stacked, *(_off(cut, price) for cut in drawn if cut.is_alone and runs(cut))])


@given(ledgers(), st.lists(cuts(), max_size=4))
# An amount before a share of a group: 250 is 247, then 246, also while only one cut runs.
@example(
    PriceSeries(np.array([0, 1, 2, 3]), np.zeros(3, np.int64), np.array([250, 1, 1])),
    [
        OfferedCut(np.array([3]), 0, 1, amount_minor=1, group="week"),
        OfferedCut(np.array([3]), 0, 2, amount_minor=1),
        OfferedCut(np.array([3]), 0, 2, percent=1.0, group="week"),
    ],
)
@settings(max_examples=150, deadline=None)
def test_the_lowered_ledger_says_what_anybody_could_pay_when(
    series: PriceSeries, drawn: list[OfferedCut]
) -> None:
    lowered = lower_series(series, IDS, drawn)
    for v, variant in enumerate(IDS.tolist()):
        for at in range(62):
            before = _price(series, v, at)
            expected = None if before is None else _oracle(before, drawn, variant, at)
            assert _price(lowered, v, at) == expected


def test_a_public_offer_lowers_references_but_begins_no_reduction() -> None:
    series = PriceSeries(np.array([0, 2]), np.array([0, 60 * DAY]), np.array([400, 350]))
    paid = PaidRows(*(np.array([v]) for v in (0, 59 * DAY, 400, 2)))
    listed, now = np.array([400]), 61 * DAY
    offer = OfferedCut(np.array([3]), starts=40 * DAY, ends=45 * DAY, percent=10.0)
    lowered = lower_series(series, np.array([3]), [offer])
    assert find_references(series, paid, listed, now)[LOW30].amount.tolist() == [400]
    assert find_references(series, paid, listed, now, lowered)[LOW30].amount.tolist() == [360]
    old = OfferedCut(np.array([3]), starts=10 * DAY, ends=30 * DAY, percent=10.0)
    long_ago = lower_series(series, np.array([3]), [old])
    assert find_references(series, paid, listed, now, long_ago)[LOW30].amount.tolist() == [400]
    running = OfferedCut(np.array([3]), starts=60 * DAY, ends=70 * DAY, percent=50.0)
    together = lower_series(series, np.array([3]), [running])
    assert find_references(series, paid, listed, now, together)[LOW30].amount.tolist() == [400]


def test_goods_without_a_price_then_stay_without_one() -> None:
    series = PriceSeries(np.array([0, 1]), np.array([50]), np.array([400]))
    cut = OfferedCut(np.array([3]), starts=10, ends=60, percent=50.0)
    lowered = lower_series(series, np.array([3]), [cut])
    assert (lowered.start.tolist(), lowered.amount.tolist()) == ([50, 60], [200, 400])
    low = lowest_between(lowered, np.array([0]), np.array([40]))
    assert low.tolist() == [0]
