"""A JSON body is read, or refused with the reason; it never hurts the process."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import zlib

import pytest
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from shop.doors.api.parsers import MAX_BODY_BYTES, BodyRefused, parse_json, read_json, unpack_gzip

post = RequestFactory().post


def nest(levels: int) -> bytes:
    return b"[" * levels + b"1" + b"]" * levels


def test_an_object_is_read() -> None:
    request = post("/", b'{"quantity": 2}', content_type="application/json")
    assert read_json(request) == {"quantity": 2}


def test_an_empty_body_is_an_empty_object() -> None:
    assert read_json(post("/", b"", content_type="application/json")) == {}


@pytest.mark.parametrize(
    ("_case", "body", "code"),
    [
        ("no JSON", b"{quantity: 2}", "body_malformed"),
        ("not UTF-8", b'"\xff"', "body_malformed"),
        ("UTF-16", '"a"'.encode("utf-16"), "body_malformed"),
        ("NaN", b"[NaN]", "body_malformed"),
        ("infinity by overflow", b"[1e999]", "body_malformed"),
        ("a number of 5,000 digits", b"9" * 5_000, "body_malformed"),
        ("a number of 19 digits", b"9" * 19, "body_malformed"),
        ("21 levels", nest(21), "body_too_deep"),
        ("100,000 levels", nest(100_000), "body_too_deep"),
        ("21 levels of objects", b'{"a":' * 21 + b"1" + b"}" * 21, "body_too_deep"),
        ("a NUL", b'{"q": "\\u0000"}', "body_malformed"),
        ("a NUL in a key", b'{"a": [{"\\u0000": 1}]}', "body_malformed"),
        ("half a surrogate pair", b'["\\uD83d"]', "body_malformed"),
        ("half a surrogate pair as key", b'{"\\udc00": 1}', "body_malformed"),
    ],
)
def test_a_bad_body_is_refused(_case: str, body: bytes, code: str) -> None:
    with pytest.raises(BodyRefused) as refused:
        parse_json(body)
    assert refused.value.code == code


def test_twenty_levels_and_whole_surrogate_pairs_are_read() -> None:
    assert parse_json(nest(20)) == json.loads(nest(20))
    assert parse_json(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert parse_json(b"123456789012345678") == 123_456_789_012_345_678


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(10**16), 10**16)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
        max_leaves=20,
    )
)
def test_every_sane_value_comes_through(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(BodyRefused):
        parse_json(body)


def test_another_media_type_is_refused() -> None:
    with pytest.raises(BodyRefused) as refused:
        read_json(post("/", b"a=1", content_type="application/x-www-form-urlencoded"))
    assert refused.value.code == "media_type_unsupported"


def test_gzip_is_read_only_where_it_is_expected() -> None:
    packed = gzip.compress(b'{"events": []}', mtime=0)
    request = post(
        "/", packed, content_type="application/json", headers={"content-encoding": "gzip"}
    )
    assert read_json(request, may_be_gzip=True) == {"events": []}
    with pytest.raises(BodyRefused) as refused:
        read_json(request)
    assert refused.value.code == "encoding_unsupported"


def test_a_gzip_bomb_is_refused_after_one_mebibyte() -> None:
    bomb = gzip.compress(b"0" * 300_000_000, compresslevel=9, mtime=0)
    assert len(bomb) < MAX_BODY_BYTES
    with pytest.raises(BodyRefused) as refused:
        unpack_gzip(bomb)
    assert refused.value.code == "body_too_large"


def test_exactly_one_mebibyte_unpacks_and_one_byte_more_does_not() -> None:
    assert len(unpack_gzip(gzip.compress(b"0" * MAX_BODY_BYTES, mtime=0))) == MAX_BODY_BYTES
    with pytest.raises(BodyRefused):
        unpack_gzip(gzip.compress(b"0" * (MAX_BODY_BYTES + 1)))


@pytest.mark.parametrize(
    ("_case", "packed"),
    [
        ("cut short", gzip.compress(b"[1, 2, 3]", mtime=0)[:-4]),
        (
            "followed by a second member",
            gzip.compress(b"[1]", mtime=0) + gzip.compress(b"[2]", mtime=0),
        ),
        ("zlib, not gzip", zlib.compress(b"[1]")),
        ("no gzip at all", b"[1]"),
    ],
)
def test_damaged_gzip_is_refused(_case: str, packed: bytes) -> None:
    with pytest.raises(BodyRefused) as refused:
        unpack_gzip(packed)
    assert refused.value.code == "body_malformed"


def test_an_announced_length_over_the_limit_is_not_even_read() -> None:
    request = post("/", b"0" * (MAX_BODY_BYTES + 1), content_type="application/json")
    with pytest.raises(RequestDataTooBig):
        read_json(request)


def test_an_address_may_have_a_limit_of_its_own() -> None:
    body = b'"' + b"0" * MAX_BODY_BYTES + b'"'
    request = post("/", body, content_type="application/json")
    assert len(read_json(request, limit=2 * MAX_BODY_BYTES)) == MAX_BODY_BYTES
    longer = post("/", body * 2, content_type="application/json")
    with pytest.raises(BodyRefused, match="larger than 2 MiB") as refused:
        read_json(longer, limit=2 * MAX_BODY_BYTES)
    assert (refused.value.code, refused.value.detail["limit_bytes"]) == (
        "body_too_large",
        2 * MAX_BODY_BYTES,
    )


def test_a_chunked_body_is_read_to_its_end_or_limit() -> None:
    def chunked(body: bytes) -> HttpRequest:
        request = post("/", HTTP_TRANSFER_ENCODING="chunked", CONTENT_TYPE="application/json")
        request.META |= {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}
        return request

    assert read_json(chunked(b'{"quantity": 2}')) == {"quantity": 2}
    with pytest.raises(BodyRefused) as refused:
        read_json(chunked(b" " * (MAX_BODY_BYTES + 1)))
    assert refused.value.code == "body_too_large"
