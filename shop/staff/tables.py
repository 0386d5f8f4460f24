"""The base of every staff table: quick on millions of rows, read-only where it must be."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.functional import Promise
from unfold.admin import ModelAdmin, TabularInline

from shop.staff.paginator import EstimatePaginator


class StaffAdmin(ModelAdmin):
    """A table staff may edit; an empty one shows `blank_text`: what will be in it, and when."""

    blank_text: str | Promise = ""

    list_per_page = 50
    list_fullwidth = True
    show_full_result_count = False
    warn_unsaved_form = True
    list_filter_submit = True
    paginator = EstimatePaginator

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
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the reader may be the second person."""
        return request.user.has_perm(f"{self.opts.app_label}.approve_{self.opts.model_name}")


class ReadOnlyAdmin(StaffAdmin):
    """A table nobody edits by hand: facts, ledgers, quotes, records."""

    list_disable_select_all = True
    actions_on_top = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: services write here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: what happened, happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: retention deletes, not people."""
        return False


class KeptAdmin(StaffAdmin):
    """A table whose rows are edited but never deleted, because others point at them."""

    list_disable_select_all = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: make it inactive instead."""
        return False


class ReadOnlyInline(TabularInline):
    """Rows shown on their parent's page, never edited there."""

    extra = 0
    max_num = 0
    can_delete = False
    tab = True
    per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
