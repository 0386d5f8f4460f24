"""Amounts and times on staff forms, in the currency and time zone of the row's market."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from shop.ground.staff.money import MoneyField, is_money
from shop.ground.staff.region import StaffRegion, staff_region, staff_zone

# Moments in staff forms: typed and shown on a market's clock, kept in UTC.


class MomentWidget(UnfoldAdminSplitDateTimeWidget):
    """A day and a time of day on the clock of `zone`; empty: of the shop's market."""

    zone = ""
    label: Any = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Name both inputs: a label belongs to one input only."""
        context = super().get_context(name, value, attrs)
        names = (_("{label}, date"), _("{label}, time"))
        for part, spoken in zip(context["widget"]["subwidgets"], names, strict=True):
            part["attrs"]["aria-label"] = spoken.format(label=self.label)
        return context

    def decompress(self, value: Any) -> list[Any]:
        """Return the day and the time of day of a stored moment."""
        with timezone.override(ZoneInfo(self.zone or staff_zone())):
            return list(super().decompress(value))


class MomentField(forms.SplitDateTimeField):
    """A moment typed on a market's clock; its help says which clock that is."""

    widget = MomentWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.hint = self.help_text
        widget: Any = self.widget
        widget.label = self.label
        self.use_zone("")

    def use_zone(self, zone: str) -> None:
        """Read and show moments on the clock of `zone`; empty: of the shop's market."""
        self.zone = zone
        widget: Any = self.widget
        widget.zone = zone
        clock = format_lazy(_("Clock of {zone}."), zone=zone or staff_zone())
        self.help_text = format_lazy("{} {}", self.hint, clock) if self.hint else clock

    def compress(self, data_list: Any) -> Any:
        """Return the moment that a day and a time of day are on that clock."""
        with timezone.override(ZoneInfo(self.zone or staff_zone())):
            return super().compress(data_list)


class StaffForms:
    """Gives amounts and moments of a table's form their fields, for the market of its row."""

    finer_money: frozenset[str] = frozenset()  # columns with parts of minor units

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of a row that is or will be; `asked` is what the form was sent.

        A row's own market or currency counts, else the place of the page.
        """
        if row is None:
            return staff_region()
        market = getattr(row, "market", None)
        if market is not None and hasattr(market, "time_zone"):
            return StaffRegion(market.currency, market.time_zone)
        currency = getattr(row, "currency", "")
        return replace(staff_region(), currency=currency) if currency else staff_region()

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        """Return our field for an amount or a moment, else what Django would."""
        is_finer = db_field.name in self.finer_money
        is_moment = isinstance(db_field, models.DateTimeField)
        if not (is_finer or is_moment or is_money(db_field)):
            return super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]  # of ModelAdmin beside it
        ours: dict[str, Any] = {
            "label": capfirst(db_field.verbose_name),
            "help_text": db_field.help_text,
            "required": not db_field.blank,
            "initial": db_field.default if db_field.has_default() else None,
        }
        return MomentField(**ours) if is_moment else MoneyField(is_finer=is_finer, **ours)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        """Return the form with its fields set to the row's market."""
        form = super().get_form(request, obj, change=change, **options)  # type: ignore[misc]  # of ModelAdmin beside it
        return set_place(form, self.place_for(obj, request.POST or request.GET))


class InlineStaffForms(StaffForms):
    """The same for rows on their parent's page: the parent says which market."""

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Ask the parent's table."""
        this: Any = self
        parent = row
        if row is not None and not isinstance(row, this.parent_model):
            links = (one for one in row._meta.fields if one.related_model is this.parent_model)
            link = next(links, None)
            parent = None if link is None else getattr(row, link.name, None)
        table = this.admin_site._registry.get(this.parent_model)
        is_ours = isinstance(table, StaffForms)
        return table.place_for(parent, asked) if is_ours else staff_region()

    def get_formset(self, request: Any, obj: Any = None, **options: Any) -> Any:
        """Return the rows' forms with their fields set to the parent's market."""
        formset = super().get_formset(request, obj, **options)  # type: ignore[misc]  # of InlineModelAdmin beside it
        formset.form = set_place(formset.form, self.place_for(obj, request.POST or request.GET))
        return formset


def set_place(form: Any, place: StaffRegion) -> Any:
    """Set amounts and moments of a form class to a place: its own copies of declared fields."""
    for name, field in form.base_fields.items():
        if not isinstance(field, MoneyField | MomentField):
            continue
        own = form.base_fields[name] = copy.deepcopy(field)
        if isinstance(own, MoneyField):
            own.use_currency(place.currency)
        else:
            own.use_zone(place.time_zone)
    return form
