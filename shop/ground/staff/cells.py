"""Read-only cells of staff forms: amounts as money, moments with their zone."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.fields import UnfoldAdminReadonlyField

from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_ago, show_money
from shop.ground.staff.forms import StaffForms
from shop.ground.staff.money import is_money
from shop.ground.staff.numbers import EMPTY, show_units
from shop.ground.staff.region import show_moment, staff_region


class StaffCell(UnfoldAdminReadonlyField):
    """A column of the row that nobody edits here, as staff read it."""

    def contents(self) -> SafeString | str:
        """Return money in the row's currency and moments on its market's clock."""
        found: Any = self.resolved_field
        if isinstance(found, bool) or found[0] is None:
            return super().contents()
        column, _attribute, value = found
        if value is not None and _is_figure(column):
            return show_units(value)
        if not (is_money(column) or isinstance(column, models.DateTimeField)):
            return super().contents()
        table: Any = self.model_admin
        is_ours = isinstance(table, StaffForms)
        place = table.place_for(self.form.instance, {}) if is_ours else staff_region()
        if is_money(column):
            return show_money(value, place.currency)
        if value is None:
            return EMPTY
        ago = show_ago(value, utc_now(), place.time_zone)
        return format_html(
            '{} <span class="ft-note">{}</span>', show_moment(value, place.time_zone), ago
        )


def _is_figure(column: Any) -> bool:
    """Return whether a column holds a quantity or a share, and no key, choice or amount."""
    is_number = isinstance(column, models.FloatField | models.DecimalField | models.IntegerField)
    is_key = column.primary_key or column.choices or column.name.endswith(("_id", "number"))
    return is_number and not is_key and not is_money(column)
