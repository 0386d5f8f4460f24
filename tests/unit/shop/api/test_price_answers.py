"""A price is written once for as long as its view holds; plain ids skip the serializer alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.values import PriceView, Reason
from shop.doors.api.v1.serializers.prices import (
    MAX_QUOTED_VARIANTS,
    PriceSerializer,
    QuoteRequestSerializer,
)
from shop.doors.api.v1.views.prices import find_plain_ids

QUOTE_ID = "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c11"
VIEW = PriceView(
    variant_id=7,
    currency="USD",
    list_minor=500,
    public_minor=450,
    quoted_minor=420,
    is_personal=True,
    label="Personal price",
    label_code="ny",
    quote_id=UUID(QUOTE_ID),
    token="token",
    rung="personal",
    reasons=(Reason("public", 450, "The public price"), Reason("offer", -30, "For you")),
)


def amount(minor: int, display: str) -> str:
    return f'{{"minor":{minor},"currency":"USD","exponent":2,"display":"{display}"}}'


TEXT = (
    f'{{"variant_id":7,"list_price":{amount(500, "$5.00")},"public_price":{amount(450, "$4.50")}'
    f',"quoted_price":{amount(420, "$4.20")},"is_personal":true,"label_code":"ny"'
    ',"label":"Personal price","reference_price":null,"reference_name":"","reference_note":""'
    ',"unit_price":null'
    ',"unit_label":"","spoken":"Your price $4.20, Everyone $4.50, Personal price"'
    ',"rung":"personal","reasons":['
    f'{{"code":"public","amount":{amount(450, "$4.50")},"text":"The public price"}}'
    f',{{"code":"offer","amount":{amount(-30, "-$0.30")},"text":"For you"}}]'
    f',"quote_id":"{QUOTE_ID}","quote_token":"token","expires_at":null'
    f',"why_url":"/api/v1/quotes/{QUOTE_ID}/why","opt_out_url":"/api/v1/consent/price"}}'
)


def test_a_price_is_written_as_it_is_described() -> None:
    assert PriceSerializer.to_json(VIEW, "en_US") == TEXT


def test_another_view_with_the_same_token_is_written_anew() -> None:
    assert '"quoted_price":{"minor":420' in PriceSerializer.to_json(VIEW, "en_US")
    lower = replace(VIEW, quoted_minor=400)
    assert '"quoted_price":{"minor":400' in PriceSerializer.to_json(lower, "en_US")


odd = st.one_of(st.booleans(), st.floats(), st.text(max_size=3), st.none(), st.integers())
bodies = st.one_of(
    odd,
    st.lists(st.integers(1, 9), max_size=3),
    st.fixed_dictionaries({}, optional={"variant_ids": st.lists(odd, max_size=4), "more": odd}),
    st.fixed_dictionaries(
        {"variant_ids": st.lists(st.integers(1, 2**64), max_size=MAX_QUOTED_VARIANTS + 1)}
    ),
)


@given(body=bodies)
def test_ids_are_plain_only_where_the_serializer_reads_the_same(body: Any) -> None:
    found = find_plain_ids(body)
    checked = QuoteRequestSerializer(data=body)
    if found is not None:
        assert checked.is_valid()
        assert checked.validated_data == {"variant_ids": found}


def test_a_hundred_plain_ids_need_no_serializer() -> None:
    assert find_plain_ids({"variant_ids": list(range(1, 101))}) == list(range(1, 101))
    assert find_plain_ids({"variant_ids": list(range(1, 102))}) is None
