"""Pictures as people upload them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def draw(format_name: str = "JPEG", size: tuple[int, int] = (900, 600), **options: Any) -> bytes:
    """Return a file of two colours."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (0, 0, size[0] // 2, size[1]))
    picture.save(out, format_name, **options)
    return out.getvalue()
