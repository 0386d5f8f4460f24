"""Pages, drawings and answers of the API travel compressed; everything else as it is."""

from __future__ import annotations

import gzip

import pytest
from django.http import HttpRequest, HttpResponse

from shop.doors.web.middleware import Compression

LONG = b"milk and bread " * 100


def answer_to(kind: str, path: str = "/") -> HttpResponse:
    """Return what a client that takes gzip gets for a long body of this content type."""
    request = HttpRequest()
    request.path_info = path
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    made = Compression(lambda _request: HttpResponse(LONG, content_type=kind))(request)
    assert isinstance(made, HttpResponse)
    return made


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/svg+xml"])
def test_pages_and_drawings_are_compressed(kind: str) -> None:
    answer = answer_to(kind)
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == LONG
    assert len(answer.content) < 300


def test_answers_of_the_api_are_compressed_and_padded() -> None:
    answers = [answer_to("application/json", "/api/v1/categories") for _ in range(20)]
    assert {gzip.decompress(answer.content) for answer in answers} == {LONG}
    assert len({len(answer.content) for answer in answers}) > 1


@pytest.mark.parametrize("kind", ["image/webp", "application/json"])
def test_photographs_and_data_are_left_alone(kind: str) -> None:
    assert answer_to(kind).content == LONG
