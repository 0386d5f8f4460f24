"""Pictures as people upload them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from shop.ground.catalog.models import ProductPicture, Variant
from shop.ground.catalog.selectors import forget_catalog


def draw(format_name: str = "JPEG", size: tuple[int, int] = (900, 600), **options: Any) -> bytes:
    """Return a file of two colours."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (0, 0, size[0] // 2, size[1]))
    picture.save(out, format_name, **options)
    return out.getvalue()


def show_picture(variant_id: int, **fields: Any) -> str:
    """Give the product of a variant a picture that is ready, twice as high as wide, and return
    what its addresses begin with."""
    known: dict[str, Any] = {
        "state": "ready",
        "digest": "ab" * 16,
        "source_digest": "cd" * 32,
        "widths": [160, 320],
        "width": 320,
        "height": 640,
        "file_name": "front.jpg",
        "created_at": datetime(2026, 11, 25, 12, tzinfo=UTC),
    }
    product = Variant.objects.get(pk=variant_id).product
    row = ProductPicture.objects.create(product=product, **known | fields)
    forget_catalog()
    return f"/media/products/{row.digest[:2]}/{row.digest}"
