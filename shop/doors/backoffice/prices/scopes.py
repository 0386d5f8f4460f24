"""Names of the scopes of kill switches and breakers, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from pricing.base.core.values import SwitchRow
from pricing.optimum.core.batch import TESTS

WHERE: dict[str, str | Promise] = {
    "global": gettext_lazy("everything"),
    "market": gettext_lazy("market %(key)s"),
    "category": gettext_lazy("category %(key)s"),
    "sku": gettext_lazy("SKU %(key)s"),
    "model": gettext_lazy("model version %(key)s"),
    TESTS: gettext_lazy("price tests of market %(key)s"),
}


def name_scope(scope: str, key: str) -> str:
    """Return which prices a scope and its key mean.

    >>> name_scope("planet", "earth")
    'planet earth'
    """
    words = WHERE.get(scope)
    return f"{scope} {key}".strip() if words is None else str(words) % {"key": key}


def describe_switches(switches: Iterable[SwitchRow]) -> list[tuple[SwitchRow, str]]:
    """Return the kill switches that stop personal prices, each with what it stops."""
    return [(one, name_scope(one.scope, one.key)) for one in switches if one.scope != TESTS]
