"""Uploads made into pictures, and what no upload may do."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from shop.ground.catalog.core.pictures import MOST_BYTES, WIDTHS, PictureRefused, make_picture
from tests.factories.pictures import draw


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG that says it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1_000)), (b"IEND", b"")]
    packed = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + packed


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_each_format_becomes_webp_in_fixed_sizes(format_name: str) -> None:
    made = make_picture(draw(format_name, (2_000, 1_000)))
    assert made.widths == list(WIDTHS)
    assert (made.width, made.height) == (1_280, 640)
    for width, content in made.files:
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (width, width // 2))
    assert made == make_picture(draw(format_name, (2_000, 1_000)))


def test_a_small_picture_is_never_blown_up() -> None:
    assert make_picture(draw(size=(200, 100))).widths == [160, 200]
    assert make_picture(draw(size=(100, 60))).widths == [100]


def test_a_picture_is_turned_and_stripped_of_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Camera of Alice"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 0.0)  # where it was taken
    upload = draw(size=(900, 600), exif=exif)
    assert b"Camera of Alice" in upload
    made = make_picture(upload)
    assert (made.width, made.height) == (600, 900)
    for _, content in made.files:
        assert b"Camera of Alice" not in content
        assert b"EXIF" not in content
        with Image.open(io.BytesIO(content)) as picture:
            assert not picture.getexif()


def test_what_is_seen_through_stays_so() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 300), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(make_picture(out.getvalue()).files[-1][1])) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((10, 10))[3] == 0  # type: ignore[index]  # four bands


ATTACKS = {
    "svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "no_picture",
    ),
    "html": (b"<!doctype html><script>alert(1)</script>", "no_picture"),
    "gif": (draw("GIF"), "no_picture"),
    "tiff": (draw("TIFF"), "no_picture"),
    "empty": (b"", "no_picture"),
    "a gif that begins like a JPEG": (b"\xff\xd8\xff" + draw("GIF"), "no_picture"),
    "another RIFF": (b"RIFF\x24\x00\x00\x00WAVEfmt " + b"\0" * 100, "no_picture"),
    "ends too soon": (draw(size=(900, 600))[:2_000], "broken"),
    "PNG without its end": (draw("PNG", (900, 600))[:200], "broken"),
    "says it is huge": (bomb(60_000, 60_000), "too_many_pixels"),
    "says it is rather huge": (bomb(13_000, 41), "too_many_pixels"),
    "a dot": (draw(size=(1, 1)), "too_small"),
    "too many bytes": (draw() + b"\0" * MOST_BYTES, "too_big"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_with_a_reason(name: str) -> None:
    upload, code = ATTACKS[name]
    with pytest.raises(PictureRefused) as refused:
        make_picture(upload)
    assert refused.value.code == code


def test_nothing_behind_a_picture_survives() -> None:
    polyglot = draw() + b"<script>alert(1)</script>PK\x03\x04<?php system($_GET[0]);"
    for _, content in make_picture(polyglot).files:
        assert b"<script" not in content
        assert b"<?php" not in content
