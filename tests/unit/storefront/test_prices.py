"""The price block: its four rows in each state, in each place, and what it can never leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.texts import GERMAN_LOWEST, say
from pricing.base.core.values import PriceView
from pricing.ledger.core.record import PUBLIC_TEST, STATUTORY
from promotions.offers.api import Deal, LinePreview, PriceBlock, ProductFacts, build_price_block
from promotions.offers.selectors.price_block import percent_off
from shop.doors.storefront.templatetags.shop_site import draw_price, price_fields

QUOTE = UUID("0198c5e0-0000-7000-8000-000000000001")
AT = datetime(2026, 12, 1, tzinfo=UTC)
LABEL = "Personalised price, set automatically"
# A gallon of milk for 2.79: four quarts.
MILK = PriceView(42, "USD", 300, 279, 279, False, unit_minor=70, unit_label="qt", units=4.0)
MINE = replace(
    MILK, quoted_minor=259, is_personal=True, label=LABEL, label_code="eu", quote_id=QUOTE
)


def offer(adjusted: int, **changes: Any) -> LinePreview:
    return LinePreview(42, adjusted, 279, **{"labels": ("Dairy week",), "ends_at": AT, **changes})


def rows(block: PriceBlock) -> tuple[str, ...]:
    """The four rows and the ribbon, as they are read."""
    compared = "" if block.comparison is None else block.comparison.said
    unit = " ".join(filter(None, (block.unit, block.unit_several)))
    return (f"{block.now} {block.cut}".strip(), compared, unit, block.tag, block.ribbon)


EVERY = "Everyone $2.79"
TWO = Deal(7, "Any 2 of Milk for $5.00", 2, 500)
WAS = replace(MILK, public_minor=249, quoted_minor=249, reference_minor=279)
NAMED = replace(WAS, reference_name=say("reference_name:eu_low30_offered_before_start", "en"))
STATES: list[tuple[str, PriceView, dict[str, Any], tuple[str, ...]]] = [
    ("public", MILK, {}, ("$2.79", "", "$0.70/qt", "", "")),
    ("was", NAMED, {}, ("$2.49 −10%", "30-day low $2.79", "$0.62/qt", "", "")),
    ("mine", MINE, {}, ("$2.59", EVERY, "$0.65/qt", "Auto-set personal price", "")),
    (
        "mine and an offer",
        MINE,
        {"offer": offer(233, everyone_minor=251)},
        ("$2.33", "Everyone $2.51", "$0.58/qt", "Auto-set personal price", "Dairy week"),
    ),
    (
        "everybody's offer",
        MILK,
        {"offer": offer(251)},
        ("$2.51", "", "$0.63/qt", "", "Dairy week"),
    ),
    (
        "member",
        MILK,
        {"offer": offer(249, audience="members", everyone_minor=279)},
        ("$2.49", EVERY, "$0.62/qt", "Signed-in price", "Dairy week"),
    ),
    (
        "guest",
        MILK,
        {"members_minor": 249},
        ("$2.79", "$2.49 with a free account", "$0.70/qt", "", ""),
    ),
    (
        "several",
        MILK,
        {"offer": offer(279, labels=(), deals=(TWO,))},
        ("$2.79", "2 for $5.00, $2.50 each", "$0.70/qt for 2 $0.63", "", ""),
    ),
    (
        "test",
        replace(MILK, label_code=PUBLIC_TEST, label="Price test"),
        {},
        ("$2.79", "", "$0.70/qt", "Price test for everyone", ""),
    ),
    ("sold out", MILK, {"goods": ProductFacts(True)}, ("$2.79", "", "$0.70/qt", "", "Sold out")),
    (
        "tobacco",
        replace(MILK, unit_minor=None, units=0.0),
        {"goods": ProductFacts(is_same_for_all=True, minimum_age=21)},
        ("$2.79", "", "", "Same for everyone", "21+"),
    ),
    (
        "an offer for one shopper",
        MILK,
        {"offer": offer(251, audience="personal", own_offer_id=3, everyone_minor=279)},
        ("$2.51", EVERY, "$0.63/qt", "Personal offer", "Dairy week"),
    ),
    (
        "a piece that completes a set",
        MILK,
        {"offer": offer(0)},
        ("$2.79", "Free with your cart", "$0.70/qt", "", "Dairy week"),
    ),
]


@pytest.mark.parametrize(("price", "given_", "expected"), [row[1:] for row in STATES])
def test_each_state_has_its_rows(
    price: PriceView, given_: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert rows(build_price_block(price, "en", **given_)) == expected


REACHING: list[tuple[PriceView, int | None, dict[str, Any], str]] = [
    (MILK, None, {}, ""),
    (MILK, None, {"adjusted": 249, "audience": "members", "everyone_minor": 279}, EVERY),
    (MILK, 249, {}, "$2.49 with a free account"),
    (MINE, None, {"adjusted": 259}, EVERY),
    (NAMED, None, {"adjusted": 249}, "30-day low $2.79"),
    (MILK, None, {"deals": (TWO,)}, ""),
]


@pytest.mark.parametrize(("price", "members", "given_", "compared"), REACHING)
def test_what_a_piece_brings_stands_beside_every_comparison(
    price: PriceView, members: int | None, given_: dict[str, Any], compared: str
) -> None:
    reaching = offer(**{"adjusted": 279, "reached_minor": 500, **given_})
    block = build_price_block(price, "en", reaching, members)
    assert rows(block)[1] == compared
    assert "Brings $5.00 off your order" in block.spoken
    assert "Brings $5.00 off your order</p>" in draw_price(block, "en", about="Milk")


def test_a_test_price_strikes_nothing_through_and_yields_to_members() -> None:
    tested = replace(NAMED, label_code=PUBLIC_TEST, label="Price test")
    assert build_price_block(tested, "en").comparison is None
    block = build_price_block(tested, "en", replace(offer(229), audience="members"))
    assert (block.kind, block.now) == ("members", "$2.29")


def test_a_block_is_spoken_in_one_sentence() -> None:
    assert build_price_block(MINE, "en").spoken == (
        f"Your price $2.59, Everyone $2.79, $0.65 per quart, {LABEL}"
    )
    mine = replace(MINE, label="个性化价格", unit_label="夸脱")
    assert build_price_block(mine, "zh-hans").spoken == (
        "您的价格 US$2.59、公开价 US$2.79、每夸脱 US$0.65、个性化价格"
    )
    loose = build_price_block(MILK, "en", goods=ProductFacts(is_loose=True))
    assert loose.spoken == "$0.70 per quart, about $2.79 each"
    compared = build_price_block(MINE, "en", goods=ProductFacts(is_loose=True))
    assert compared == build_price_block(MINE, "en")  # "Everyone" is of a piece: so is row 1
    assert build_price_block(NAMED, "en").spoken == (
        "$2.49, reduced by 10%, 30-day low $2.79, $0.62 per quart"
    )


# place: label code, label, strategy; what the tag says and how the reference is called
PLACES = [
    ("EU", "eu", LABEL, "30-day low", "Auto-set personal price"),
    ("DE", "eu", LABEL, GERMAN_LOWEST, "Auto-set personal price"),
    ("UK", "eu", LABEL, "30-day low at which it sold", "Auto-set personal price"),
    ("CN", "cn", "Personalised price", "7-day low paid", "Personal price"),
    ("US-NY", "us-ny", STATUTORY, "90-day median paid", STATUTORY),
    ("US-MD", "generic", "Personal price", "90-day median paid", "Auto-set personal price"),
    ("US-CT", "generic", "Personal price", "90-day median paid", "Auto-set personal price"),
    ("US-other", "generic", "Personal price", "90-day median paid", "Auto-set personal price"),
]


@pytest.mark.parametrize(("place", "code", "label", "reference", "tag"), PLACES)
def test_each_place_has_its_label_and_reference(
    place: str, code: str, label: str, reference: str, tag: str
) -> None:
    block = build_price_block(replace(MINE, label_code=code, label=label), "en")
    assert (block.tag, block.label, block.can_switch_off) == (tag, label, place == "CN")
    page = draw_price(block, "en", about="Milk", shape="page")
    assert f">{label}<span" in page
    for shape in ("", "line", "bar"):
        html = draw_price(block, "en", about="Milk", shape=shape)
        assert f">{tag}<span" in html
        assert label in html
        assert ('form="switch-off"' in html) is (place == "CN")
    was = build_price_block(replace(WAS, reference_name=reference), "en")
    assert was.comparison is not None
    assert was.comparison.language == ("de" if place == "DE" else "")
    html = draw_price(was, "en", about="Milk")
    assert f"{reference} </span><s>$2.79</s>" in html
    assert "−10%" in html


def test_the_words_of_new_york_are_exactly_the_laws() -> None:
    assert STATUTORY == "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
    label = f"{STATUTORY} 此价格由算法使用您的个人数据设定。"
    block = build_price_block(replace(MINE, label=label, label_code="us-ny"), "zh-hans")
    assert block.tag == STATUTORY
    assert f'lang="en">{STATUTORY}<span' in " ".join(
        draw_price(block, "zh-hans", about="牛奶").split()
    )


def test_a_place_without_a_rule_shows_one_price_alone() -> None:
    html = draw_price(build_price_block(MILK, "en"), "en", about="Milk")
    assert "$2.79" in html
    for missing in ("Everyone", "price__tag", "switch-off", "<s>", "/why/"):
        assert missing not in html


@pytest.mark.parametrize("shape", ["", "page", "line", "order"])
def test_a_personal_price_shows_both_prices_and_leads_to_why(shape: str) -> None:
    html = draw_price(build_price_block(MINE, "en"), "en", about="Milk", shape=shape)
    assert "<span>$2.59</span>" in html
    assert "Everyone $2.79" in html
    assert f'hx-get="/why/{QUOTE}/?variant=42"' in html
    assert LABEL in html
    assert "<s>" not in html


def test_a_personal_price_in_chinese_is_all_chinese() -> None:
    block = build_price_block(replace(MINE, label="个性化价格"), "zh-hans")
    html = draw_price(block, "zh-hans", about="牛奶")
    assert "US$2.59" in html
    assert "/zh-hans/why/" in html
    for english in ("Your price", "Everyone", "Auto-set", "per "):
        assert english not in html


def test_a_reference_shows_only_above_what_is_paid() -> None:
    for reference in (249, 248):
        block = build_price_block(replace(WAS, reference_minor=reference), "en")
        assert (block.percent, block.comparison) == (0, None)


@given(reference=st.integers(2, 10**7), now=st.integers(1, 10**7))
def test_a_percentage_never_claims_more_than_the_reduction(reference: int, now: int) -> None:
    percent = percent_off(reference, now)
    if now < reference:
        assert percent * reference <= (reference - now) * 100 < (percent + 1) * reference
    else:
        assert percent == 0


def test_text_from_elsewhere_is_escaped() -> None:
    mine = replace(MINE, label="<script>alert(1)</script>", unit_label="<b>")
    html = draw_price(build_price_block(mine, "en"), "en", about="<i>", shape="page")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@given(
    public=st.integers(2, 10**6),
    cut=st.integers(1, 10**5),
    label=st.text(min_size=1, max_size=60).filter(str.strip),
)
def test_no_personal_price_can_be_drawn_without_its_label(
    public: int, cut: int, label: str
) -> None:
    quoted = max(1, public - cut)
    price = replace(MINE, public_minor=public, quoted_minor=quoted, label=label)
    fields = price_fields(build_price_block(price, "en"), language="en")
    assert str(fields["spoken"]).endswith(label)
    assert fields["tag"]
    assert fields["compared"] == "everyone"
