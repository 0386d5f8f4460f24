"""Contents of all tables, to say which of them something changed."""

from __future__ import annotations

from django.db import connection

# What looking may append: events, exposures and quote records, by the beginning of a table's name.
APPENDED = ("profiles_event", "profiles_exposure", "pricing_quote", "orders_shownpromise")


def read_tables() -> dict[str, str]:
    """Return a digest of the rows of each table by its name, those that looking appends to left
    out."""
    names = sorted(connection.introspection.table_names())
    digest = "SELECT '{0}', md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {0} t"
    digests = [digest.format(name) for name in names if not name.startswith(APPENDED)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(digests))
        return dict(cursor.fetchall())


def list_changed(before: dict[str, str]) -> list[str]:
    """Return the names of the tables whose rows are not those of `before`."""
    return [name for name, digest in read_tables().items() if before[name] != digest]
