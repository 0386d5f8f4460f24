"""Money in staff forms: typed and shown in the market's currency, kept in minor units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from shop.ground.kernel.money import BadAmount, exponent, read_amount, write_amount
from shop.ground.staff.columns import show_money
from shop.ground.staff.region import staff_currency

MOST = 10**14
LARGEST_PRICE = 100_000
FINER = 4


class MoneyWidget(UnfoldAdminTextInputWidget):
    """A field for an amount with its currency beside it."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.currency = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Put the currency beside the field."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["suffix"] = self.currency or staff_currency()
        return context


class InlineMoneyWidget(forms.TextInput):
    """The same inside a sentence: a bare input, then the currency as a word."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.currency = ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the input and the currency."""
        field = super().render(name, value, attrs, renderer)
        code = self.currency or staff_currency()
        return format_html('{} <span class="ft-unit">{}</span>', field, code)


class MoneyField(forms.Field):
    """An amount in major units ("600.00"), cleaned to minor units; nothing is rounded.

    Bounds are minor units. `largest` is in major units, so that it means as much everywhere.
    `is_finer` takes decimals below the minor unit (what a point is worth) and cleans to Decimal.
    """

    widget: Any = MoneyWidget

    def __init__(
        self,
        *,
        currency: str = "",
        least: int | None = 0,
        largest: int | None = None,
        is_finer: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.least, self.largest = least, largest
        self.finer = FINER if is_finer else 0
        self.use_currency(currency)

    def use_currency(self, currency: str) -> None:
        """Read and show amounts of `currency`; empty: of the shop's market."""
        self._currency = currency
        self.widget.currency = currency

    @property
    def currency(self) -> str:
        """The currency amounts are read in."""
        return self._currency or staff_currency()

    def prepare_value(self, value: Any) -> Any:
        """Show what is stored in major units; what was typed stays as it was typed."""
        if value is None or isinstance(value, str):
            return value
        return write_amount(value, self.currency, finer=self.finer)

    def to_python(self, value: Any) -> int | Decimal | None:
        """Return minor units. Raises ValidationError with what to type instead."""
        if value in self.empty_values:
            return None
        if isinstance(value, int | Decimal):  # an initial value of ours
            return value
        try:
            minor = read_amount(str(value), self.currency, finer=self.finer)
        except BadAmount as refusal:
            raise ValidationError(self._say(refusal.code), code=refusal.code) from refusal
        return minor if self.finer else int(minor)

    def validate(self, value: Any) -> None:
        """Refuse an amount outside the bounds."""
        super().validate(value)
        if value is None:
            return
        if self.least is not None and value < self.least:
            said = _("At least %(amount)s.") % {"amount": self._show(self.least)}
            raise ValidationError(said, code="least")
        most = MOST if self.largest is None else self.largest * 10 ** exponent(self.currency)
        if abs(value) > most:
            said = _("At most %(amount)s.") % {"amount": self._show(most)}
            raise ValidationError(said, code="most")

    def _show(self, minor: int) -> str:
        return show_money(minor, self.currency)

    def _say(self, code: str) -> str:
        currency, example = self.currency, write_amount(60_000, self.currency)
        if code == "comma":
            said = _("Write a point before the decimals and no comma, such as %(example)s.")
        elif code == "decimals":
            said = _("%(currency)s has %(places)s decimals: write an amount such as %(example)s.")
        else:
            said = _("Write an amount of %(currency)s, such as %(example)s.")
        places = exponent(currency) + self.finer
        return said % {"currency": currency, "example": example, "places": places}


def price_field(**options: Any) -> MoneyField:
    """Return a field for a price: the smallest coin to 100,000."""
    return MoneyField(least=1, largest=LARGEST_PRICE, **options)


def read_currency(rows: models.QuerySet[Any]) -> str:
    """Return the currency of the market of the one row; empty without one. One query."""
    return rows.values_list("market__currency", flat=True).first() or ""


def is_money(field: models.Field[Any, Any]) -> bool:
    """Return whether a column holds an amount in minor units."""
    return field.name.endswith("_minor") and isinstance(field, models.IntegerField)
