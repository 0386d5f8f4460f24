"""Keep search up to date: vectors of products and the list of known words."""

from __future__ import annotations

from django.db import connection, transaction

from shop.catalog.core.words import cut_chinese

# A: what the product is called; B: where it stands. SKU and reference are found exactly.
VECTOR = """
    setweight(to_tsvector('english', p.name || ' ' || b.name), 'A')
    || setweight(to_tsvector('english', concat_ws(' ', leaf.name, middle.name, top.name)), 'B')
    || setweight(to_tsvector('simple', w.words), 'A')
    || setweight(to_tsvector('simple', w.place_words), 'B')
"""


def index_changed_products(*, limit: int | None = None) -> int:
    """Compute the search vector of active products that have none; return how many.

    A trigger empties the vector of a product whose words change, so this catches edits made in
    any way. Safe to run twice and at the same time: rows are locked, others are skipped.
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
        cursor.execute(
            f"UPDATE shop_product target SET search_vector = {VECTOR}"  # noqa: S608  # our constant
            " FROM cut_words w JOIN shop_product p ON p.id = w.product_id"
            " JOIN shop_brand b ON b.id = p.brand_id"
            " JOIN shop_category leaf ON leaf.id = p.category_id"
            " LEFT JOIN shop_category middle ON middle.id = leaf.parent_id"
            " LEFT JOIN shop_category top ON top.id = middle.parent_id"
            " WHERE target.id = p.id"
        )
        cursor.execute("DROP TABLE cut_words")
    return len(rows)


def rebuild_search_words() -> int:
    """List the English words that active products can be found by; return how many.

    Typing errors are corrected against this list, the more frequent word winning.
    """
    words = (
        "SELECT p.name || '' '' || b.name || '' '' || leaf.name || '' '' || middle.name"
        " FROM shop_product p JOIN shop_brand b ON b.id = p.brand_id"
        " JOIN shop_category leaf ON leaf.id = p.category_id"
        " JOIN shop_category middle ON middle.id = leaf.parent_id WHERE p.is_active"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM shop_searchword")
        cursor.execute(
            "INSERT INTO shop_searchword (word, products)"  # noqa: S608  # our constant
            f" SELECT word, ndoc FROM ts_stat('SELECT to_tsvector(''simple'', text) FROM"
            f" ({words}) AS texts (text)') WHERE word ~ '^[a-z]{{3,}}$'"
        )
        return cursor.rowcount
