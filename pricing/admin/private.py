"""Staff tables of privacy: what households may lose in a quarter, and what was released for it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from pricing.private.models.private import PrivacyBudget, PrivateRelease
from shop.ground.staff.columns import age_column
from shop.ground.staff.tables import ReadOnlyAdmin


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
