"""Staff tables of quotes and the seals over their days."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from pricing.ledger.models.quotes import Quote, QuoteSeal
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    money_column,
    show_link,
    show_tag,
    tag_column,
)
from shop.ground.staff.keys import KeySearchAdmin, read_number, read_uuid
from shop.ground.staff.tables import ReadOnlyAdmin

RUNG_TONES = {"personal": "green", "book": "blue", "public": "gray"}


@admin.register(Quote)
class QuoteAdmin(KeySearchAdmin):
    """Newest first by id: it is a UUIDv7, so each partition's primary key gives the order."""

    blank_text = _(
        "Decisions about shoppers who agreed are listed here seconds after the first of them saw "
        "prices."
    )
    list_display = [
        "id",
        age_column("issued_at", _("Issued")),
        tag_column("rung", _("Price source"), RUNG_TONES),
        "variant",
        money_column("public_minor", _("Public price"), currency_field="currency"),
        money_column("quoted_minor", _("Quoted price"), currency_field="currency"),
        "label_code",
        "jurisdiction_code",
        "purpose",
        "inspect_link",
    ]
    list_select_related = ["variant"]
    list_filter = [
        ("rung", ChoicesDropdownFilter),
        ("arm", ChoicesDropdownFilter),
        "is_personal",
        ("issued_at", RangeDateTimeFilter),
    ]
    search_keys = {
        "id": read_uuid,
        "shopper__pseudonym": read_uuid,
        "variant_id": read_number,
    }
    search_help_text = _("quote id, shopper's pseudonym or variant number")
    ordering = ["-id"]
    fields = [
        "id",
        "inspect_link",
        ("issued_at", "expires_at"),
        ("rung", "arm", "propensity"),
        ("market_code", "channel", "jurisdiction_code", "label_code", "purpose"),
        ("policy_version", "model_version", "book_version"),
        "variant",
        (
            money_column("list_minor", _("List price"), currency_field="currency"),
            money_column("public_minor", _("Public price"), currency_field="currency"),
            money_column("quoted_minor", _("Quoted price"), currency_field="currency"),
        ),
        document_cell("reasons", _("Reasons")),
        document_cell("guard_actions", _("Guard actions")),
        document_cell("candidates", _("Candidates")),
        document_cell("features", _("Features")),
        document_cell("inputs", _("Inputs")),
        ("kid", "signature", "is_complete"),
    ]
    readonly_fields = ["inspect_link", *(one for one in fields if callable(one))]

    @admin.display(description=_("Inspect"))
    def inspect_link(self, row: Quote) -> SafeString | str:
        """The quote in the inspector."""
        return show_link("admin:quote", row.pk, _("inspect"))


@admin.register(QuoteSeal)
class QuoteSealAdmin(ReadOnlyAdmin):
    blank_text = _("Each day of quotes is sealed in the following night.")
    list_display = [
        "day",
        "rows",
        "state",
        "digest",
        age_column("sealed_at", _("Sealed")),
        age_column("checked_at", _("Compared")),
    ]
    search_fields = ["digest__startswith"]
    ordering = ["-day"]

    @admin.display(description=_("State"))
    def state(self, row: QuoteSeal) -> SafeString:
        """Whether the day still is what was sealed, as last compared."""
        if row.found_digest:
            return show_tag(_("changed"), "red")
        return show_tag(_("as sealed"), "green") if row.checked_at else show_tag(_("new"), "gray")
