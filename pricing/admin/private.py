"""Staff tables of privacy: what households may lose in a quarter, and what was released for it."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from pricing.models import PrivacyBudget, PrivateRelease
from shop.staff.columns import age_column
from shop.staff.tables import ReadOnlyAdmin


@admin.register(PrivacyBudget)
class PrivacyBudgetAdmin(ReadOnlyAdmin):
    list_display = ["quarter", "data_set", "epsilon_spent", "epsilon_cap", "delta_spent"]
    search_fields = ["data_set"]
    fields = [
        ("data_set", "quarter"),
        ("epsilon_spent", "epsilon_cap"),
        ("delta_spent", "delta_cap"),
    ]


@admin.register(PrivateRelease)
class PrivateReleaseAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "purpose",
        "first_week",
        "end_week",
        "epsilon",
        "delta",
        "noise_sd",
        age_column("at", _("Released")),
    ]
    list_filter = [("purpose", ChoicesDropdownFilter)]
    search_fields = ["sha256__startswith"]
    fields = [
        ("id", "purpose", "budget", "at"),
        ("first_week", "end_week"),
        ("epsilon", "delta", "most_cells", "noise_sd"),
        "sha256",
    ]
    readonly_fields = ["id"]
    list_select_related = ["budget"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivateRelease]:
        """Leave the arrays out: they are thousands of numbers."""
        rows: QuerySet[PrivateRelease] = super().get_queryset(request)
        return rows.defer("arrays")
