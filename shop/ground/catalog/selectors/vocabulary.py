"""What search knows of words before it is asked: synonyms, stems, and the names of categories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from shop.ground.catalog.core.queries import (
    CategoryNames,
    Stems,
    Terms,
    cut_words,
    has_chinese,
    list_latin,
)
from shop.ground.catalog.core.spelling import pair_letters
from shop.ground.catalog.models import SearchSynonym
from shop.ground.catalog.selectors.versions import VersionedCache

CATEGORIES = """
SELECT id, parent_id, tsvector_to_array(to_tsvector('english', name)), name_zh FROM shop_category
"""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`latin` are the words of English terms with their pairs of letters, `inside` the categories
    in each category."""

    terms: Terms
    latin: Mapping[str, frozenset[str]]
    names: CategoryNames
    inside: Mapping[int, Sequence[int]]


_vocabulary: VersionedCache[Vocabulary] = VersionedCache(size=1)


def load_vocabulary() -> Vocabulary:
    """Return what search knows of words. No query once cached by version, three otherwise."""
    return _vocabulary.get("", _load)


def stem_words(words: Iterable[str]) -> dict[str, str]:
    """Return the stem of each Latin word by PostgreSQL's own stemmer, so that queries and index
    agree; "" for words that it leaves out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, coalesce((tsvector_to_array(to_tsvector('english', word)))[1], '')"
            " FROM unnest(%s::text[]) AS word",
            [sorted(set(words))],
        )
        return dict(cursor.fetchall())


def key_terms(terms: Iterable[str]) -> dict[str, Stems]:
    """Return what search knows each term by: a Chinese one by itself, a Latin one by its stems; ()
    if nothing of it is looked for. One query."""
    latin = [term for term in terms if not has_chinese(term)]
    stems = stem_words(word for term in latin for word in list_latin(term))
    return {term: (term.lower(),) for term in terms if has_chinese(term)} | {
        term: _read(term, stems) for term in latin
    }


def _load() -> Vocabulary:
    rows = list(SearchSynonym.objects.values_list("term", "meanings"))
    latin = {word for term, meanings in rows for word in list_latin(" ".join((term, *meanings)))}
    stems = stem_words(latin)
    with connection.cursor() as cursor:
        cursor.execute(CATEGORIES)
        categories = cursor.fetchall()
    inside: dict[int, list[int]] = defaultdict(list)
    for pk, parent, _, _ in categories:
        inside[parent].append(pk)
    return Vocabulary(
        terms={
            key: tuple(read for meaning in meanings if (read := _read(meaning, stems)))
            for term, meanings in rows
            if (key := (term.lower(),) if has_chinese(term) else _read(term, stems))
        },
        latin={
            word: pair_letters(word)
            for term, _ in rows
            for word in list_latin(term)
            if word.isalpha()
        },
        names=CategoryNames(
            (pk, words) for pk, _, en, zh in categories for words in (en, cut_words(zh))
        ),
        inside=inside,
    )


def _read(text: str, stems: Mapping[str, str]) -> Stems:
    if has_chinese(text):
        return cut_words(text)
    return tuple(stem for word in list_latin(text) if (stem := stems[word]))
