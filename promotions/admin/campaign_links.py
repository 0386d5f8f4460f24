"""The ways from a campaign's form to the pages about it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from promotions.models import Campaign
from shop.staff.columns import show_link
from shop.staff.numbers import EMPTY


class CampaignLinks:
    """Columns that lead on."""

    @admin.display(description=_("In words"))
    def in_words(self, row: Campaign) -> SafeString | str:
        """The way to what it says, and to what the law says of it."""
        if not row.pk:  # the form to add one
            return EMPTY
        said = _("What it says and what the law says of it")
        return show_link("admin:campaign_plan", row.pk, said)

    @admin.display(description=_("Version"))
    def versions(self, row: Campaign) -> SafeString | str:
        """The version that holds, and the way to all of them."""
        if not row.pk:  # the form to add one
            return EMPTY
        return show_link("admin:campaign_versions", row.pk, row.revision or EMPTY)

    @admin.display(description=_("Results"))
    def results(self, row: Campaign) -> SafeString | str:
        """The way to what it brought."""
        if not row.pk:  # the form to add one
            return EMPTY
        return show_link("admin:campaign_results", row.pk, _("Sales, cost, margin, lift"))
