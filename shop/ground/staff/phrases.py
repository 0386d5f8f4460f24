"""Words of the reader's language joined: a name with its value, lists, clauses."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def name_value(name: object, value: object) -> str:
    """Return a name and its value: "Margin: $3", in Chinese with its own colon.

    >>> name_value("Margin", "$3")
    'Margin: $3'
    """
    return _("%(name)s: %(value)s") % {"name": name, "value": value}


def join_names(names: Iterable[object]) -> str:
    """Return what is listed with commas: "butter, milk"; in Chinese with its own.

    >>> join_names(["butter", "milk"])
    'butter, milk'
    """
    return pgettext("list", ", ").join(map(str, names))


def join_clauses(clauses: Iterable[object]) -> str:
    """Return sentences as one, with semicolons.

    >>> join_clauses(["too old", "too small"])
    'too old; too small'
    """
    return pgettext("list", "; ").join(map(str, clauses))
