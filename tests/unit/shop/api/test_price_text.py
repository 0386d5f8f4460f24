"""A price written at once is the very JSON of its dict; plain ids skip the serializer alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.values import PriceView, Reason
from shop.doors.api.responses import encode_json
from shop.doors.api.v1.bodies.price_text import price_text
from shop.doors.api.v1.bodies.prices import price_body
from shop.doors.api.v1.serializers.prices import MAX_QUOTED_VARIANTS, QuoteRequestSerializer
from shop.doors.api.v1.views.prices import find_plain_ids

minors = st.integers(-(10**9), 10**12)
words = st.text(max_size=20)
moments = st.none() | st.datetimes(timezones=st.timezones())
views = st.builds(
    PriceView,
    variant_id=st.integers(1, 2**63 - 1),
    currency=st.sampled_from(["USD", "JPY", "KWD", "CNY"]),
    list_minor=minors,
    public_minor=minors,
    quoted_minor=minors,
    is_personal=st.booleans(),
    reference_minor=st.none() | minors,
    reference_note=words,
    label_code=words,
    label=words,
    quote_id=st.none() | st.uuids(),
    token=st.none() | words,
    expires_at=moments,
    rung=st.sampled_from(["personal", "book", "public"]),
    reasons=st.lists(st.builds(Reason, words, minors, words), max_size=3).map(tuple),
    unit_minor=st.none() | minors,
    unit_label=words,
)


@given(price=views, locale=st.sampled_from(["en_US", "zh_Hans_CN"]))
def test_the_text_is_what_encoding_the_body_gives(price: PriceView, locale: str) -> None:
    assert price_text(price, locale) == encode_json(price_body(price, locale))


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
