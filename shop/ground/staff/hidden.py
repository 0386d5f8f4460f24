"""Register of the columns that are masked for a reader, by table."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model

from shop.ground.staff.lookups import Hidden
from shop.ground.staff.roles import may_see_personal


def hidden_from(account: Any, site: AdminSite) -> Hidden:
    """Return the masked fields by table; none for readers who see personal data."""
    return {} if may_see_personal(account) else list_personal(site)


@cache
def list_personal(site: AdminSite) -> Hidden:
    """Return the fields that any table of the site declares as `personal`, by their own table."""
    found: dict[type[Model], frozenset[str]] = {}
    for model, table in site._registry.items():
        for path in getattr(table, "personal", ()):
            *relations, name = path.split("__")
            owner: Any = model
            for relation in relations:
                owner = owner._meta.get_field(relation).related_model
            found[owner] = found.get(owner, frozenset()) | {name}
    return found
