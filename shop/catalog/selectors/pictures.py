"""Pictures of products as pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from shop.catalog.core.photos import Picture
from shop.catalog.models import ProductPicture
from shop.catalog.selectors.tree import is_chinese


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


def picture_file(digest: str, width: int) -> str:
    """Return the path of a file below the media folder.

    >>> picture_file("ab12", 320)
    'products/ab/ab12-320.webp'
    """
    return f"products/{digest[:2]}/{digest}-{width}.webp"


def picture_address(digest: str, width: int) -> str:
    """Return the address of a picture's file."""
    return f"{settings.MEDIA_URL}{picture_file(digest, width)}"


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
