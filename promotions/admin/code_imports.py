"""The staff table of imported files of codes: a file is tried, read in, and told about."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldBooleanSwitchWidget,
)

from promotions.campaigns.models import Offer
from promotions.coupons.api import BadCodeFile, find_layout, import_codes
from promotions.coupons.models import CodeImport, RefusedCode
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_tag
from shop.ground.staff.numbers import EMPTY, show_count
from shop.ground.staff.phrases import join_clauses, join_names
from shop.ground.staff.tables import ReadOnlyAdmin, ReadOnlyInline


class ImportForm(forms.ModelForm):
    """Asks for the file; the report is what is stored."""

    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget(),
        help_text=_(
            "A list of codes, or CSV with the columns code, max_redemptions, per_shopper_limit."
        ),
    )
    uses = forms.IntegerField(
        label=_("Uses of each code"),
        widget=UnfoldAdminIntegerFieldWidget(),
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        initial=1,
        help_text=_("Used where the file gives no number. Empty: unlimited."),
    )

    class Meta:
        model = CodeImport
        fields = ["offer", "is_dry_run"]
        widgets = {"is_dry_run": UnfoldBooleanSwitchWidget()}

    def clean_offer(self) -> Offer:
        """Refuse an offer that everybody has without a code: its codes would do nothing."""
        offer: Offer = self.cleaned_data["offer"]
        if not offer.requires_coupon:
            raise ValidationError(_("This offer applies without a code."))
        return offer

    def clean_file(self) -> UploadedFile:
        """Refuse what is no file of codes before anything is read in."""
        file: UploadedFile = self.cleaned_data["file"]
        try:
            self.unread = find_layout(read_lines(file)).names
        except BadCodeFile as problem:
            raise ValidationError(say_bad_file(problem)) from problem
        return file


def read_lines(file: UploadedFile) -> io.StringIO:
    """Return the lines of a file as spreadsheets write them: UTF-8, or UTF-16 with its mark."""
    file.seek(0)
    content: bytes = file.read()
    is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = content.decode("utf-16" if is_wide else "utf-8-sig", "replace")
    return io.StringIO(text, newline="")


# Why a row was refused, in words; the keys are what `import_codes` counts
REASONS = {
    "no_code": _("there is no code"),
    "code_too_long": _("the code is longer than 40 characters"),
    "code_too_short": _("the code is shorter than 4 characters"),
    "code_rounded": _("a spreadsheet rounded the code: format its column as text and save again"),
    "unreadable": _("characters of the code cannot be read: save the file as UTF-8"),
    "bad_number": _("how often it may be used is no whole number from 1"),
    "twice_in_file": _("the code stands twice in the file: the first one counts"),
    "exists": _("the code exists already and stays as it is"),
}


# Why a file cannot be read at all, by the reason its refusal names
BAD_FILES = {
    "empty": _("The file is empty."),
    "bad_line": _("Line %(line)s cannot be read: is this a CSV file?"),
    "too_many": _("A file has at most %(most)s codes."),
    "no_column": _(
        "No column is named “code”: the first line must name the columns %(columns)s (the first is"
        " enough), or be a code itself."
    ),
}


def say_bad_file(problem: BadCodeFile) -> str:
    """Return in the reader's language why a file cannot be read as codes."""
    return str(BAD_FILES[problem.detail["reason"]] % problem.detail)


class RefusedInline(ReadOnlyInline):
    model = RefusedCode
    fields = ["line", "text", "why"]
    readonly_fields = ["why"]

    @admin.display(description=_("Reason"))
    def why(self, row: RefusedCode) -> str:
        """The reason in words."""
        return str(REASONS.get(row.reason, row.reason))


@admin.register(CodeImport)
class CodeImportAdmin(ReadOnlyAdmin):
    blank_text = _("Files of codes you read in, and the rows that were refused, will be here.")
    list_display = ["file_name", "offer", "what", "fit", "refused_rows", "why", "created_at"]
    list_select_related = ["offer"]
    autocomplete_fields = ["offer"]
    inlines = [RefusedInline]
    fixed_fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may change codes may read in a file of them."""
        return bool(request.user.has_perm("promotions.add_coupon"))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        """Ask for the file when there is no report yet."""
        if obj is None:
            options["form"] = ImportForm
        return super().get_form(request, obj, change=change, **options)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The file's columns, then its report."""
        return ["offer", "file", "uses", "is_dry_run"] if obj is None else self.list_display

    @admin.display(description=_("What it did"), ordering="is_dry_run")
    def what(self, row: CodeImport) -> SafeString:
        """Whether codes were taken over, or only looked at."""
        if row.is_dry_run:
            return show_tag(_("dry run"))
        return show_tag(_("imported"), "green")

    @admin.display(description=_("Codes that fit"), ordering="good")
    def fit(self, row: CodeImport) -> str:
        """How many codes were good."""
        return show_count(row.good)

    @admin.display(description=_("Refused rows"), ordering="bad")
    def refused_rows(self, row: CodeImport) -> str:
        """How many rows were not."""
        return show_count(row.bad)

    @admin.display(description=_("Reasons"))
    def why(self, row: CodeImport) -> str:
        """How many rows were refused for which reason, most first."""
        return say_reasons(row.reasons) or EMPTY

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Read in a file; one that breaks off in the middle changes nothing and says where."""
        try:
            return super().add_view(request, form_url, extra_context)
        except BadCodeFile as problem:
            self.message_user(request, say_bad_file(problem), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go to the report, where the refused rows are; what the file did was said already."""
        return HttpResponseRedirect(reverse("admin:promotions_codeimport_change", args=[obj.pk]))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Read the file; its report becomes the row."""
        file = form.cleaned_data["file"]
        report = import_codes(
            offer_id=obj.offer_id,
            file_name=file.name,
            lines=read_lines(file),
            is_dry_run=obj.is_dry_run,
            uses=form.cleaned_data["uses"],
            now=utc_now(),
        )
        obj.pk = report.pk
        obj.refresh_from_db()
        self.message_user(request, say_report(obj), messages.INFO)
        if form.unread:
            said = _("Unknown columns were skipped: %(names)s.")
            names = join_names(form.unread)
            self.message_user(request, said % {"names": names}, messages.WARNING)


def say_reasons(reasons: Mapping[str, int]) -> str:
    """Return counted reasons in words, most first."""
    most = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
    return join_clauses(
        f"{show_count(count)} × {REASONS.get(reason, reason)}" for reason, count in most
    )


def say_report(report: CodeImport) -> str:
    """Return in a sentence what a file did, or would do."""
    if report.is_dry_run:
        said = _("Dry run, nothing was changed: %(good)s codes fit, %(bad)s rows would be refused.")
    else:
        said = _("%(good)s codes were imported, %(bad)s rows were refused and kept.")
    return str(said % {"good": show_count(report.good), "bad": show_count(report.bad)})
