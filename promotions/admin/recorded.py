"""Tables whose every save is a revision of a campaign, refused in words where it must not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from promotions.campaigns.models import Campaign
from promotions.release.api import open_for_change, record_change
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.reasons import account_id, say_refusal
from shop.ground.staff.region import StaffRegion
from shop.ground.staff.tables import KeptAdmin


def region_of_campaign(campaign_id: int | None, asked: Mapping[str, str]) -> StaffRegion:
    """Return the place of a campaign's market; one chosen in the form goes before."""
    chosen = read_number(asked.get("campaign", "")) or campaign_id
    rows = Campaign.objects.filter(pk=chosen or 0)
    return find_place(rows.values_list("market_code", flat=True).first() or "")


class RecordedForm(forms.ModelForm):
    """Asks why, and says what a service refused while everything typed still stands."""

    refusal: ClassVar[FairtagError | None] = None

    change_reason = forms.CharField(
        label=_("Reason of the change"),
        max_length=300,
        required=False,
        # Declared fields get no widget of the staff site's by themselves: a box nobody sees.
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Kept with the version and shown to auditors."),
    )

    def clean(self) -> dict[str, Any]:
        """Show what the service said when this form was tried."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.refusal is not None:
            for sentence in say_refusal(self.refusal).splitlines():
                self.add_error(None, sentence)
        return cleaned


class RecordedAdmin(KeptAdmin):
    """The base of campaigns and offers: rows are locked, written, recorded, or none of it."""

    form = RecordedForm

    def campaign_of(self, row: Any) -> int:
        """Return the id of the campaign that a row is a part of."""
        return int(row.campaign_id)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[RecordedForm]:
        """Return the form, with what the service refused a moment ago."""
        form: type[RecordedForm] = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Lock the campaign before its row is read for a save: orders raise its counters."""
        row = super().get_object(request, object_id, from_field)
        is_save = request.method == "POST" and self.has_change_permission(request, row)
        if row is None or not is_save or hasattr(request, "refusal"):
            return row
        open_for_change(campaign_id=self.campaign_of(row), now=utc_now())
        return super().get_object(request, object_id, from_field)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Record what the rows say now as a revision."""
        super().save_related(request, form, formsets, change)
        saved = record_change(
            campaign_id=self.campaign_of(form.instance),
            reason=form.cleaned_data.get("change_reason", ""),
            by_id=account_id(request),
            now=utc_now(),
        )
        if saved.is_waiting:
            said = _("Version %(number)d waits for a second person; until then nothing changes.")
            self.message_user(request, said % {"number": saved.revision}, messages.WARNING)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Try; where a service refuses, show the form again with its sentences."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except FairtagError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]  # read by get_form above
            return super().changeform_view(request, object_id, form_url, extra_context)
