"""Prices that hold, tax, delivery, totals, refund shares: exact to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.cart.core.cart_view import merged_quantity
from orders.cart.core.stages import Promise, settle_price
from orders.order.core import (
    BITS,
    ORDER_STEPS,
    LedgerBroken,
    LineAmounts,
    OrderStatus,
    Totals,
    check_ledger,
    may_become,
    normalize_number,
    order_number,
    sum_totals,
    units_share,
)
from orders.terms.core import (
    Method,
    Rate,
    TaxParts,
    TaxTable,
    choose_option,
    price_options,
    tax_on,
)
from orders.wording import (
    STATUSES,
)
from shop.ground.kernel.money import prorate

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
amounts = st.integers(0, 10**7)


def _promise(quoted: int, minutes: int | None = 60) -> Promise:
    ends = None if minutes is None else NOON + timedelta(minutes=minutes)
    return Promise(1_000, 1_000, quoted, expires_at=ends)


PRICES = [
    # case, (kept price, minutes it holds), frozen minutes, price now, (price, change)
    ("a promise holds against a higher price", (900, 60), None, 950, (900, "")),
    ("at its last second it is over", (900, 0), None, 950, (950, "rose")),
    ("a checkout holds what has run out", (900, 0), 30, 950, (900, "")),
    ("a checkout that is over does not", (900, 0), 0, 950, (950, "rose")),
    ("lower wins at once", (900, 60), None, 899, (899, "fell")),
    ("lower wins in a checkout too", (900, 60), 30, 899, (899, "fell")),
    ("equal is nothing to speak of", (900, 0), None, 900, (900, "")),
    ("what was never promised follows the price", (900, None), None, 950, (950, "rose")),
]


@pytest.mark.parametrize(("_case", "kept", "frozen", "now", "expected"), PRICES)
def test_the_price_that_holds(
    _case: str,
    kept: tuple[int, int | None],
    frozen: int | None,
    now: int,
    expected: tuple[int, str],
) -> None:
    until = None if frozen is None else NOON + timedelta(minutes=frozen)
    settled = settle_price(_promise(*kept), _promise(now), now=NOON, frozen_until=until)
    assert (settled.promise.quoted_minor, settled.change) == expected


@pytest.mark.parametrize(
    ("frozen", "is_personal", "public", "expected"),
    [
        (9, True, 300, 280),  # nobody was shown it, nor its label
        (9, True, 270, 260),  # everybody pays less by now
        (9, False, 260, 260),
        (-9, True, 300, 260),
    ],
)
def test_a_personal_price_falls_only_where_it_is_shown(
    frozen: int, is_personal: bool, public: int, expected: int
) -> None:
    fallen = replace(_promise(260), public_minor=public, is_personal=is_personal)
    until = NOON + timedelta(minutes=frozen)
    settled = settle_price(_promise(280), fallen, now=NOON, frozen_until=until)
    assert settled.promise.quoted_minor == expected


@given(st.integers(1, 1_000), st.integers(1, 1_000), st.integers(-90, 90), st.integers(-90, 90))
def test_without_consent_no_line_costs_more_than_its_promise(
    kept: int, current: int, holds: int, frozen: int
) -> None:
    until = NOON + timedelta(minutes=frozen)
    settled = settle_price(_promise(kept, holds), _promise(current), now=NOON, frozen_until=until)
    if settled.change != "rose":
        assert settled.promise.quoted_minor <= kept
    else:
        assert not settled.is_new
        assert holds <= 0
        assert frozen <= 0


TAXES = [
    # what, then amount, percent, whether included, and the tax and added part expected
    ("19 % in 119.00", 11_900, "19", True, (1_900, 0)),
    ("7.25 % on 9.99, half up", 999, "7.25", False, (72, 72)),
    ("half a cent rounds up", 10, "5", False, (1, 1)),
    ("nothing on nothing", 0, "19", True, (0, 0)),
    ("no rate, no tax", 999, "0", False, (0, 0)),
    ("three decimals count", 100_000, "8.875", False, (8_875, 8_875)),
]


@pytest.mark.parametrize(("_case", "amount", "percent", "included", "expected"), TAXES)
def test_tax_to_the_cent(
    _case: str, amount: int, percent: str, included: bool, expected: tuple[int, int]
) -> None:
    parts = tax_on(amount, Rate("", Decimal(percent), included))
    assert (parts.tax_minor, parts.added_minor) == expected


@given(amounts, st.decimals(0, 99, places=3))
def test_included_tax_is_exact_within_half_a_cent(amount: int, percent: Decimal) -> None:
    exact = amount * Fraction(percent) / (100 + Fraction(percent))
    tax = tax_on(amount, Rate("", percent, is_included=True)).tax_minor
    assert abs(tax - exact) <= Fraction(1, 2)


def test_the_longest_path_names_the_rate() -> None:
    table = TaxTable(
        (
            Rate("", Decimal(8), is_included=True),
            Rate("food", Decimal(2), is_included=True),
            Rate("food/candy", Decimal(8), is_included=True),
        )
    )
    paths = ("tools/hammer", "food/bread", "food/candy/mints", "foodies")
    assert [table.rate_for(path).percent for path in paths] == [8, 2, 8, 8]
    assert TaxTable(()).rate_for("x") == Rate("", Decimal(0), is_included=True)


def test_a_products_tax_class_beats_its_category() -> None:
    table = TaxTable(
        (
            Rate("", Decimal(19), is_included=True),
            Rate("food", Decimal(7), is_included=True),
            Rate("", Decimal(5), is_included=True, tax_class="books"),
            Rate("food", Decimal(3), is_included=True, tax_class="books"),
        )
    )
    asked = (("food/bread", ""), ("tools", "books"), ("food/bread", "books"), ("tools", "other"))
    assert [table.rate_for(*each).percent for each in asked] == [7, 5, 3, 19]


SLOW = Method("standard", "Standard", "标准", 499, 3_500, 1, 3, needs_address=True)
FAST = Method("express", "Express", "", 999, None, 0, 0, needs_address=True)
PICKUP = Method("pickup", "Pick up", "自提", 0, None, 0, 1, needs_address=False)


def test_delivery_says_what_is_missing_until_it_is_free() -> None:
    options = price_options([SLOW, FAST], 2_000, TaxTable(()), "zh-hans")
    assert [(o.name, o.price_minor, o.missing_minor) for o in options] == [
        ("标准", 499, 1_500),
        ("Express", 999, 0),
    ]


def test_before_the_choice_home_delivery_is_shown_not_pickup() -> None:
    options = price_options([SLOW, FAST, PICKUP], 2_000, TaxTable(()), "en")
    chosen = choose_option(options, None)
    assert chosen is not None
    assert chosen.code == "standard"
    assert choose_option(options, "balloon") is None
    only = choose_option(price_options([PICKUP], 0, TaxTable(()), "en"), None)
    assert only is not None
    assert only.code == "pickup"


@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=8), st.booleans())
def test_totals_are_the_sum_of_their_lines(lines: list[tuple[int, int, int]], added: bool) -> None:
    rows = [
        LineAmounts(max(a, b), min(a, b), TaxParts(tax, tax if added else 0)) for a, b, tax in lines
    ]
    delivery = price_options([SLOW], 0, TaxTable(()), "en")[0]
    totals = sum_totals(rows, delivery)
    check_ledger(totals, rows)
    assert totals.total_minor == sum(row.total_minor for row in rows) + 499


def test_a_ledger_that_does_not_close_stops_the_sale() -> None:
    row = LineAmounts(100, 0, TaxParts(0, 0))
    with pytest.raises(LedgerBroken):
        check_ledger(Totals(90, 0, 0, 0, 0), [row])
    with pytest.raises(LedgerBroken):
        check_ledger(Totals(0, 10, 0, 0, 0), [LineAmounts(0, 10, TaxParts(0, 0))])


@given(amounts, st.integers(1, 200), st.data())
def test_partial_refunds_sum_to_the_price_paid(
    total: int, quantity: int, data: st.DataObject
) -> None:
    refunded, given_back = 0, 0
    while refunded < quantity:
        more = data.draw(st.integers(1, quantity - refunded))
        share = units_share(total, quantity, refunded=refunded, more=more)
        assert share == sum(prorate(total, [1] * quantity)[refunded : refunded + more])
        refunded += more
        given_back += share
    assert given_back == total


@pytest.mark.parametrize(("refunded", "more"), [(0, 0), (0, -1), (0, 4), (2, 2)])
def test_units_that_are_not_there_have_no_price(refunded: int, more: int) -> None:
    with pytest.raises(ValueError, match="left"):
        units_share(100, 3, refunded=refunded, more=more)


def test_an_order_never_comes_back_from_its_end() -> None:
    ends = {status for status, steps in ORDER_STEPS.items() if not steps}
    assert ends == {OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDED}
    assert not may_become("expired", OrderStatus.PAID)
    assert may_become("paid", OrderStatus.FULFILLED)


@given(st.integers(0, 2**BITS - 1))
def test_an_order_number_survives_being_typed(bits: int) -> None:
    number = order_number(bits)
    sloppy = number.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert normalize_number(sloppy) == number


def test_other_systems_numbers_are_left_as_they_are() -> None:
    assert normalize_number(" s31198570044 ") == "S31198570044"


@given(st.integers(1, 99), st.integers(1, 99))
def test_merging_never_doubles(mine: int, theirs: int) -> None:
    assert max(mine, theirs) == merged_quantity(mine, theirs) == merged_quantity(theirs, mine)


def test_each_status_of_an_order_has_words() -> None:
    assert STATUSES.keys() == {status.value for status in OrderStatus}
