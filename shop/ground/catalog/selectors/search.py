"""Search in English and Chinese: words with plurals, SKU, synonyms, typing errors, completions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection, transaction

from shop.ground.catalog.core.pinyin import may_be_pinyin, read_pinyin
from shop.ground.catalog.core.queries import (
    Unit,
    cut_units,
    has_chinese,
    list_latin,
    write_pairs,
    write_query,
)
from shop.ground.catalog.core.spelling import list_slips, pair_letters, rank_spellings
from shop.ground.catalog.core.values import (
    CategoryNode,
    CategoryTree,
    IntArray,
    SearchResult,
    Suggestion,
    join_brand,
)
from shop.ground.catalog.selectors.ages import leave_out_limited
from shop.ground.catalog.selectors.arrays import load_variant_arrays
from shop.ground.catalog.selectors.tree import list_categories
from shop.ground.catalog.selectors.versions import VersionedCache
from shop.ground.catalog.selectors.vocabulary import load_vocabulary, stem_words
from shop.ground.kernel.translation import is_chinese

MAX_QUERY = 100
# Candidates for what a typing error stands for: at least this likeness in shared letter triples,
# and at most so many of them, for at most so many words of a query; slips are listed of at most so
# many letters.
ALIKE = 0.2
MOST_ALIKE = 30
MOST_CORRECTED = 6
MOST_SLIPPED = 16
# Words that were written as one, like "peanutbutter": parts have at least so many letters.
SHORTEST_PART = 3
# A query that matches more is cut, and pages say so: nobody pages through thousands.
MOST_MATCHES = 5_000
# A word that is in no name but means one, like "crisps", counts as much as one in so many names.
SYNONYM_PRODUCTS = 100
MOST_ENDINGS = 100
# One word with a digit or a hyphen may be a SKU: "FT-0000123", "LINEN-SHIRT-M".
_SKU = re.compile(r"^(?=.*[\d-])[\w./-]{2,40}$")
_results: VersionedCache[SearchResult] = VersionedCache(size=2048)
_suggestions: VersionedCache[tuple[Suggestion, ...]] = VersionedCache(size=2048)

# Popularity is worth as much as the match: logs, because a best seller sells a thousand times
# what a slow one does. Whole words come before words that only begin so. Words side by side count
# twice, and so do products of a category that is called so: milk is in "Milk", no milk chocolate.
MATCHES = """
SELECT v.id, {is_whole}
FROM shop_product p JOIN shop_variant v ON v.product_id = p.id{said}
WHERE p.search_vector @@ %(query)s::tsquery AND p.is_active AND v.is_active
ORDER BY 2 DESC, {named}
    ts_rank(p.search_vector, %(query)s::tsquery) * ln(2 + p.popularity){factors} DESC,
    p.popularity DESC, v.id
LIMIT %(limit)s
"""
IS_WHOLE = "p.search_vector @@ %(whole)s::tsquery"
OF_CATEGORY = """
LEFT JOIN unnest(%(categories)s::bigint[], %(weights)s::int[]) AS said (id, weight)
ON said.id = p.category_id"""
IS_SAID = " * coalesce(said.weight, 1)"
HAS_PAIR = " * (1 + (p.search_vector @@ %(pairs)s::tsquery)::int)"

# A query with words that the stemmer leaves out prefers names with all of them: "down bag".
HAS_WORDS = "p.name ~* ALL (%(words)s::text[]) DESC,"

# "Down", "off" and "the" are words that PostgreSQL's stemmer leaves out, of names as of queries.
# A query of nothing else is looked for in the names themselves, whole words before beginnings.
NAMED = """
SELECT v.id, p.name || ' ' || b.name ~* ALL (%s::text[])
FROM shop_product p JOIN shop_variant v ON v.product_id = p.id
JOIN shop_brand b ON b.id = p.brand_id
WHERE p.name || ' ' || b.name ~* ALL (%s::text[]) AND p.is_active AND v.is_active
ORDER BY 2 DESC, p.popularity DESC, v.id
LIMIT %s
"""


def search_variants(query: str, language: str, limit: int = MOST_MATCHES) -> SearchResult:
    """Return variants that match the words, SKU or Chinese text of `query`, best first.

    Pinyin stands for the Chinese that it spells, and words nobody sells for the words they most
    likely are; then `corrected_query` says what was searched and `suggestions` holds other
    readings. Cached by catalogue version; at most three queries otherwise, eight where a word is
    corrected, and three once for each version.
    """
    asked = " ".join(query.split())[:MAX_QUERY].lower()
    if not asked:
        return SearchResult(np.zeros(0, dtype=np.int64))
    key = (asked, is_chinese(language), limit)
    return _results.get(key, lambda: _cut(_search(asked, language, limit + 1), limit))


def _cut(found: SearchResult, limit: int) -> SearchResult:
    if len(found.variant_ids) <= limit:
        return found
    return replace(found, variant_ids=found.variant_ids[:limit], is_cut=True)


def _search(asked: str, language: str, limit: int, *, is_typing: bool = False) -> SearchResult:
    """Return what matches; while typing also what only begins so, after whole words."""
    if _SKU.match(asked):
        found = _find_sku(asked)
        if found.size:
            return SearchResult(found)
    units = _cut_units(asked)
    found, is_whole = _match(units, limit, asked, keeps_begun=is_typing)
    if found.size and (is_whole or not is_chinese(language)):
        return SearchResult(found)
    chinese, is_sure = _read_pinyin(asked, language)
    if chinese and (is_sure or not found.size):
        spelled = _match(_cut_units(chinese), limit)[0]
        if spelled.size:
            return SearchResult(spelled, corrected_query=chinese)
    if found.size:
        return SearchResult(found)
    readings = _read_otherwise(asked)
    for position, reading in enumerate(readings):
        found = _match(_cut_units(reading), limit, reading)[0]
        if found.size:
            others = tuple(readings[position + 1 : position + 4])
            return SearchResult(found, corrected_query=reading, suggestions=others)
    return _relax(units, limit)


def _cut_units(text: str) -> list[Unit]:
    stems = stem_words(latin) if (latin := list_latin(text)) else {}
    units = cut_units(text, stems, load_vocabulary().terms)
    return [_widen(unit) if unit.is_chinese and len(unit.text) == 1 else unit for unit in units]


def _widen(unit: Unit) -> Unit:
    """Return a single character with the words that end with it: 虾 is in no name by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM shop_searchword WHERE word LIKE %s ORDER BY products DESC LIMIT %s",
            [f"_%{unit.text}", MOST_ENDINGS],
        )
        endings = tuple((row[0],) for row in cursor.fetchall())
    return replace(unit, meanings=(*unit.meanings, *endings))


def _relax(units: Sequence[Unit], limit: int) -> SearchResult:
    """Return what matches the units that something carries: better than an empty page, which says
    what was left out. Where they go together nowhere, fuller matches come first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM shop_product WHERE search_vector @@ part::tsquery"
            " AND is_active) FROM unnest(%s::text[]) WITH ORDINALITY AS asked (part, at)"
            " ORDER BY at",
            [[write_query([unit]) for unit in units]],
        )
        sold = [unit for unit, (is_sold,) in zip(units, cursor.fetchall(), strict=True) if is_sold]
    found = _match(sold, limit)[0] if len(sold) < len(units) else np.zeros(0, dtype=np.int64)
    if found.size:
        return SearchResult(found, corrected_query=" ".join(unit.text for unit in sold))
    parts = [
        Unit(stem, (stem,), is_chinese=unit.is_chinese) for unit in units for stem in unit.stems
    ]
    return SearchResult(_match(sold or parts, limit, mark=" | ")[0])


def _find_sku(asked: str) -> IntArray:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.id FROM shop_variant v JOIN shop_product p ON p.id = v.product_id"
            " WHERE (v.sku = upper(%s) OR v.external_ref = %s) AND v.is_active AND p.is_active",
            [asked, asked],
        )
        return np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)


def _match(
    units: Sequence[Unit],
    limit: int,
    asked: str = "",
    *,
    keeps_begun: bool = False,
    mark: str = " & ",
) -> tuple[IntArray, bool]:
    """Return what matches, best first, and whether anything does by whole words; what only begins
    so is left out then, unless it is kept. `asked` has the words that are no units as well."""
    words = [rf"\m{word}\M" for word in list_latin(asked)]
    if units:
        rows = _ask(units, limit, words if len(words) > len(units) else [], mark)
    elif words:
        begun = [*words[:-1], words[-1].removesuffix(r"\M")]
        with connection.cursor() as cursor:
            cursor.execute(NAMED, [words, begun, limit])
            rows = cursor.fetchall()
    else:
        rows = []
    is_whole = bool(rows and rows[0][1])
    kept = [pk for pk, by_words in rows if by_words or keeps_begun or not is_whole]
    return np.array(kept, dtype=np.int64), is_whole


def _ask(
    units: Sequence[Unit], limit: int, words: Sequence[str], mark: str
) -> list[tuple[int, bool]]:
    whole, query = (write_query(units, is_beginning=begun, mark=mark) for begun in (False, True))
    pairs, weights = write_pairs(units), _weigh_categories(units)
    question = MATCHES.format(
        is_whole=IS_WHOLE if whole != query else "true",
        said=OF_CATEGORY if weights else "",
        named=HAS_WORDS if words else "",
        factors=(IS_SAID if weights else "") + (HAS_PAIR if pairs else ""),
    )
    values: dict[str, Any] = {"query": query, "whole": whole, "pairs": pairs, "words": words}
    values |= {"limit": limit, "categories": list(weights), "weights": list(weights.values())}
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def _weigh_categories(units: Sequence[Unit]) -> dict[int, int]:
    """Return by how much products of a category count more: by what its own name says of the query
    and by what the name of the category around it says."""
    known = load_vocabulary()
    own = known.names.weigh(units)
    weights = {pk: 1 + weight for pk, weight in own.items()}
    for around, weight in own.items():
        for pk in known.inside.get(around, ()):
            weights[pk] = (1 + own.get(pk, 0)) * (1 + weight)
    return weights


def _read_pinyin(asked: str, language: str) -> tuple[str, bool]:
    """Return the Chinese that letters spell, begin or stand for, "" for none; and whether they
    spell it in full. Letters that cannot be pinyin cost no query unless Chinese is read."""
    letters = "".join(asked.split())
    if not (letters.isascii() and letters.isalpha()):
        return "", False
    if not is_chinese(language) and not may_be_pinyin(letters):
        return "", False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, pinyin, initials FROM shop_searchword WHERE pinyin <> '' AND"
            " (position(pinyin IN %s) > 0 OR starts_with(pinyin, %s) OR initials = %s)"
            " ORDER BY products DESC, word",
            [letters] * 3,
        )
        rows = cursor.fetchall()
    spelled: dict[str, str] = {}
    for word, pinyin, _ in rows:
        spelled.setdefault(pinyin, word)
    if found := read_pinyin(letters, spelled):
        return found, True
    begun = (word for word, pinyin, _ in rows if pinyin.startswith(letters))
    short = (word for word, _, initials in rows if initials == letters and len(word) > 1)
    return next(begun, "") or next(short, ""), False


def _read_otherwise(asked: str) -> list[str]:
    """Return other readings of a query that matched nothing, most likely first."""
    if has_chinese(asked):
        return []
    words = list_latin(asked)
    latin = [word for word in words if word.isalpha() and len(word) > 2][:MOST_CORRECTED]
    if not latin:
        return []
    known = _find_known(latin, [one + other for one, other in pairwise(words)])
    alternatives = {
        word: near for word in latin if word not in known and (near := _correct(word, known))
    }
    readings = [*_join(words, known), *map(" ".join, _combine(words, alternatives))]
    return [reading for reading in dict.fromkeys(readings) if reading != " ".join(words)]


def _join(words: Sequence[str], known: Collection[str]) -> list[str]:
    """Return readings with two words written as one: "apple sauce" is applesauce."""
    return [
        " ".join((*words[:at], one + other, *words[at + 2 :]))
        for at, (one, other) in enumerate(pairwise(words))
        if one + other in known
    ]


def _correct(word: str, known: Mapping[str, int]) -> list[str]:
    """Return what a word nobody sells stands for: two words written as one, or up to three known
    words, most likely first."""
    parts = [part for part in _split(word) if all(half in known for half in part)]
    return [" ".join(part) for part in parts[:1]] + rank_spellings(word, known)


def _split(word: str) -> list[tuple[str, str]]:
    ends = range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
    return [(word[:end], word[end:]) for end in ends]


def _find_known(words: Sequence[str], joined: Sequence[str]) -> dict[str, int]:
    """Return the words themselves, all that look like one of them, their parts, and those of
    `joined` that there are, with their products.

    Words that share letter triples come by index; a slip in a short word leaves no triple whole,
    so everything one slip away is looked up as well.
    """
    exact = {slip for word in words for slip in list_slips(word[:MOST_SLIPPED])}
    exact |= {half for word in words for part in _split(word) for half in part}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(ALIKE)])
        cursor.execute(
            "SELECT word, products FROM shop_searchword WHERE word = ANY(%s)"
            " UNION SELECT near.word, near.products FROM unnest(%s::text[]) AS asked (word)"
            " CROSS JOIN LATERAL (SELECT k.word, k.products FROM shop_searchword k"
            " WHERE k.word %% asked.word AND k.pinyin = ''"
            " ORDER BY similarity(k.word, asked.word) DESC, k.products DESC LIMIT %s) AS near",
            [[*words, *joined, *exact], list(words), MOST_ALIKE],
        )
        found = dict(cursor.fetchall())
    alike = (
        term
        for term, pairs in load_vocabulary().latin.items()
        if any(len(pairs & asked) * 3 >= len(asked) for asked in map(pair_letters, words))
    )
    return dict.fromkeys(alike, SYNONYM_PRODUCTS) | found


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

    What is typed is read as `search_variants` reads it, and the first completion says how where
    that is not what was typed. Categories come from memory. Cached. Products that ask for a higher
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
    read = _search(asked, language, limit * 4, is_typing=True)
    matches = _leave_out(read.variant_ids, market, confirmed_age)
    found = [Suggestion("query", read.corrected_query)] if read.corrected_query else []
    tree = list_categories(language, market)
    named = _name_categories(tree, read.corrected_query or asked)
    found += [
        Suggestion("category", node.name, path=node.path)
        for node in (named or _place(tree, matches, market))[: max(1, limit // 3)]
    ]
    found += _complete_products(matches, language, limit, market)
    return found[:limit]


def _name_categories(tree: CategoryTree, asked: str) -> list[CategoryNode]:
    """Return the categories with a name that has a word beginning so, or the Chinese in it."""
    name = re.escape(asked) if has_chinese(asked) else rf"(^|\W){re.escape(asked)}"
    nodes = (node for node in tree.nodes.values() if node.product_count)
    named = [node for node in nodes if re.search(name, node.name.lower())]
    return sorted(named, key=lambda node: (node.depth, -node.product_count))


def _place(tree: CategoryTree, variant_ids: IntArray, market: str) -> list[CategoryNode]:
    """Return the categories around the types of the first three products."""
    arrays = load_variant_arrays(market)
    sold = variant_ids[np.isin(variant_ids, arrays.variant_id)][:3]
    nodes = (tree.nodes[at] for at in arrays.category_id[np.searchsorted(arrays.variant_id, sold)])
    return list(dict.fromkeys(tree.nodes[node.parent_id or node.category_id] for node in nodes))


def _leave_out(variant_ids: IntArray, market: str, confirmed_age: int | None) -> IntArray:
    if confirmed_age is None:
        return variant_ids
    return leave_out_limited(variant_ids, market, confirmed_age)[0]


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
