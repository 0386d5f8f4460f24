"""The base of every staff table: quick on millions of rows, read-only where it must be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.admin.exceptions import (
    DisallowedModelAdminLookup,
    DisallowedModelAdminToField,
)
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import DateTimeField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise, cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.mixins import FormFieldModelAdminMixin

from shop.ground.kernel.clock import utc_now
from shop.ground.staff import lookups
from shop.ground.staff.columns import age_column
from shop.ground.staff.forms import InlineStaffForms, StaffForms
from shop.ground.staff.log import say_entry
from shop.ground.staff.lookups import hidden_from
from shop.ground.staff.phrases import join_names
from shop.ground.staff.saved_views import COLUMNS, read_columns

COUNT_EXACTLY = 5_000
REACHABLE_ROWS = 20_000


class EstimatePaginator(Paginator):
    """Counts up to `COUNT_EXACTLY` rows, then asks the planner how many there are.

    A COUNT(*) reads the whole table: a second on 1.5 million rows. A count with LIMIT stops
    early. Pages end at `REACHABLE_ROWS`, because OFFSET reads everything before the page: who
    needs row 900,000 filters or searches.
    """

    template_name = "admin/pagination_estimate.html"

    @cached_property
    def exact_count(self) -> int | None:
        """The number of rows, or None when there are more than `COUNT_EXACTLY`. One query."""
        if not isinstance(self.object_list, QuerySet):
            return len(self.object_list)
        counted: int = self.object_list.order_by()[: COUNT_EXACTLY + 1].count()
        return counted if counted <= COUNT_EXACTLY else None

    @cached_property
    def count(self) -> int:
        """The exact or estimated number of rows. One or two cheap queries."""
        if self.exact_count is not None:
            return self.exact_count
        return max(COUNT_EXACTLY + 1, _estimate_rows(self.object_list))

    @property
    def is_estimate(self) -> bool:
        """Whether `count` is the planner's guess."""
        return self.exact_count is None

    @cached_property
    def num_pages(self) -> int:
        """Pages that can be opened."""
        rows = min(self.count, REACHABLE_ROWS)
        return max(1, -(-rows // self.per_page))


def _estimate_rows(rows: Any) -> int:
    plan = json.loads(rows.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


@cache
def tell_moment(model: type[Model], column: Any) -> Any:
    """Return a column of a list; of one that holds moments a column that says how long ago."""
    if not isinstance(column, str) or column not in {one.name for one in model._meta.fields}:
        return column
    field: Any = model._meta.get_field(column)
    is_moment = isinstance(field, DateTimeField)
    return age_column(column, capfirst(field.verbose_name)) if is_moment else column


class Declared(FormFieldModelAdminMixin):
    """What a table says of its rows in names: who may do what, what is read, what stays."""

    # False: nobody may, whatever their role.
    allows_add: bool = True
    allows_change: bool = True
    allows_delete: bool = True
    joined: Sequence[str] = ()  # rows they point at, read with them in lists and on pages
    fetched: Sequence[str] = ()  # rows read with one query for all rows of a list
    left_out: Sequence[str] = ()  # columns too large to be read with the rows
    fixed_fields: Sequence[Any] = ()  # fields of a stored row that do not change any more

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        """Return whether the table and the reader's role allow it; an inline is asked by parent."""
        return self.allows_add and super().has_add_permission(request, *parent)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the table and the reader's role allow it."""
        return self.allows_change and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the table and the reader's role allow it."""
        return self.allows_delete and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with what is read beside them, without what is left out."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if self.joined:  # without names Django would join everything
            rows = rows.select_related(*self.joined)
        return rows.prefetch_related(*self.fetched).defer(*self.left_out)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is only read: of a stored row also what does not change any more."""
        shown = super().get_readonly_fields(request, obj)
        return [*shown, *self.fixed_fields] if obj is not None else list(shown)


class StaffAdmin(Declared, StaffForms, ModelAdmin):
    """A table staff may edit; an empty one shows `blank_text`: what will be in it, and when.

    Its list answers the filters it declares and no other lookup, for every reader. What a reader
    sees masked is neither filtered, searched nor sorted by, whichever path leads to it.
    """

    blank_text: str | Promise = ""
    act_permission: str = ""  # the right that actions ask for; empty: to change this table

    list_per_page = 50
    list_fullwidth = True
    show_full_result_count = False
    warn_unsaved_form = True
    list_filter_submit = True
    list_before_template = "admin/parts/list_views.html"
    # The list's template asks for it twice a row; where it were missing, Django would look through
    # all names of the class each time: 12 ms of a page.
    list_sections: Sequence[Any] = ()
    paginator = EstimatePaginator

    def hides(self, request: HttpRequest, path: Any) -> bool:
        """Return whether a lookup or an ordering touches what the reader sees masked."""
        return lookups.reaches(self.model, path, hidden_from(request.user, self.admin_site))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Return whether a declared filter reads the parameter `lookup`. No query."""
        if request is None:
            return False
        declared = self.get_list_filter(request)
        known = [lookups.list_parameters(self.model, one) for one in declared]
        dates = lookups.list_date_parameters(self.date_hierarchy)
        return lookup in frozenset().union(dates, *known)

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Return whether a popup may hand out this column of its rows: the key alone."""
        return to_field == self.opts.pk.name

    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        """Return the declared filters, without those on columns the reader sees masked."""
        declared: Sequence[Any] = super().get_list_filter(request)
        return [one for one in declared if not self.hides(request, lookups.path_of(one))]

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        """Return the declared search fields, without those the reader sees masked."""
        declared: Sequence[str] = super().get_search_fields(request)
        return [one for one in declared if not self.hides(request, one)]

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """Return the columns that are chosen, all without a choice."""
        columns = self.list_columns(request)
        return [columns[number] for number in self.chosen_columns(request)]

    def list_columns(self, request: HttpRequest) -> Sequence[Any]:
        """Return all columns; moments are told relative to now, exactly on hover."""
        declared: Sequence[Any] = super().get_list_display(request)
        return [tell_moment(self.model, one) for one in declared]

    def chosen_columns(self, request: HttpRequest) -> Sequence[int]:
        """Return the numbers of the columns that the address chooses; all without a choice."""
        every = range(len(self.list_columns(request)))
        chosen = [one for one in read_columns(request.GET.get(COLUMNS, "")) if one in every]
        return chosen or every

    def get_sortable_by(self, request: HttpRequest) -> Sequence[Any]:
        """Return the columns whose heads are links: those the reader sees."""
        shown = super().get_sortable_by(request)
        return [one for one in shown if not self.hides(request, lookups.order_of(self, one))]

    def get_ordering(self, request: HttpRequest) -> Sequence[Any]:
        """Return the usual order; newest first where it would be by a masked column."""
        usual = super().get_ordering(request) or self.opts.ordering
        seen = [one for one in usual if not self.hides(request, one)]
        return seen if len(seen) == len(usual) else [*seen, "-pk"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return lookups.StaffChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, or say which question it does not answer and which it would."""
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        if SEARCH_VAR in request.GET and self.search_fields and not self.get_search_fields(request):
            return self._refuse(request, _("Your role sees masked what is searched here."))
        try:
            return super().changelist_view(request, extra_context)
        except lookups.DisallowedSort:
            return self._refuse(request, _("Your role sees this column masked: no sorting by it."))
        except (DisallowedModelAdminLookup, DisallowedModelAdminToField):
            return self._refuse(request, _("This list has no such filter: %(names)s."))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what staff did to the row, each act as a sentence in the reader's language."""
        page = super().history_view(request, object_id, extra_context)
        if isinstance(page, TemplateResponse) and page.context_data is not None:
            for entry in page.context_data["action_list"]:
                entry.change_message = say_entry(entry)
        return page

    def _refuse(self, request: HttpRequest, said: str) -> HttpResponse:
        asked = lookups.drop_ignored(request.GET)
        refused = [one for one in asked if not self.lookup_allowed(one, "", request)]
        names = join_names(one[:60] for one in refused[:5]) or "_to_field"
        filters = [lookups.name_filter(self.model, one) for one in self.get_list_filter(request)]
        context = {
            **self.admin_site.each_context(request),
            "title": _("This list does not answer that"),
            "said": said % {"names": names},
            "filters": filters,
            "is_searched": bool(self.get_search_fields(request)),
            "address": request.path,
        }
        return TemplateResponse(request, "admin/refused_list.html", context, status=400)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Return the list. Without a question all rows are its result: nothing to "show all" of."""
        changes: ChangeList = super().get_changelist_instance(request)
        if not (changes.query or changes.has_active_filters):
            changes.full_result_count = changes.result_count
        return changes

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the reader may start actions here: the right to change, form or no form.

        Unfold's own "app.codename" notation asks the database in a system check, which fails on
        a database without tables: `migrate` could never run.
        """
        own = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(self.act_permission or own)

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the reader may be the second person."""
        return request.user.has_perm(f"{self.opts.app_label}.approve_{self.opts.model_name}")


class ReadOnlyAdmin(StaffAdmin):
    """A table nobody edits by hand: facts, ledgers, quotes, records."""

    list_disable_select_all = True
    actions_on_top = True
    allows_add = False  # services write here
    allows_change = False  # what happened, happened
    allows_delete = False  # retention deletes, not people


class KeptAdmin(StaffAdmin):
    """A table whose rows are edited but never deleted, because others point at them."""

    list_disable_select_all = True
    allows_delete = False  # make it inactive instead


class DatedAdmin(StaffAdmin):
    """Rows that hold from a day on. What held stays: only rows of the future change or go."""

    actions = None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the row is one of the future."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.valid_from > utc_now().date())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the row is one of the future: never all chosen rows at once."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and obj is not None and obj.valid_from > utc_now().date()


class StaffInline(Declared, InlineStaffForms, TabularInline):
    """Rows that are edited on their parent's page."""


class ReadOnlyInline(StaffInline):
    """Rows shown on their parent's page, never edited there."""

    extra = 0
    max_num = 0
    can_delete = False
    tab = True
    per_page = 50
    show_title = False  # the columns say it: in the reader's language, on the market's clock
    allows_add = allows_change = allows_delete = False
