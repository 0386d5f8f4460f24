"""Campaigns with their offers as files: out as JSON or CSV, in with a dry run first."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from promotions.campaigns.api import list_campaign_ids
from promotions.planning.api import BadFile, ImportReport, export_campaigns, import_campaigns
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.views.campaigns import CAN_SEE
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.keys import read_number
from shop.ground.staff.reasons import account_id, say_refusal

CAN_SEE_CODES = "promotions.view_coupon"
CHANGES_CODES = ("promotions.add_coupon", "promotions.change_coupon", "promotions.add_codebatch")
MOST_BYTES = 5_000_000
TONES = {"new": "green", "changed": "blue", "same": "gray", "waits": "amber", "refused": "red"}


class FileForm(forms.Form):
    """A file, and whether it is meant."""

    file = forms.FileField(max_length=200)
    is_real = forms.BooleanField(required=False)


@needs(CAN_SEE)
def show_files(request: HttpRequest) -> HttpResponse:
    """Show how campaigns go out and come in."""
    return _render(request, None)


@needs(CAN_SEE)
def export_file(request: HttpRequest) -> HttpResponse:
    """Hand out all campaigns, or the one of `?campaign=`, as `?format=csv` or JSON."""
    file_format = "csv" if request.GET.get("format") == "csv" else "json"
    only = read_number(request.GET.get("campaign", ""))
    text = export_campaigns(
        [only] if only else list_campaign_ids(),
        file_format=file_format,
        with_codes=request.user.has_perm(CAN_SEE_CODES),
    )
    kind = "text/csv" if file_format == "csv" else "application/json"
    answer = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="campaigns.{file_format}"'
    return answer


@require_http_methods(["GET", "POST"])
@needs("promotions.add_campaign")
def import_file(request: HttpRequest) -> HttpResponse:
    """Take a file in, dry unless it is meant, and show what became or would become of it."""
    if request.method == "GET":
        # Whoever changes the language beside a report comes back to its address without a file.
        return HttpResponseRedirect(reverse("admin:campaign_files"))
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose a file first."))
        return HttpResponseRedirect(reverse("admin:campaign_files"))
    try:
        return _render(request, _take_in(request, form))
    except BadFile as refusal:
        messages.error(request, say_refusal(refusal))
        return HttpResponseRedirect(reverse("admin:campaign_files"))


def _take_in(request: HttpRequest, form: FileForm) -> ImportReport:
    given = form.cleaned_data["file"]
    if given.size > MOST_BYTES:
        raise BadFile(_("The file is larger than 5 MB."))
    try:
        text = given.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(_("The file is not written in UTF-8.")) from error
    return import_campaigns(
        text=text,
        file_format="csv" if given.name.lower().endswith(".csv") else "json",
        is_dry=not form.cleaned_data["is_real"],
        by_id=account_id(request),
        now=utc_now(),
        language=get_language() or "en",
        may_change_codes=request.user.has_perms(CHANGES_CODES),
    )


def _render(request: HttpRequest, report: ImportReport | None) -> HttpResponse:
    verdicts = {
        "new": _("new, as a draft"),
        "changed": _("changed"),
        "same": _("the same already"),
        "waits": _("waits for a second person"),
        "refused": _("set aside"),
    }
    context: dict[str, Any] = {
        "report": report,
        "outcomes": [
            (one, verdicts[one.verdict], TONES[one.verdict])
            for one in (report.outcomes if report else ())
        ],
        "may_import": request.user.has_perm("promotions.add_campaign"),
    }
    return render_page(request, "admin/campaign_files.html", _("Campaigns as files"), context)
