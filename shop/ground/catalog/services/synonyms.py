"""Write the synonyms of search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shop.ground.catalog.models import SearchSynonym


def load_synonyms(rows: Iterable[tuple[str, str, Sequence[str]]]) -> int:
    """Give a shop that has no synonyms these (language, term, meanings); return how many.

    Once staff have synonyms of their own none are added: what they deleted stays away.
    """
    if SearchSynonym.objects.exists():
        return 0
    return len(
        SearchSynonym.objects.bulk_create(
            SearchSynonym(language=language, term=term, meanings=list(meanings))
            for language, term, meanings in rows
        )
    )
