"""A real household to measure with, and the pages it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from pricing.base.core.values import QuoteContext
from shop.ground.kernel.clock import utc_now

LARGEST_CATEGORY = """
    SELECT c.id, c.path, array_agg(v.id ORDER BY p.popularity DESC)
    FROM shop_category c
    JOIN shop_product p ON p.category_id = c.id AND p.is_active
    JOIN shop_variant v ON v.product_id = p.id AND v.is_active
    GROUP BY c.id, c.path ORDER BY sum(p.popularity) DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Errand:
    """Who shops and what for."""

    pseudonym: str
    category_path: str
    variant_ids: tuple[int, ...]
    product_slug: str


@lru_cache(maxsize=1)
def choose_errand() -> Errand:
    """Return the household with most purchases and the best-selling category. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.pseudonym FROM profiles_shopper s JOIN profiles_event e"
            " ON e.shopper_id = s.id WHERE s.consent_price AND s.account_id IS NULL GROUP BY s.id"
            " ORDER BY count(*) DESC LIMIT 1"
        )
        shopper = cursor.fetchone()
        cursor.execute(LARGEST_CATEGORY)
        category = cursor.fetchone()
        if shopper is None or category is None:
            raise SystemExit("bench: the shop is empty; run `./dev demo` once to load it.")
        cursor.execute(
            "SELECT p.slug FROM shop_product p JOIN shop_variant v ON v.product_id = p.id"
            " WHERE v.id = %s",
            [category[2][0]],
        )
        slug = cursor.fetchone()[0]
    return Errand(str(shopper[0]), category[1], tuple(category[2]), slug)


def list_households(limit: int) -> list[str]:
    """Return up to `limit` consenting households in random order: runs differ. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pseudonym FROM profiles_shopper WHERE consent_price AND account_id IS NULL"
            " ORDER BY random() LIMIT %s",
            [limit],
        )
        return [str(row[0]) for row in cursor.fetchall()]


def quote_context(pseudonym: str | None) -> QuoteContext:
    """Return the context of an online quote for `pseudonym` now."""
    return QuoteContext(
        shopper_pseudonym=pseudonym,
        market="us",
        channel="online",
        jurisdiction_code="US-other",
        language="en",
        gpc=False,
        now=utc_now(),
        purpose="bench",
        is_look=True,
    )
