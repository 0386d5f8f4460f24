"""The price component: what it draws, and what it can never leave out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.values import PriceView
from shop.doors.storefront.templatetags.shop_site import cut_text, price_fields

QUOTE = UUID("0198c5e0-0000-7000-8000-000000000001")
NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
SITE = {"language": "en", "locale": "en_US", "currency": "USD"}


def view(**changes: Any) -> PriceView:
    fields: dict[str, Any] = {
        "variant_id": 42,
        "currency": "USD",
        "list_minor": 420,
        "public_minor": 400,
        "quoted_minor": 400,
        "is_personal": False,
    }
    return PriceView(**{**fields, **changes})


def personal(**changes: Any) -> PriceView:
    own = {
        "quoted_minor": 372,
        "is_personal": True,
        "label": "Personalized price, set automatically",
        "quote_id": QUOTE,
        "unit_minor": 82,
        "unit_label": "100 g",
    }
    return view(**{**own, **changes})


def draw(price: PriceView, site: dict[str, str] = SITE, shape: str = "") -> str:
    source = "{% load shop_site %}{% price view shape 'Cheddar' %}"
    return Template(source).render(Context({"shop": site, "view": price, "shape": shape}))


def test_a_public_price_shows_itself_alone() -> None:
    html = draw(view())
    assert "$4.00" in html
    for missing in ("Price for everyone", "price__label", "Why", "Switch off", "<s>"):
        assert missing not in html


@pytest.mark.parametrize("shape", ["", "page", "line"])
def test_a_personal_price_shows_both_prices_label_reason_and_switch(shape: str) -> None:
    html = draw(personal(), shape=shape)
    assert "$3.72" in html
    assert "Price for everyone <b>$4.00</b>" in html
    assert '<p class="price__label">Personalized price, set automatically</p>' in html
    assert f"/why/{QUOTE}/" in html
    assert 'form="switch-off">Switch off</button>' in html
    assert "$0.82 / 100 g" in html


def test_the_words_of_new_york_are_exactly_the_laws() -> None:
    assert f'<p class="price__label">{NY}</p>' in draw(personal(label=NY))


def test_a_personal_price_in_chinese_is_all_chinese() -> None:
    site = {"language": "zh-hans", "locale": "zh_Hans_CN", "currency": "USD"}
    html = draw(personal(label="个性化价格"), site)
    assert "US$3.72" in html
    assert "/zh-hans/why/" in html
    for english in ("Your price", "Price for everyone", "Why", "Switch off"):
        assert english not in html


def test_a_was_price_shows_only_above_the_public_price() -> None:
    html = draw(view(reference_minor=500, reference_note="median paid in 90 days"))
    assert "<s>$5.00</s>" in html
    assert "−20 %" in html
    assert "median paid in 90 days" in html
    assert "<s>" not in draw(view(reference_minor=400))
    assert "<s>" not in draw(view(reference_minor=399))


def test_the_reduction_is_counted_from_the_public_price() -> None:
    assert "−20 %" in draw(personal(reference_minor=500))


@given(reference=st.integers(2, 10**7), public=st.integers(1, 10**7))
def test_a_percentage_never_claims_more_than_the_reduction(reference: int, public: int) -> None:
    if public < reference:
        percent = int(cut_text(reference, public).strip("− %") or 0)
        assert percent * reference <= (reference - public) * 100 < (percent + 1) * reference


def test_text_from_elsewhere_is_escaped() -> None:
    html = draw(personal(label="<script>alert(1)</script>", unit_label="<b>"))
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@given(
    public=st.integers(1, 10**6),
    cut=st.integers(0, 10**5),
    label=st.text(min_size=1, max_size=60).filter(str.strip),
)
def test_no_personal_price_can_be_drawn_without_its_label(
    public: int, cut: int, label: str
) -> None:
    price = personal(public_minor=public, quoted_minor=max(0, public - cut), label=label)
    fields = price_fields(price, language="en", locale="en_US")
    assert fields["is_mine"] is True
    assert fields["label"] == label
