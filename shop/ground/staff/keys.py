"""Search by exact key: an index look-up instead of a scan of every partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from shop.ground.staff.tables import ReadOnlyAdmin, StaffAdmin

LARGEST_KEY = 2**63 - 1


def read_uuid(text: str) -> UUID | None:
    """Return the UUID that `text` is, or None."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def read_number(text: str) -> int | None:
    """Return the key that `text` is, or None; numbers no column can hold are no keys.

    >>> read_number(" 12 "), read_number("-1"), read_number("9" * 30)
    (12, None, None)
    """
    cleaned = text.strip()
    if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= 19):
        return None
    number = int(cleaned)
    return number if number <= LARGEST_KEY else None


def read_text(text: str) -> str | None:
    """Return `text` itself if there is any."""
    return text.strip() or None


def read_words(text: str) -> str | None:
    """Return `text` if it is long enough to be part of a name, or None.

    >>> read_words(" Liddell "), read_words("a")
    ('Liddell', None)
    """
    cleaned = text.strip()
    return cleaned if len(cleaned) > 1 else None


def read_household(text: str) -> list[str] | None:
    """Return the outer numbers that `text` may mean: as written, and as imports write them.

    >>> read_household(" 1795 "), read_household("")
    (['1795', 'household 1795'], None)
    """
    cleaned = text.strip()
    return [cleaned, f"household {cleaned}"] if cleaned else None


class KeySearch(StaffAdmin):
    """Searches the look-ups of `search_keys`, each only if the text can be such a key.

    Django's own search casts a UUID column to text, which no index serves.
    """

    search_keys: Mapping[str, Callable[[str], Any]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Name the look-ups where Django's own check of autocompletion reads them."""
        super().__init_subclass__(**kwargs)
        cls.search_fields = list(cls.search_keys)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows with the key, or none if the text is no key."""
        if not search_term:
            return queryset, False
        wanted = Q()
        for lookup in self.get_search_fields(request):
            key = self.search_keys[lookup](search_term)
            if key is not None:
                wanted |= Q(**{lookup: key})
        return (queryset.filter(wanted) if wanted else queryset.none()), False


class KeySearchAdmin(KeySearch, ReadOnlyAdmin):
    """A read-only table searched by key."""
