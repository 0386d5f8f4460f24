"""Pages and drawings travel compressed; everything else as it is."""

from __future__ import annotations

import gzip

import pytest
from django.http import HttpRequest, HttpResponse

from shop.doors.web.middleware import PageCompression

LONG = b"milk and bread " * 100


def answer_to(kind: str) -> HttpResponse:
    """Return what a browser that takes gzip gets for a long body of this content type."""
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = "gzip"
    made = PageCompression(lambda _request: HttpResponse(LONG, content_type=kind))(request)
    assert isinstance(made, HttpResponse)
    return made


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/svg+xml"])
def test_pages_and_drawings_are_compressed(kind: str) -> None:
    answer = answer_to(kind)
    assert answer["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.content) == LONG
    assert len(answer.content) < 300


@pytest.mark.parametrize("kind", ["image/webp", "application/json"])
def test_photographs_and_data_are_left_alone(kind: str) -> None:
    assert answer_to(kind).content == LONG
