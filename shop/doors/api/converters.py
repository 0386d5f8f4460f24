"""Path parameters that cannot hold what the database cannot: no NUL, no endless text."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter


class CategoryPathConverter(StringConverter):
    """The path of a category, such as "grocery/cheese/shredded-cheese"."""

    regex = r"[-a-z0-9_]{1,120}(?:/[-a-z0-9_]{1,120}){0,3}"


class ProductSlugConverter(StringConverter):
    """The slug of a product."""

    regex = r"[-a-zA-Z0-9_]{1,200}"


class OrderNumberConverter(StringConverter):
    """The number of an order."""

    regex = r"[-A-Za-z0-9]{1,32}"


class CodeConverter(StringConverter):
    """A coupon code as entered."""

    regex = r"[^/\x00-\x1f]{1,40}"


class HandleConverter(StringConverter):
    """The merchant's own reference of a product."""

    regex = r"[^/\x00-\x1f\x7f]{1,64}"


class RowIdConverter(StringConverter):
    """A positive id that fits the database's column."""

    regex = r"[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:  # type: ignore[override]  # the base is for text
        """Return the id."""
        return int(value)


def register_converters() -> None:
    """Make the converters known to URL patterns."""
    register_converter(CategoryPathConverter, "category")
    register_converter(ProductSlugConverter, "product")
    register_converter(OrderNumberConverter, "order")
    register_converter(CodeConverter, "code")
    register_converter(HandleConverter, "handle")
    register_converter(RowIdConverter, "row")
