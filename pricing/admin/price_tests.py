"""Staff table of price shocks: which prices chance moved, from where to where, how likely."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pricing.experiments.models.price_tests import PriceShock
from shop.ground.staff.columns import money_column, percent_column, show_tag
from shop.ground.staff.tables import ReadOnlyAdmin


@admin.register(PriceShock)
class PriceTestAdmin(ReadOnlyAdmin):
    """A draw cannot be edited: that would bias what is learned from it."""

    blank_text = _(
        "From next Monday, a few public prices change at random for a week; each draw is listed "
        "here with its probability."
    )
    list_display = [
        "week",
        "variant",
        money_column("base_minor", _("Before the test"), currency_field="market.currency"),
        money_column("shocked_minor", _("During the week"), currency_field="market.currency"),
        percent_column("probability", _("Probability")),
        "state",
    ]
    list_select_related = ["variant", "market"]
    list_filter = ["week", "is_applied"]
    search_fields = ["variant__sku__startswith"]
    ordering = ["-week", "variant"]
    fields = [
        ("variant", "market", "channel"),
        ("week", "direction", "probability"),
        ("base_minor", "shocked_minor", "is_applied"),
        ("started_at", "ended_at"),
        ("seed", "policy_version"),
    ]

    @admin.display(description=_("State"), ordering="ended_at")
    def state(self, row: PriceShock) -> SafeString:
        """Holding now, over, or never let through."""
        if not row.is_applied:
            return show_tag(_("not applied"), "red")
        return show_tag(_("over")) if row.ended_at else show_tag(_("holds now"), "green")
