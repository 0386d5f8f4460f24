"""Read a JSON body and refuse what could hurt: bombs, deep nests, endless numbers, bad text."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from rest_framework.parsers import BaseParser

from shop.ground.kernel.errors import FairtagError

MAX_BODY_BYTES = 1_048_576
FORM_TYPE = "multipart/form-data"
MAX_DEPTH = 20
MAX_DIGITS = 18
GZIP_WINDOW = 31  # zlib's way to say "with a gzip header"
# PostgreSQL text holds no NUL, UTF-8 no half of a surrogate pair; JSON can escape both.
_LONG_NUMBER = re.compile(rb"[-0-9]{%d}" % (MAX_DIGITS + 1))
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class BodyRefused(FairtagError):
    """The body is no acceptable JSON; `code` says in which way."""

    code = "body_malformed"


class JsonParser(BaseParser):
    """Names the one media type for the OpenAPI schema; `read_json` does the reading."""

    media_type = "application/json"


def read_json(
    request: HttpRequest, *, may_be_gzip: bool = False, limit: int = MAX_BODY_BYTES
) -> Any:
    """Return the JSON value in the body of `request`; an empty body is an empty object.

    Raises BodyRefused: `body_too_large` over `limit` (after unpacking), `body_too_deep`,
    `media_type_unsupported`, `encoding_unsupported` or `body_malformed`. Django itself raises
    RequestDataTooBig when the announced length is over its own limit of 1 MiB.
    """
    body = _read_body(request, limit)
    if not body:
        return {}
    if request.content_type != JsonParser.media_type:
        raise BodyRefused(
            "Send the body as application/json.",
            code="media_type_unsupported",
            media_type=str(request.content_type),
        )
    return parse_json(_decode(body, request.headers.get("Content-Encoding", ""), may_be_gzip))


def read_form(
    request: HttpRequest, *, limit: int
) -> tuple[dict[str, str], dict[str, UploadedFile]]:
    """Return the fields and files of a multipart form, the last of each name.

    Raises BodyRefused: `media_type_unsupported`, `body_malformed`, or `body_too_large` before
    anything is read of a body that is announced to be over `limit`. One whose length is not
    announced is read as empty.
    """
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise _too_large(limit)
    if request.content_type != FORM_TYPE:
        raise BodyRefused(
            "Send the files as multipart/form-data.",
            code="media_type_unsupported",
            media_type=str(request.content_type),
        )
    try:
        fields, files = request.POST.dict(), request.FILES
    except MultiPartParserError as error:
        raise BodyRefused("The body is not a valid form.") from error
    _check_texts([*fields.values(), *fields])
    sent = {name: one for name, one in files.items() if isinstance(one, UploadedFile)}
    return {name: str(one) for name, one in fields.items()}, sent


def parse_json(body: bytes) -> Any:
    """Return the value of UTF-8 JSON `body`. Raises BodyRefused."""
    try:
        value = json.loads(
            body.decode(),
            parse_constant=_refuse_constant,
            parse_float=_parse_float,
            # Where nothing is so long, asking about each number would be a call for nothing.
            parse_int=_parse_int if _LONG_NUMBER.search(body) else None,
        )
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # also JSONDecodeError and UnicodeDecodeError
        raise BodyRefused(f"The body is not valid JSON: {error}.") from error
    _check_nest(value, looks_at_text=_SUSPECT_ESCAPE.search(body) is not None)
    return value


def unpack_gzip(body: bytes, *, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return unpacked `body`; never holds more than `limit` + 1 bytes. Raises BodyRefused."""
    unpacker = zlib.decompressobj(wbits=GZIP_WINDOW)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise BodyRefused("The body is not valid gzip.") from error
    if len(unpacked) > limit:
        raise BodyRefused(
            "The unpacked body is larger than 1 MiB.", code="body_too_large", limit_bytes=limit
        )
    if not unpacker.eof or unpacker.unused_data:
        raise BodyRefused("The gzip body is cut short or followed by other bytes.")
    return unpacked


def _is_chunked(request: HttpRequest) -> bool:
    """Return whether the length is not announced and the server marks the end of the body."""
    is_chunked = request.headers.get("Transfer-Encoding", "").lower() == "chunked"
    return is_chunked and bool(request.META.get("wsgi.input_terminated"))


def _read_body(request: HttpRequest, limit: int) -> bytes:
    """Return the body; one announced to be over `limit` is refused before it is read.

    Django reads what Content-Length announces, up to a limit of its own for all addresses.
    """
    if _is_chunked(request):
        return _read_chunked(request, limit)
    if limit <= MAX_BODY_BYTES:
        return request.body
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    if announced > limit:
        raise _too_large(limit)
    return bytes(request.read(announced))


def _read_chunked(request: HttpRequest, limit: int) -> bytes:
    """Return a chunked body, as mobile clients send when they pack on the fly.

    Django reads what Content-Length announces, which is nothing here.
    """
    body: bytes = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> BodyRefused:
    size = f"{limit // 1_048_576} MiB"
    return BodyRefused(f"The body is larger than {size}.", code="body_too_large", limit_bytes=limit)


def _decode(body: bytes, encoding: str, may_be_gzip: bool) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding == "gzip" and may_be_gzip:
        return unpack_gzip(body)
    raise BodyRefused("This content encoding is not accepted here.", code="encoding_unsupported")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _parse_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _check_nest(value: Any, *, looks_at_text: bool) -> None:
    """Walk containers level by level, so that a hostile nest cannot exhaust the stack."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if looks_at_text:
            _check_texts(level)
        containers = [inner for inner in level if type(inner) is dict or type(inner) is list]
        if not containers:
            return
        level = [
            inner
            for outer in containers
            for inner in (outer.values() if type(outer) is dict else outer)
        ]
    raise _too_deep()


def _check_texts(level: list[Any]) -> None:
    for value in level:
        keys = value if type(value) is dict else ()
        for text in (value, *keys):
            if type(text) is str and ("\0" in text or any("\ud800" <= c <= "\udfff" for c in text)):
                raise BodyRefused("Text holds a NUL or half a surrogate pair.")


def _too_deep() -> BodyRefused:
    return BodyRefused(f"The body nests deeper than {MAX_DEPTH} levels.", code="body_too_deep")
