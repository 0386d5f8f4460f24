"""Stored documents as staff read them: names and figures, money and moments in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shop.ground.kernel.money import format_money
from shop.ground.staff.numbers import EMPTY, show_units
from shop.ground.staff.phrases import join_clauses, join_names, name_value
from shop.ground.staff.region import show_moment, staff_currency, staff_locale

MINOR = "_minor"
MOST_IN_LINE = 100


def show_document(value: Any, currency: str = "") -> SafeString | str:
    """Return a document as a list of names and figures; long ones scroll.

    Amounts (names that end in "_minor") are money of `currency`, else of the shop's market.
    """
    if not value:
        return EMPTY
    told = _show(value, "", currency or staff_currency())
    return format_html('<div class="ft-json" tabindex="0">{}</div>', told)


def say_document(value: Any) -> str:
    """Return the beginning of a document in one line: "market: us; version: 1"."""
    if not isinstance(value, Mapping):
        return _cut(str(_show(value, "", staff_currency())))
    parts = (name_value(name_key(key), _say(one, key)) for key, one in value.items())
    return _cut(join_clauses(parts))


def name_key(key: str) -> str:
    """Return what a name in a document is called: in the reader's language where it is known.

    >>> name_key("cap_minor"), name_key("below_cost")
    ('cap', 'below cost')
    """
    words = "price" if key == "minor" else str(key).removesuffix(MINOR).replace("_", " ").strip()
    return _(words) if words else words


def _cut(text: str) -> str:
    return text if len(text) <= MOST_IN_LINE else f"{text[:MOST_IN_LINE]}…"


def _say(value: Any, key: str) -> str:
    if isinstance(value, Mapping | list | tuple):
        return _("%(count)s entries") % {"count": len(value)}
    return _show_one(value, key, staff_currency())


def _show(value: Any, key: str, currency: str) -> SafeString | str:
    if isinstance(value, Mapping):
        pairs = ((name_key(one), _show(value[one], one, currency)) for one in sorted(value))
        return format_html("<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs))
    if not isinstance(value, list | tuple):
        return _show_one(value, key, currency)
    if any(isinstance(one, Mapping | list | tuple) for one in value):
        parts = ((_show(one, key, currency),) for one in value)
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", parts))
    return join_names(_show_one(one, key, currency) for one in value) or EMPTY


def _show_one(value: Any, key: str, currency: str) -> str:
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        if key == "minor" or str(key).endswith(MINOR):
            return format_money(round(value), currency, staff_locale())
        return str(value) if str(key).endswith("id") else show_units(value)
    moment = _read_moment(str(value))
    return str(value) if moment is None else show_moment(moment)


def _read_moment(text: str) -> datetime | None:
    """Return the moment that a text is, if it says its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
