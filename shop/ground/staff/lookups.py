"""Allow-list of filters and sort orders of staff lists; masked columns are refused.

Django accepts every lookup on a table's own columns in the address of a list, listed as a filter
or not. `?email__startswith=a` would read a masked column letter by letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from django.contrib.admin import AdminSite, filters
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import IGNORED_PARAMS, ORDER_VAR
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Field, Model
from django.db.models.expressions import BaseExpression
from django.utils.text import capfirst
from unfold.contrib.filters.admin import RangeDateTimeFilter, RangeNumericFilter
from unfold.views import ChangeList

from shop.ground.staff.numbers import GroupedCount
from shop.ground.staff.roles import may_see_personal
from shop.ground.staff.saved_views import COLUMNS

type Hidden = Mapping[type[Model], frozenset[str]]
type Declared = str | type[filters.SimpleListFilter] | Sequence[Any]

# Parameters of a filter of each kind, as endings of its field's path. Any other kind has none.
ENDINGS: tuple[tuple[type[filters.ListFilter], tuple[str, ...]], ...] = (
    (RangeDateTimeFilter, ("_from_0", "_from_1", "_to_0", "_to_1")),
    (RangeNumericFilter, ("_from", "_to")),
    (filters.RelatedFieldListFilter, ("__{target}__exact", "__isnull")),
    (filters.BooleanFieldListFilter, ("__exact", "__isnull")),
    (filters.ChoicesFieldListFilter, ("__exact", "__isnull")),
    (filters.DateFieldListFilter, ("__gte", "__lt")),
    (filters.AllValuesFieldListFilter, ("", "__isnull")),
    (filters.EmptyFieldListFilter, ("__isempty",)),
)
DATE_ENDINGS = ("__year", "__month", "__day")


class DisallowedSort(DisallowedModelAdminLookup):
    """The list may not be sorted by a column the reader sees masked."""


class StaffChangeList(ChangeList):
    """A list that refuses to be sorted by a column its reader sees masked; its count is grouped.

    Which columns it shows is no question about its rows.
    """

    def get_filters_params(self, params: Any = None) -> Any:
        """Return the parameters that ask about rows."""
        asked = super().get_filters_params(params)
        asked.pop(COLUMNS, None)
        return asked

    def get_results(self, request: Any) -> None:
        """Count and fetch; the count is written with thousands marked wherever it stands."""
        super().get_results(request)
        self.result_count = GroupedCount(self.paginator.count)

    def get_ordering(self, request: Any, queryset: Any) -> list[Any]:
        """Return the order asked for. Raises DisallowedSort for a masked column."""
        for part in self.params.get(ORDER_VAR, "").split("."):
            number = part.removeprefix("-")
            is_column = number.isascii() and number.isdigit() and len(number) < 4
            if is_column and int(number) < len(self.list_display):
                wanted = self.get_ordering_field(self.list_display[int(number)])
                if wanted and self.model_admin.hides(request, wanted):
                    raise DisallowedSort(number)
        return list(super().get_ordering(request, queryset))


def order_of(table: Any, column: Any) -> Any:
    """Return what a list of the staff table is ordered by under a column; "" for nothing."""
    asked = SimpleNamespace(model_admin=table, model=table.model, lookup_opts=table.opts)
    return ChangeList.get_ordering_field(asked, column) or ""


def list_parameters(model: type[Model], declared: Declared) -> frozenset[str]:
    """Return the names of the parameters that a declared filter reads.

    A filter of a kind that `ENDINGS` does not know reads none: its parameters are refused.
    """
    if isinstance(declared, type):
        return frozenset(filter(None, [getattr(declared, "parameter_name", None)]))
    path, field, kind = _read_filter(model, declared)
    for known, endings in ENDINGS:
        if issubclass(kind, known):
            target = getattr(getattr(field, "target_field", None), "name", "")
            return frozenset(path + ending.format(target=target) for ending in endings)
    return frozenset()


def list_date_parameters(path: str | None) -> frozenset[str]:
    """Return the parameters of a date hierarchy."""
    return frozenset(f"{path}{ending}" for ending in DATE_ENDINGS) if path else frozenset()


def name_filter(model: type[Model], declared: Declared) -> str:
    """Return what staff see as the name of a declared filter."""
    if isinstance(declared, type):
        return str(capfirst(declared.title))
    field = _read_filter(model, declared)[1]
    # What points at the table from another one has no name of its own: its table has.
    is_pointer = field.auto_created and field.is_relation and not field.concrete
    said = field.related_model._meta.verbose_name_plural if is_pointer else field.verbose_name
    return str(capfirst(said))


def path_of(declared: Declared) -> str:
    """Return the field path that a declared filter reads; "" if it chooses by itself."""
    if isinstance(declared, type):
        return ""
    return declared if isinstance(declared, str) else str(declared[0])


def drop_ignored(parameters: Iterable[str]) -> list[str]:
    """Return the parameters that are questions about rows, not pages, orders or popups."""
    return [name for name in parameters if name not in {*IGNORED_PARAMS, COLUMNS, "p", "e"}]


def reaches(model: type[Model], path: Any, hidden: Hidden) -> bool:
    """Return whether a lookup path or an ordering, followed from `model`, touches a hidden field.

    A path that ends at a relation is sorted by the order of the related table, which is followed
    too.
    """
    return any(
        _is_hidden(owner, name, hidden)
        for one in _list_paths(path)
        for owner, name in _follow(model, one)
    )


def _is_hidden(owner: type[Model], name: str, hidden: Hidden) -> bool:
    return any(name in names for table, names in hidden.items() if issubclass(owner, table))


def _list_paths(path: Any) -> Iterator[str]:
    if isinstance(path, str):
        yield path
    elif isinstance(path, F):
        yield str(getattr(path, "name", ""))
    elif isinstance(path, BaseExpression):
        yield from (str(getattr(one, "name", "")) for one in path.flatten())


def _follow(model: type[Model], path: str) -> Iterator[tuple[type[Model], str]]:
    parts = path.lstrip("-^=@").split("__")
    for position, part in enumerate(parts):
        try:
            field = model._meta.get_field(part)
        except FieldDoesNotExist:  # an annotation, a transform or a lookup
            return
        yield model, field.name
        related = field.related_model
        if not field.is_relation or not isinstance(related, type):
            return
        model = related
        if position == len(parts) - 1:
            for one in model._meta.ordering or ():
                for inner in _list_paths(one):
                    yield from _follow(model, inner)


def _read_filter(model: type[Model], declared: Any) -> tuple[str, Any, type[Any]]:
    path = path_of(declared)
    field = get_fields_from_path(model, path)[-1]
    return path, field, _default_kind(field) if isinstance(declared, str) else declared[1]


def _default_kind(field: Field[Any, Any]) -> type[filters.FieldListFilter]:
    known: Any = filters.FieldListFilter  # the stubs leave its list of kinds out
    kind: type[filters.FieldListFilter] = next(
        kind for test, kind in known._field_list_filters if test(field)
    )
    return kind


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
