"""A logo as it was uploaded, checked and drawn anew: no byte of the upload is served."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2_000_000
MOST_PIXELS = 16_000_000
LEAST_SIDE = 32
LOGO_BOX = (640, 160)
ICON_SIDE = 512


class LogoRefused(ValueError):
    """The upload is no logo: the reason is a code that the form says in words."""


@dataclass(frozen=True, slots=True)
class Logo:
    """The logo (WebP) with its size, and the icon made of it (PNG, square)."""

    webp: bytes
    width: int
    height: int
    icon_png: bytes


def read_logo(data: bytes) -> Logo:
    """Return the uploaded picture drawn anew. Raises LogoRefused with too_large, no_picture,
    too_many_pixels or too_small."""
    if len(data) > MOST_BYTES:
        raise LogoRefused("too_large")
    drawn = _draw(data)
    logo = drawn.copy()
    logo.thumbnail(LOGO_BOX)
    icon = Image.new("RGBA", (ICON_SIDE, ICON_SIDE), (0, 0, 0, 0))
    small = ImageOps.contain(drawn, (ICON_SIDE, ICON_SIDE))
    icon.paste(small, ((ICON_SIDE - small.width) // 2, (ICON_SIDE - small.height) // 2))
    return Logo(_encode(logo, "WEBP"), logo.width, logo.height, _encode(icon, "PNG"))


def _draw(data: bytes) -> Image.Image:
    """Return the pixels alone: no metadata, one frame, turned as the camera says."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as found:
                if found.width * found.height > MOST_PIXELS:
                    raise LogoRefused("too_many_pixels")
                if min(found.size) < LEAST_SIDE:
                    raise LogoRefused("too_small")
                return ImageOps.exif_transpose(found).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise LogoRefused("too_many_pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, LogoRefused):
            raise
        raise LogoRefused("no_picture") from error


def _encode(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()
