"""Search in English and Chinese: words with plurals, SKU, synonyms, typing errors, completions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from django.db import connection, transaction

from shop.ground.catalog.core.pinyin import spell
from shop.ground.catalog.core.spelling import list_slips, rank_spellings
from shop.ground.catalog.core.synonyms import SYNONYMS
from shop.ground.catalog.core.values import (
    CategoryNode,
    IntArray,
    SearchResult,
    Suggestion,
    join_brand,
)
from shop.ground.catalog.core.words import cut_chinese, has_chinese, query_words
from shop.ground.catalog.selectors.ages import leave_out_limited
from shop.ground.catalog.selectors.arrays import load_variant_arrays
from shop.ground.catalog.selectors.tree import list_categories
from shop.ground.catalog.selectors.versions import VersionedCache
from shop.ground.kernel.translation import is_chinese

MAX_QUERY = 100
# Candidates for what a typing error stands for: at least this likeness in shared letter triples,
# and at most so many of them, for at most so many words of a query; slips are listed of at most so
# many letters.
ALIKE = 0.2
MOST_ALIKE = 30
MOST_CORRECTED = 6
MOST_SLIPPED = 16
# A query that matches more is cut, and pages say so: nobody pages through thousands.
MOST_MATCHES = 5_000
# A word that is in no name but means one, like "crisps", counts as much as one in so many names.
SYNONYM_PRODUCTS = 100
# One word with a digit or a hyphen may be a SKU: "FT-0000123", "LINEN-SHIRT-M".
_SKU = re.compile(r"^(?=.*[\d-])[\w./-]{2,40}$")
_results: VersionedCache[SearchResult] = VersionedCache(size=2048)
_suggestions: VersionedCache[tuple[Suggestion, ...]] = VersionedCache(size=2048)

# Popularity is worth as much as the match: logs, because a best seller sells a thousand times
# what a slow one does.
MATCHES = """
SELECT v.id
FROM shop_product p JOIN shop_variant v ON v.product_id = p.id, to_tsquery('simple', %s) AS query
WHERE p.search_vector @@ query AND p.is_active AND v.is_active
ORDER BY ts_rank(p.search_vector, query) * ln(2 + p.popularity) DESC, p.popularity DESC, v.id
LIMIT %s
"""

# "Down", "off" and "the" are words that PostgreSQL's stemmer leaves out, of names as of queries.
# A query of nothing else is looked for in the names themselves, whole words before beginnings.
NAMED = """
SELECT v.id
FROM shop_product p JOIN shop_variant v ON v.product_id = p.id
JOIN shop_brand b ON b.id = p.brand_id
WHERE p.name || ' ' || b.name ~* {quantor} (%s::text[]) AND p.is_active AND v.is_active
ORDER BY p.name || ' ' || b.name ~* ALL (%s::text[]) DESC, p.popularity DESC, v.id
LIMIT %s
"""


def search_variants(query: str, language: str, limit: int = MOST_MATCHES) -> SearchResult:
    """Return variants that match the words, SKU or Chinese text of `query`, best first.

    Words nobody sells are corrected to the word they most likely stand for; then
    `corrected_query` says what was searched and `suggestions` holds other readings. Cached by
    catalogue version; at most four queries otherwise, six where a word is corrected.
    """
    asked = " ".join(query.split())[:MAX_QUERY].lower()
    if not asked:
        return SearchResult(np.zeros(0, dtype=np.int64))
    key = (asked, is_chinese(language), limit)
    return _results.get(key, lambda: _cut(_search(asked, limit + 1), limit))


def _cut(found: SearchResult, limit: int) -> SearchResult:
    if len(found.variant_ids) <= limit:
        return found
    return replace(found, variant_ids=found.variant_ids[:limit], is_cut=True)


def _search(asked: str, limit: int) -> SearchResult:
    if _SKU.match(asked):
        found = _find_sku(asked)
        if found.size:
            return SearchResult(found)
    words = query_words(asked)
    found = _match(words, limit)
    if found.size:
        return SearchResult(found)
    readings = _read_otherwise(asked, words)
    for position, reading in enumerate(readings):
        found = _match(query_words(reading), limit)
        if found.size:
            others = tuple(readings[position + 1 : position + 4])
            return SearchResult(found, corrected_query=reading, suggestions=others)
    # Better some of the words than an empty page; the rank puts fuller matches first.
    return SearchResult(_match(words, limit, needs_all=False))


def _read_otherwise(asked: str, words: Sequence[str]) -> list[str]:
    """Return other readings of a query that matched nothing, most likely first."""
    if has_chinese(asked):
        replaced = asked
        for word, others in SYNONYMS.items():
            if has_chinese(word):
                replaced = replaced.replace(word, others[0])
        return [replaced] if replaced != asked else []
    readings = (" ".join(reading) for reading in _combine(words, _correct(words)))
    return [reading for reading in dict.fromkeys(readings) if reading != " ".join(words)]


def _find_sku(asked: str) -> IntArray:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.id FROM shop_variant v JOIN shop_product p ON p.id = v.product_id"
            " WHERE (v.sku = upper(%s) OR v.external_ref = %s) AND v.is_active AND p.is_active",
            [asked, asked],
        )
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def _match(words: Sequence[str], limit: int, *, needs_all: bool = True) -> IntArray:
    if not words:
        return np.zeros(0, dtype=np.int64)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, to_tsvector('english', word)::text FROM unnest(%s::text[]) AS word",
            [_with_synonyms(words)],
        )
        stems = {word: re.findall(r"'([^']+)'", vector) for word, vector in cursor.fetchall()}
        text = (" & " if needs_all else " | ").join(_tsquery_parts(words, stems))
        if text:
            cursor.execute(MATCHES, [text, limit])
        else:
            whole = [rf"\m{word}\M" for word in words]
            asked = [*whole[:-1], whole[-1].removesuffix(r"\M")]
            named = NAMED.format(quantor="ALL" if needs_all else "ANY")
            cursor.execute(named, [asked, whole, limit])
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def _with_synonyms(words: Sequence[str]) -> list[str]:
    return [*words, *(text for word in words for text in SYNONYMS.get(word, ()))]


def _tsquery_parts(words: Sequence[str], stems: dict[str, list[str]]) -> list[str]:
    """Return a tsquery for each word: it or one of its synonyms; the last also as a beginning.

    Stems come from PostgreSQL's own stemmer, so the query and the index agree on plurals. Words
    hold letters and digits only (`query_words`), so nothing can break out of the quotes.
    """
    parts: list[str] = []
    for position, word in enumerate(words):
        is_last = position == len(words) - 1 and not has_chinese(word)
        own = _all_of(_stem(word, stems), is_beginning=is_last)
        others = (
            _all_of(_stem(text, stems), is_beginning=False) for text in SYNONYMS.get(word, ())
        )
        known = [choice for choice in (own, *others) if choice]
        if known:
            parts.append(f"({' | '.join(known)})")
    return parts


def _stem(text: str, stems: dict[str, list[str]]) -> list[str]:
    if has_chinese(text):
        return [word for word in cut_chinese(text) if len(word) > 1] or list(cut_chinese(text))
    return stems.get(text, [])


def _all_of(stems: Sequence[str], *, is_beginning: bool) -> str:
    # "chees" is what is left of "cheese": as a beginning it finds "cheesecake" as well.
    mark = ":*" if is_beginning else ""
    return " & ".join(f"'{stem}'{mark}" for stem in stems)


def _correct(words: Sequence[str]) -> dict[str, list[str]]:
    """Return up to three known words, most likely first, for each word nobody sells."""
    latin = [word for word in words if word.isalpha() and word.isascii() and len(word) > 2]
    latin = latin[:MOST_CORRECTED]
    if not latin:
        return {}
    known = _find_known(latin)
    unknown = [word for word in latin if word not in known]
    return {word: near for word in unknown if (near := rank_spellings(word, known))}


def _find_known(words: Sequence[str]) -> dict[str, int]:
    """Return the words themselves and all that look like one of them, with their products.

    Words that share letter triples come by index; a slip in a short word leaves no triple whole,
    so everything one slip away is looked up as well.
    """
    slips = {slip for word in words for slip in list_slips(word[:MOST_SLIPPED])}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(ALIKE)])
        cursor.execute(
            "SELECT word, products FROM shop_searchword WHERE word = ANY(%s)"
            " UNION SELECT near.word, near.products FROM unnest(%s::text[]) AS asked (word)"
            " CROSS JOIN LATERAL (SELECT k.word, k.products FROM shop_searchword k"
            " WHERE k.word %% asked.word ORDER BY similarity(k.word, asked.word) DESC, k.products"
            " DESC LIMIT %s) AS near",
            [[*words, *slips], list(words), MOST_ALIKE],
        )
        found = dict(cursor.fetchall())
    others = {word for word in SYNONYMS if word.isalpha() and word.isascii()}
    return dict.fromkeys(others, SYNONYM_PRODUCTS) | found


def _combine(words: Sequence[str], alternatives: dict[str, list[str]]) -> list[list[str]]:
    """Return readings of the query: the best correction of each word, then the next best ones."""
    if not alternatives:
        return []
    most = max(len(choices) for choices in alternatives.values())
    return [
        [_pick(word, alternatives.get(word, []), rank) for word in words] for rank in range(most)
    ]


def _pick(word: str, choices: Sequence[str], rank: int) -> str:
    return choices[min(rank, len(choices) - 1)] if choices else word


def suggest(
    query: str,
    language: str,
    limit: int = 8,
    *,
    market: str = "",
    confirmed_age: int | None = None,
) -> list[Suggestion]:
    """Return completions of what has been typed so far: categories, then products of a market.

    Pinyin stands for the Chinese names it spells. What matches nothing is read as `search_variants`
    reads it, and the first completion says how. Categories come from memory; one query for
    products, those of a search where a word is corrected. Cached. Products that ask for a higher
    age than `confirmed_age` are left out; None: all are offered.
    """
    asked = " ".join(query.split())[:MAX_QUERY].lower()
    if not asked or (len(asked) < 2 and not has_chinese(asked)):
        return []
    key = (asked, is_chinese(language), limit, market, confirmed_age)
    return list(_suggestions.get(key, lambda: tuple(_complete(asked, language, *key[2:]))))


def _complete(
    asked: str, language: str, limit: int, market: str, confirmed_age: int | None
) -> list[Suggestion]:
    tree = list_categories(language, market)
    nodes = [node for node in tree.nodes.values() if node.product_count]
    named = [node for node in nodes if re.search(rf"(^|\W){re.escape(asked)}", node.name.lower())]
    if is_chinese(language) and not named:
        named = _find_spelled(nodes, asked)
        asked = min((node.name for node in named), key=len, default=asked)
    if has_chinese(asked):
        named = [node for node in nodes if asked in node.name]
    named.sort(key=lambda node: (node.depth, -node.product_count))
    found = [
        Suggestion("category", node.name, path=node.path) for node in named[: max(1, limit // 3)]
    ]
    matches = _leave_out(_match(query_words(asked), limit * 4), market, confirmed_age)
    found += _complete_products(matches, language, limit, market)
    if not found:
        read = search_variants(asked, language)
        if read.corrected_query:
            found = [Suggestion("query", read.corrected_query)]
            matches = _leave_out(read.variant_ids[: limit * 4], market, confirmed_age)
            found += _complete_products(matches, language, limit, market)
    return found[:limit]


def _leave_out(variant_ids: IntArray, market: str, confirmed_age: int | None) -> IntArray:
    if confirmed_age is None:
        return variant_ids
    return leave_out_limited(variant_ids, market, confirmed_age)[0]


def _find_spelled(nodes: Sequence[CategoryNode], asked: str) -> list[CategoryNode]:
    """Return the categories whose Chinese name begins with the pinyin, or has these initials."""
    letters = "".join(asked.split())
    return [
        node
        for node in nodes
        if (spelled := spell(node.name))[0].startswith(letters) or spelled[1] == letters
    ]


def _complete_products(
    variant_ids: IntArray, language: str, limit: int, market: str
) -> list[Suggestion]:
    variant_ids = variant_ids[np.isin(variant_ids, load_variant_arrays(market).variant_id)]
    if not variant_ids.size or limit <= 0:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (p.id) p.name, p.name_zh, p.slug, b.name, wanted.position, v.id"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (id, position)"
            " JOIN shop_variant v ON v.id = wanted.id JOIN shop_product p ON p.id = v.product_id"
            " JOIN shop_brand b ON b.id = p.brand_id ORDER BY p.id, wanted.position",
            [variant_ids.tolist()],
        )
        rows = sorted(cursor.fetchall(), key=lambda row: row[4])[:limit]
    in_chinese = is_chinese(language)
    return [
        Suggestion(
            "product",
            join_brand(brand, (in_chinese and name_zh) or name),
            slug=slug,
            variant_id=variant_id,
        )
        for name, name_zh, slug, brand, _, variant_id in rows
    ]
