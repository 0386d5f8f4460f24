"""Tags of staff pages: relative moments, saved views of lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.utils import label_for_field
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_ago
from shop.ground.staff.phrases import join_clauses, join_names, name_value
from shop.ground.staff.saved_views import ViewTab, clean_query
from shop.ground.staff.saved_views import list_views as find_views

register = template.Library()


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """Return how long ago a moment was, with the moment itself on hover; a dash for none."""
    return show_ago(moment, utc_now())


register.simple_tag(name_value)
register.filter("names", join_names)
register.filter("clauses", join_clauses)


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that the list can show."""

    number: int
    title: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class ShownViews:
    """The saved views of a list, and what the list shows now."""

    tabs: list[ViewTab]
    query: str
    columns: list[ColumnChoice]

    @property
    def is_plain(self) -> bool:
        """Whether the list shows everything in its usual way."""
        return not self.query


def name_column(column: Any, model: Any, table: Any) -> str:
    """Return the head of a list's column."""
    label: Any = label_for_field(column, model, table)
    return str(capfirst(label))


@register.simple_tag(takes_context=True)
def list_views(context: Context) -> ShownViews:
    """Return the saved views of the page's list. One query."""
    request, changes = context["request"], context["cl"]
    table: Any = changes.model_admin
    shown = set(table.chosen_columns(request))
    return ShownViews(
        tabs=find_views(table=changes.opts.label_lower, account_id=request.user.pk),
        query=clean_query(request.GET.urlencode()),
        columns=[
            ColumnChoice(number, name_column(one, changes.model, table), number in shown)
            for number, one in enumerate(table.list_columns(request))
        ],
    )
