"""Staff tables of records: quotes, seals over their days, price tests, private releases."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.models.quotes import Quote, QuoteSeal
from pricing.private.models.private import PrivacyBudget, PrivateRelease
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    money_column,
    percent_column,
    show_link,
    show_tag,
    tag_column,
)
from shop.ground.staff.keys import KeySearchAdmin, read_number, read_uuid
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


def number_column(name: str, title: Any, digits: int) -> Any:
    """Return a column that shows number `name`, rounded."""

    @admin.display(description=title, ordering=name)
    def column(row: PrivacyBudget | PrivateRelease) -> str:
        return f"{getattr(row, name):.{digits}f}"

    column.__name__ = f"{name}_rounded"
    return column


EPSILON = number_column("epsilon", _("Epsilon"), 2)
NOISE = number_column("noise_sd", _("Standard deviation of the noise"), 1)
SPENT = number_column("epsilon_spent", _("Epsilon spent"), 2)
CAP = number_column("epsilon_cap", _("Epsilon cap"), 2)


@admin.register(PrivacyBudget)
class PrivacyBudgetAdmin(ReadOnlyAdmin):
    blank_text = _("Budgets are listed here once training with privacy noise is switched on.")
    list_display = ["quarter", "data_set", SPENT, CAP, "delta_spent"]
    search_fields = ["data_set"]
    fields = [
        ("data_set", "quarter"),
        (SPENT, CAP),
        ("delta_spent", "delta_cap"),
    ]
    readonly_fields = [SPENT, CAP]


@admin.register(PrivateRelease)
class PrivateReleaseAdmin(ReadOnlyAdmin):
    blank_text = _("Each release of purchases with noise is listed here with what it spent.")
    list_display = [
        "id",
        "purpose",
        "first_week",
        "end_week",
        EPSILON,
        "delta",
        NOISE,
        age_column("at", _("Released")),
    ]
    list_filter = [("purpose", ChoicesDropdownFilter)]
    search_fields = ["sha256__startswith"]
    fields = [
        ("id", "purpose", "budget", "at"),
        ("first_week", "end_week"),
        (EPSILON, "delta", "most_cells", NOISE),
        "sha256",
    ]
    readonly_fields = ["id", EPSILON, NOISE]
    list_select_related = ["budget"]
    left_out = ["arrays"]


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
