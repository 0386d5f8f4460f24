"""Moments in staff forms: typed and shown on a market's clock, kept in UTC."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from shop.ground.staff.region import staff_zone


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
