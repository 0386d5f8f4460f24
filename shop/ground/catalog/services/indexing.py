"""Keep search up to date: vectors of products and the list of known words."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from shop.ground.catalog.core.pinyin import spell
from shop.ground.catalog.core.queries import cut_chinese
from shop.ground.catalog.models import Product

# A: what the product is called; B: where it stands. SKU and reference are found exactly.
VECTOR = """
    setweight(to_tsvector('english', p.name || ' ' || b.name), 'A')
    || setweight(to_tsvector('english', concat_ws(' ', leaf.name, middle.name, top.name)), 'B')
    || setweight(to_tsvector('simple', w.words), 'A')
    || setweight(to_tsvector('simple', w.place_words), 'B')
"""


def index_changed_products(*, limit: int | None = None) -> int:
    """Compute the search vector of active products that have none; return how many.

    Triggers empty the vector of a product whose words change, or those of its brand or a category
    above it, so this catches edits made in any way. Safe to run twice and at the same time: rows
    are locked, others are skipped.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, p.name_zh, concat_ws(' ', leaf.name_zh, middle.name_zh, top.name_zh)"
            " FROM shop_product p JOIN shop_category leaf ON leaf.id = p.category_id"
            " LEFT JOIN shop_category middle ON middle.id = leaf.parent_id"
            " LEFT JOIN shop_category top ON top.id = middle.parent_id"
            " WHERE p.search_vector IS NULL AND p.is_active ORDER BY p.id LIMIT %s"
            " FOR UPDATE OF p SKIP LOCKED",
            [limit],
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        cursor.execute(
            "CREATE TEMPORARY TABLE cut_words (product_id bigint, words text, place_words text)"
            " ON COMMIT DROP"
        )
        cut: dict[str, str] = {}
        statement = "COPY cut_words (product_id, words, place_words) FROM STDIN"
        with cursor.copy(statement) as copy:
            for product_id, name_zh, place_zh in rows:
                for text in (name_zh, place_zh):
                    if text not in cut:
                        cut[text] = " ".join(cut_chinese(text))
                copy.write_row((product_id, cut[name_zh], cut[place_zh]))
        # No second shop_product: PostgreSQL with old statistics compared each row with each other.
        cursor.execute(
            f"UPDATE shop_product p SET search_vector = {VECTOR}"  # noqa: S608  # our constant
            " FROM cut_words w, shop_brand b, shop_category leaf"
            " LEFT JOIN shop_category middle ON middle.id = leaf.parent_id"
            " LEFT JOIN shop_category top ON top.id = middle.parent_id"
            " WHERE p.id = w.product_id AND b.id = p.brand_id AND leaf.id = p.category_id"
        )
        cursor.execute("DROP TABLE cut_words")
    return len(rows)


def refresh_search() -> int:
    """Bring search up to date with products whose words changed; return how many."""
    changed = index_changed_products()
    if changed:
        rebuild_search_words()
    return changed


# What of a product is listed; the quotes are doubled for `ts_stat`, which takes a statement.
WORDS = """
SELECT concat_ws('' '', p.name, b.name, leaf.name, middle.name), p.search_vector
FROM shop_product p JOIN shop_brand b ON b.id = p.brand_id
JOIN shop_category leaf ON leaf.id = p.category_id
LEFT JOIN shop_category middle ON middle.id = leaf.parent_id WHERE p.is_active
"""
# English as it is written, since what is corrected to is shown; Chinese as the index has cut it.
COUNTED = """
SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(''simple'', text) FROM
    ({words}) AS texts (text, vector)') WHERE word ~ '^[a-z]{{3,80}}$'
UNION ALL SELECT word, ndoc FROM ts_stat('SELECT vector FROM ({words}) AS texts (text, vector)')
WHERE word ~ '^[\\u3400-\\u9fff]{{1,80}}$'
"""


def rebuild_search_words() -> int:
    """List the words that active products can be found by; return how many.

    Typing errors are corrected against this list, the more frequent word winning.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE shop_searchword SET products = 0")
        listed = _count_words(cursor, WORDS, "DO UPDATE SET products = excluded.products")
        cursor.execute(
            "DELETE FROM shop_searchword WHERE products = 0"
            " AND word NOT IN (SELECT term FROM shop_searchsynonym)"
        )
    return listed


def add_search_words(refs: Collection[str]) -> int:
    """List the words of some products that no product had before; return how many.

    Their counts are right again after the next `rebuild_search_words`.
    """
    numbers = Product.objects.filter(external_ref__in=refs).values_list("pk", flat=True)
    chosen = ", ".join(str(int(pk)) for pk in numbers)
    if not chosen:
        return 0
    with connection.cursor() as cursor:
        return _count_words(cursor, f"{WORDS} AND p.id IN ({chosen})", "DO NOTHING")


def _count_words(cursor: CursorWrapper, words: str, conflict: str) -> int:
    cursor.execute(
        "INSERT INTO shop_searchword (word, products)"
        f" {COUNTED.format(words=words)} ON CONFLICT (word) {conflict}"
    )
    return cursor.rowcount


def spell_search_words() -> int:
    """Spell in pinyin the Chinese words that are not yet, those of synonyms too; return how many.

    Apart from the listing, because only workers have the readings in memory.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shop_searchword (word, products)"
            " SELECT term, 0 FROM shop_searchsynonym WHERE term ~ '^[\\u3400-\\u9fff]+$'"
            " ON CONFLICT (word) DO NOTHING"
        )
        cursor.execute(
            "SELECT word FROM shop_searchword WHERE pinyin = '' AND word ~ '^[\\u3400-\\u9fff]'"
        )
        spelled = spell(words) if (words := [row[0] for row in cursor.fetchall()]) else {}
        rows = [(word, *letters) for word, letters in spelled.items()]
        cursor.execute(
            "UPDATE shop_searchword AS known SET pinyin = said.pinyin, initials = said.initials"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) AS said (word, pinyin, initials)"
            " WHERE known.word = said.word",
            [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], []],
        )
    return len(rows)
