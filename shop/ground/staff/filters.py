"""Filters whose choices are known: no DISTINCT over a large table to list them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter, RangeNumericFilter

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


class MomentRangeFilter(RangeDateTimeFilter):
    """From one moment to another on the clock of the page; Unfold's own would read them as UTC."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Select by the bounds that can be read."""
        bounds = {"from": "gte", "to": "lte"}
        asked = {lookup: self._read(side) for side, lookup in bounds.items()}
        return queryset.filter(
            **{f"{self.field_path}__{one}": at for one, at in asked.items() if at is not None}
        )

    def _read(self, side: str) -> datetime | None:
        parts = (self.used_parameters.get(f"{self.field_path}_{side}_{at}") for at in (0, 1))
        try:
            found = parse_datetime(" ".join(str(part) for part in parts))
        except ValueError:
            return None
        return None if found is None else make_aware(found)


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
