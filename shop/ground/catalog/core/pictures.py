"""Uploaded pictures made into files of fixed sizes: decoded whole, turned, stripped, re-encoded.

Nothing that was uploaded is ever served. What cannot be decoded as one of the formats is refused
with the code of a sentence.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
MOST_BYTES = 15_000_000
MOST_PIXELS = 40_000_000
MOST_SIDE = 12_000
LEAST_SIDE = 40
WIDTHS = (160, 320, 640, 1280)
QUALITY = 82
# What a file of each format begins with: a name or a declared type says nothing.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


class PictureRefused(Exception):
    """The file is no picture that may be shown; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class MadePicture:
    """WebP files by width, widest last. `digest` begins their names: same file, same names."""

    digest: str
    width: int
    height: int
    files: tuple[tuple[int, bytes], ...]

    @property
    def widths(self) -> list[int]:
        """The widths there are."""
        return [width for width, _file in self.files]


def looks_like_picture(beginning: bytes) -> bool:
    """Return whether a file begins as one of the formats does: told before it is kept.

    >>> looks_like_picture(b"<svg xmlns="), looks_like_picture(b"\\x89PNG\\r\\n\\x1a\\n....")
    (False, True)
    """
    return beginning.startswith(_BEGINNINGS) or beginning[4:12] in (b"ftypavif", b"ftypavis")


def make_picture(upload: bytes) -> MadePicture:
    """Return the files made of an upload. Raises PictureRefused.

    The first frame only; no metadata, no colour profile, no place where it was taken is kept. No
    file is wider than the upload is.
    """
    if len(upload) > MOST_BYTES:
        raise PictureRefused("too_big")
    if not looks_like_picture(upload[:12]):
        raise PictureRefused("no_picture")
    picture = _decode(upload)
    widths = [width for width in WIDTHS if width < picture.width]
    if len(widths) < len(WIDTHS):
        widths.append(min(picture.width, WIDTHS[-1]))
    files = tuple((width, _encode(picture, width)) for width in widths)
    digest = hashlib.sha256(files[-1][1]).hexdigest()[:32]
    wide = widths[-1]
    return MadePicture(digest, wide, max(1, round(picture.height * wide / picture.width)), files)


def _decode(upload: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(upload), formats=FORMATS) as opened:
                _require_size(opened.width, opened.height)
                opened.load()  # all of it: a file that ends too soon is none
                turned = ImageOps.exif_transpose(opened)
                plain = turned.convert("RGBA" if _has_alpha(turned) else "RGB")
        except PictureRefused:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
            raise PictureRefused("too_many_pixels") from bomb
        except UnidentifiedImageError as unknown:
            raise PictureRefused("no_picture") from unknown
        except Exception as broken:  # Pillow's plugins raise many kinds on broken files
            raise PictureRefused("broken") from broken
    return plain


def _require_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise PictureRefused("too_many_pixels")
    if min(width, height) < LEAST_SIDE:
        raise PictureRefused("too_small")


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _encode(picture: Image.Image, width: int) -> bytes:
    height = max(1, round(picture.height * width / picture.width))
    made = (
        picture
        if width == picture.width
        else picture.resize((width, height), Image.Resampling.LANCZOS)
    )
    clean = Image.new(made.mode, made.size)
    clean.paste(made)
    out = io.BytesIO()
    clean.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()
