"""Filters whose choices are known: no DISTINCT over a large table to list them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeNumericFilter

from shop.ground.staff.money import MoneyField, MoneyWidget


class ChannelFilter(admin.SimpleListFilter):
    """Online or in a store."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two channels."""
        return [("online", _("online")), ("store", _("store"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Select by the row's channel."""
        return queryset.filter(channel=self.value()) if self.value() else queryset


class MoneyRangeFilter(RangeNumericFilter):
    """From one amount to another, typed in the shop's currency; the column holds minor units."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Select by the bounds that can be read; another one is shown with what is wrong."""
        form = self._make_form()
        form.is_valid()
        bounds = {
            f"{self.parameter_name}__{word}": form.cleaned_data.get(name)
            for name, word in zip(self.expected_parameters(), ("gte", "lte"), strict=True)
        }
        return queryset.filter(**{name: at for name, at in bounds.items() if at is not None})

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Hand the form to the theme's template."""
        name = self.parameter_name
        yield {"request": self.request, "parameter_name": name, "form": self._make_form()}

    def _make_form(self) -> forms.Form:
        names = self.expected_parameters()
        form = forms.Form({name: self.used_parameters.get(name, "") for name in names})
        for name, said in zip(names, (_("From"), _("To")), strict=True):
            widget = MoneyWidget({"placeholder": said, "aria-label": said})
            form.fields[str(name)] = MoneyField(label="", required=False, widget=widget)
        return form
