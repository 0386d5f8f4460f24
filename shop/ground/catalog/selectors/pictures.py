"""Pictures of products as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from shop.ground.catalog.core.packs import HEIGHT, RASTERS, WIDTH, Pack, pack_digest
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.models import ProductPicture
from shop.ground.kernel.translation import is_chinese


@dataclass(frozen=True, slots=True)
class EditedPicture:
    """A picture as staff see it: what became of the upload, and its words."""

    picture_id: int
    file_name: str
    state: str
    refusal: str
    alt: str
    alt_zh: str
    picture: Picture | None
    variant_id: int | None
    uploaded_at: datetime
    made_at: datetime | None


def picture_file(digest: str, width: int) -> str:
    """Return the path of a file below the media folder.

    >>> picture_file("ab12", 320)
    'products/ab/ab12-320.webp'
    """
    return f"products/{digest[:2]}/{digest}-{width}.webp"


def picture_address(digest: str, width: int) -> str:
    """Return the address of a picture's file."""
    return f"{settings.MEDIA_URL}{picture_file(digest, width)}"


@lru_cache(maxsize=65_536)
def illustrate(variant_id: int, pack: Pack) -> Picture:
    """Return the drawn pack of a variant. Its address holds what it is drawn from: a browser may
    keep it for good."""
    address = f"{settings.MEDIA_URL}packs/{variant_id}-{pack_digest(pack)}"
    return Picture(
        sizes=((2 * WIDTH, f"{address}.svg"),),
        width=2 * WIDTH,
        height=2 * HEIGHT,
        alt="",
        is_illustration=True,
        rasters=tuple((width, f"{address}-{width}.png") for width in RASTERS),
    )


def list_edited_pictures(product_id: int) -> list[EditedPicture]:
    """Return a product's pictures in their order, whatever their state. One query."""
    rows = ProductPicture.objects.filter(product_id=product_id).order_by("position", "pk")
    return [
        EditedPicture(
            picture_id=row.pk,
            file_name=row.file_name,
            state=row.state,
            refusal=row.refusal,
            alt=row.alt,
            alt_zh=row.alt_zh,
            picture=make_value(row, "en") if row.state == ProductPicture.State.READY else None,
            variant_id=row.variant_id,
            uploaded_at=row.created_at,
            made_at=row.made_at,
        )
        for row in rows
    ]


def list_pictures(product_id: int, language: str) -> list[Picture]:
    """Return the pictures of a product that are ready, in their order. One query."""
    rows = ProductPicture.objects.filter(
        product_id=product_id, state=ProductPicture.State.READY
    ).order_by("position", "pk")
    return [make_value(row, language) for row in rows]


def make_value(row: ProductPicture, language: str) -> Picture:
    """Return a picture with the addresses of its files, narrowest first."""
    words = (row.alt_zh or row.alt) if is_chinese(language) else row.alt
    return Picture(
        sizes=tuple((width, picture_address(row.digest, width)) for width in row.widths),
        width=row.width,
        height=row.height,
        alt=words,
        variant_id=row.variant_id,
    )


def list_leading_pictures() -> list[tuple[int, Picture]]:
    """Return (category, picture) of the most popular product with one in each category, the most
    popular first: active products that are neither sensitive nor age-limited. One query."""
    rows = (
        ProductPicture.objects.filter(
            state=ProductPicture.State.READY,
            variant=None,
            product__is_active=True,
            product__is_sensitive=False,
            product__minimum_age=None,
        )
        .select_related("product")
        .order_by("product__category_id", "-product__popularity", "product_id", "position", "pk")
        .distinct("product__category_id")
    )
    best = sorted(rows, key=lambda row: (-row.product.popularity, row.product_id))
    return [(row.product.category_id, make_value(row, "en")) for row in best]
