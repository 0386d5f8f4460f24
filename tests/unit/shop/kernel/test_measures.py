"""Package sizes as tills type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.ground.kernel.measures import UNKNOWN, Size, parse_size


@pytest.mark.parametrize(
    ("text", "goods", "amount", "unit", "label"),
    [
        ("16 OZ", "g", "453.592", "g", "16 oz"),
        ("16 OZ", "ml", "473.176", "ml", "16 fl oz"),
        (".5 L", "ml", "500.000", "ml", "0.5 L"),
        ("1/2 GAL", "ml", "1892.706", "ml", "1/2 gal"),
        ("HALF GAL", "ml", "1892.706", "ml", "1/2 gal"),
        ("0.5 GAL", "ml", "1892.706", "ml", "1/2 gal"),
        ("1.25 LB", "g", "566.990", "g", "1 1/4 lb"),
        ("10 3/4 OZ", "g", "304.757", "g", "10 3/4 oz"),
        ("3/4 OZ", "g", "21.262", "g", "3/4 oz"),
        ("4/12 OZ", "ml", "1419.529", "ml", "4 × 12 fl oz"),
        ("24-12 OZ", "ml", "8517.177", "ml", "24 × 12 fl oz"),
        ("6 PK/8 OZ", "ml", "1419.529", "ml", "6 × 8 fl oz"),
        ("5.5OZ/2PK", "g", "311.845", "g", "2 × 5.5 oz"),
        ("12 OZ/12 PK", "ml", "4258.588", "ml", "12 × 12 fl oz"),
        ("40 CT/19.8 Z", "g", "561.321", "g", "40 ct, 19.8 oz"),
        ("8 PK/24.8 OZ", "g", "703.068", "g", "8 ct, 24.8 oz"),
        ("20 CT/13 GAL", "ct", "20.000", "ct", "20 ct, 13 gal"),
        ("18-22 LB", "g", "8164.663", "g", "18–22 lb"),
        ("1 LB 3.70 OZ", "g", "558.486", "g", "1 lb 3.7 oz"),
        ("DZ", "ct", "12.000", "ct", "1 dozen"),
        ("PT", "ml", "473.176", "ml", "1 pt"),
        ("AB    8 OZ", "g", "226.796", "g", "8 oz"),
        ("3-LB BAG", "g", "1360.777", "g", "3 lb"),
        ("3 STEM", "ct", "3.000", "ct", "3 stems"),
        ("32 LOADS", "ct", "32.000", "ct", "32 loads"),
    ],
)
def test_size_becomes_measure(text: str, goods: str, amount: str, unit: str, label: str) -> None:
    assert parse_size(text, goods) == Size(Decimal(amount), unit, label)


@pytest.mark.parametrize(
    ("text", "label"),
    [("8 IN", "8 in"), ("50 SQ FT", "50 sq ft"), ("8 X10 IN", "8 × 10 in"), ("LARGE", "Large")],
)
def test_length_is_text_only(text: str, label: str) -> None:
    assert parse_size(text) == Size(None, "", label)


@pytest.mark.parametrize("text", [None, "", "SCAN KPC", "974246  PK", "0 OZ"])
def test_nonsense_is_unknown(text: str | None) -> None:
    assert parse_size(text) == UNKNOWN


@given(st.text(max_size=24), st.sampled_from(["g", "ml", "ct"]))
def test_any_text_is_read_without_error(text: str, goods: str) -> None:
    size = parse_size(text, goods)
    assert (size.amount is None) == (size.unit == "")
    assert size.amount is None or size.amount > 0


@given(st.integers(1, 48), st.decimals("0.1", "20", places=1))
def test_pack_holds_pieces_times_content(pieces: int, each: Decimal) -> None:
    one = parse_size(f"{each} OZ", "ml").amount
    pack = parse_size(f"{pieces} PK/{each} OZ", "ml").amount
    assert one is not None
    assert pack is not None
    assert abs(pack - pieces * one) <= Decimal("0.001") * pieces
