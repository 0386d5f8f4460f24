"""Staff tables of the jobs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action

from shop.ground.jobs.models import JobRun, QuarantinedRow
from shop.ground.jobs.selectors import list_latest_runs
from shop.ground.jobs.services import retry_run
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    document_column,
    show_link,
    tag_column,
)
from shop.ground.staff.numbers import show_number
from shop.ground.staff.reasons import ConfirmForm, ask, go_back, tell_outcome
from shop.ground.staff.region import show_time
from shop.ground.staff.tables import ReadOnlyAdmin

OUTCOME_TONES = {"running": "blue", "ok": "green", "failed": "red", "hung": "red"}


class JobFilter(admin.SimpleListFilter):
    title = _("job")
    parameter_name = "name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The jobs that ever ran, by index look-ups."""
        return [(run.name, run.name) for run in list_latest_runs()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[JobRun]) -> QuerySet[JobRun]:
        """Select by the job's name."""
        return queryset.filter(name=self.value()) if self.value() else queryset


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    blank_text = _("Each run of a job is listed here once workers run.")
    list_display = [
        "name",
        tag_column("outcome", _("Outcome"), OUTCOME_TONES),
        age_column("started_at", _("Started")),
        "duration",
        "rows",
        "queue",
        "attempt",
        "first_error_line",
    ]
    list_filter = [
        ("outcome", ChoicesDropdownFilter),
        JobFilter,
        ("started_at", RangeDateTimeFilter),
    ]
    search_fields = ["name", "task_id__startswith"]
    fields = [
        "name",
        tag_column("outcome", _("Outcome"), OUTCOME_TONES),
        "started_at",
        "finished_at",
        "heartbeat_at",
        "duration",
        "rows",
        "queue",
        "attempt",
        "task_id",
        "time_limit_seconds",
        document_cell("report", _("Report")),
        "error_text",
    ]
    readonly_fields = fields
    actions_detail = ["run_again"]
    actions_row = ["run_again"]

    @admin.display(description=_("Duration"))
    def duration(self, row: JobRun) -> str:
        """Seconds from start to end."""
        if row.finished_at is None:
            return "…"
        return f"{show_number((row.finished_at - row.started_at).total_seconds())} s"

    @admin.display(description=_("Error"))
    def first_error_line(self, row: JobRun) -> str:
        """The last line of the traceback says what went wrong."""
        lines = row.error.strip().splitlines()
        return lines[-1][:120] if lines else ""

    @admin.display(description=_("Error"))
    def error_text(self, row: JobRun) -> SafeString | str:
        """The whole kept traceback."""
        return format_html('<pre class="ft-json">{}</pre>', row.error) if row.error else "–"

    @action(
        description=_("Run again"),
        permissions=["act"],
        url_path="run-again",
        icon="replay",
        dialog=ask(
            _("Run this job again?"),
            _("It is put into its queue now. Jobs are safe to run twice; only one runs at a time."),
            submit=_("Run again"),
        ),
    )
    def run_again(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Send the job to its queue."""
        tell_outcome(
            self, request, lambda: retry_run(run_id=int(object_id)), _("The job was queued.")
        )
        return go_back(request)


@admin.register(QuarantinedRow)
class QuarantinedRowAdmin(ReadOnlyAdmin):
    blank_text = _("Rows of an import that could not be read are listed here with the reason.")
    list_display = [
        "source",
        "row_number",
        "reason",
        "run_link",
        document_column("payload", _("Held")),
    ]
    list_select_related = ["run"]
    list_filter = ["source", "reason"]
    search_fields = ["source__startswith", "reason__startswith"]
    ordering = ["-id"]
    fields = ["run_link", "source", "row_number", "reason", document_cell("payload", _("Held"))]
    readonly_fields = fields

    @admin.display(description=_("Run"))
    def run_link(self, row: QuarantinedRow) -> SafeString | str:
        """The job that refused it, and when that began."""
        said = f"{row.run.name} {show_time(row.run.started_at)}"
        return show_link("admin:shop_jobrun_change", row.run_id, said)
