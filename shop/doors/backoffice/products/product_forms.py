"""The form of a product with its variants, as people write them: "12.50", "Size, Colour"."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from orders.terms.api import list_tax_classes
from shop.ground.catalog.core.facts import SOURCES, FactsValue
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.forms import perishable_field
from shop.ground.catalog.selectors import list_markets
from shop.ground.catalog.selectors.editing import list_category_choices
from shop.ground.kernel.barcodes import bar_code
from shop.ground.staff.money import MoneyField, price_field

MOST_VARIANTS = 100
BLANK_ROWS = 3
MOST_PIECES = 1_000_000
MOST_ATTRIBUTES = 40
# Fields of a known variant that are edited in the table of prices, and the form they are sent with
IN_TABLE, PRODUCT_FORM = ("price", "cost", "stock"), "ft-product"


def _text(label: Any, *, most: int, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, widget=UnfoldAdminTextInputWidget(), **options
    )


def _long(label: Any, *, most: int, rows: int = 4, **options: Any) -> forms.CharField:
    widget = UnfoldAdminTextareaWidget(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=most, required=False, widget=widget, **options)


def _flag(label: Any, text: Any) -> forms.BooleanField:
    return forms.BooleanField(
        label=label, required=False, help_text=text, widget=UnfoldBooleanSwitchWidget()
    )


AS_STATED = gettext_lazy("Only what is known, as it is stated; empty is shown nowhere.")


class ProductForm(forms.Form):
    """What all variants of a product share."""

    name = _text(gettext_lazy("Name"), most=200)
    name_zh = _text(gettext_lazy("Name in Chinese"), most=200, required=False)
    category = forms.ChoiceField(
        label=gettext_lazy("Category"), required=False, widget=UnfoldAdminSelectWidget()
    )
    new_category = _text(
        gettext_lazy("New category"),
        most=120,
        required=False,
        help_text=gettext_lazy("Creates a category below the one that is chosen."),
    )
    brand = _text(
        gettext_lazy("Brand"),
        most=120,
        help_text=gettext_lazy("A new name creates a brand."),
    )
    description = _long(gettext_lazy("Description"), most=10_000)
    description_zh = _long(gettext_lazy("Description in Chinese"), most=10_000)
    attributes = _long(
        gettext_lazy("Attributes"),
        most=6_000,
        help_text=gettext_lazy('One on a line, such as "Material: Cotton".'),
    )
    option_names = _text(
        gettext_lazy("Options"),
        most=120,
        required=False,
        help_text=gettext_lazy(
            'What shoppers choose between, such as "Size, Colour"; empty for one variant.'
        ),
    )
    is_sensitive = _flag(
        gettext_lazy("Sensitive"),
        gettext_lazy(
            "It reveals something about health, belief or sexual life: no model learns from it."
        ),
    )
    is_child_directed = _flag(
        gettext_lazy("Directed to children"), gettext_lazy("Never priced personally.")
    )
    minimum_age = forms.IntegerField(
        label=gettext_lazy("Age limit"),
        required=False,
        min_value=1,
        max_value=99,
        help_text=gettext_lazy("In years; empty: as the category says."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    tax_class = forms.ChoiceField(
        label=gettext_lazy("Tax class"), required=False, widget=UnfoldAdminSelectWidget()
    )
    ingredients = _long(gettext_lazy("Ingredients"), most=4_000, help_text=AS_STATED)
    allergens = _long(gettext_lazy("Allergens"), most=1_000, rows=2)
    nutrition = _long(gettext_lazy("Nutrition"), most=4_000)
    storage = _long(gettext_lazy("Storage"), most=1_000, rows=2)
    origin = _long(pgettext_lazy("fact", "Origin"), most=1_000, rows=2)
    is_perishable = perishable_field()
    source = forms.ChoiceField(
        label=gettext_lazy("Who says so"),
        required=False,
        choices=[("", "–"), *((code, gettext_lazy(said)) for code, said in SOURCES.items())],
        widget=UnfoldAdminSelectWidget(),
    )
    revision = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["brand"].widget.attrs["list"] = "ft-brands"
        none = [("", _("none: at the top"))]
        category: Any = self.fields["category"]
        tax_class: Any = self.fields["tax_class"]
        category.choices = none + list_category_choices()
        classes = list_tax_classes()
        kept = str(self.initial.get("tax_class") or "")
        if kept and kept not in classes:
            classes = [*classes, kept]
        tax_class.choices = [("", _("as the category says"))] + [(one, one) for one in classes]

    def facts(self) -> FactsValue:
        """Return what the form says is known."""
        said = {one.name: self.cleaned_data.get(one.name, "") for one in fields(FactsValue)}
        return FactsValue(**said)

    def clean_attributes(self) -> dict[str, str]:
        """Return the attributes by name."""
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["attributes"].splitlines())):
            name, colon, value = (part.strip() for part in line.replace("：", ":").partition(":"))
            if not (name and colon and value):
                raise ValidationError(
                    _('"%(line)s" is no attribute: write its name, a colon and its value.')
                    % {"line": line[:60]}
                )
            if name in found:
                raise ValidationError(_('"%(name)s" is there twice.') % {"name": name[:60]})
            found[name] = value
        if len(found) > MOST_ATTRIBUTES or any(len(name) > 60 for name in found):
            raise ValidationError(_("At most 40 attributes with names of at most 60 letters."))
        return found

    def clean_option_names(self) -> tuple[str, ...]:
        """Return the names of the options."""
        names = _split(self.cleaned_data["option_names"])
        if len(set(names)) != len(names) or len(names) > 3:
            raise ValidationError(_("At most three options, each with its own name."))
        return names

    def clean(self) -> dict[str, Any]:
        """Require a place in the shop, and of facts who says so."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.facts().is_blank and not cleaned.get("source"):
            self.add_error("source", _("Say who says so: shoppers read it beside the facts."))
        if not (cleaned.get("category") or cleaned.get("new_category")):
            self.add_error("category", _("Choose a category, or name a new one."))
        return cleaned


class HiddenInTable(forms.HiddenInput):
    """What a field of the table showed at first, sent with the product's form."""

    def __init__(self) -> None:
        super().__init__(attrs={"form": PRODUCT_FORM})


class VariantForm(forms.Form):
    """One variant, in a row. A row without a price and a SKU is a blank one."""

    ref = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput())
    options = _text(gettext_lazy("Options"), most=120, required=False)
    sku = _text(
        gettext_lazy("SKU"),
        most=40,
        required=False,
        help_text=gettext_lazy("Empty: one is made."),
    )
    size = _text(
        gettext_lazy("Size or content"),
        most=80,
        required=False,
        help_text=gettext_lazy('Such as "500 g" or "2 x 1 l".'),
    )
    price = price_field(label=gettext_lazy("List price"), required=False)
    cost = MoneyField(label=gettext_lazy("Cost"), least=0, required=False)
    gtin = _text(gettext_lazy("Bar code"), most=14, required=False)
    stock = forms.IntegerField(
        label=gettext_lazy("Opening stock"),
        required=False,
        min_value=0,
        max_value=MOST_PIECES,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    is_active = forms.BooleanField(label=gettext_lazy("Sold"), required=False, initial=True)

    def clean_sku(self) -> str:
        """Return the SKU without blanks around it; one within would break lists and labels."""
        sku = str(self.cleaned_data["sku"]).strip()
        if any(each.isspace() for each in sku):
            raise ValidationError(_("A SKU has no spaces."))
        return sku

    def clean_gtin(self) -> str:
        """Return the number in its stored form."""
        typed = str(self.cleaned_data["gtin"]).strip()
        if typed and not bar_code(typed):
            raise ValidationError(_("This is no bar code: its last digit does not fit the others."))
        return bar_code(typed)

    def clean(self) -> dict[str, Any]:
        """Require a price of a row that is meant."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.is_meant() and cleaned.get("price") is None and "price" not in self.errors:
            self.add_error("price", _("Write a list price, such as 12.50."))
        return cleaned

    def edit_in_table(self, on_hand: int, *, may_move_stock: bool) -> None:
        """Give the fields that the table of prices holds to the product's form, wherever the table
        stands; pieces in stock are those there are.
        """
        for name in IN_TABLE:
            self.fields[name].widget.attrs["form"] = PRODUCT_FORM
        stock = self.fields["stock"]
        stock.label, stock.disabled = _("Stock"), not may_move_stock
        self.initial["stock"] = on_hand
        # What is sold meanwhile is no count of the reader: compared is what the page showed.
        stock.show_hidden_initial = True
        stock.hidden_widget = HiddenInTable

    def is_meant(self) -> bool:
        """Whether anything was written into the row."""
        fields = ("ref", "options", "sku", "size", "price", "cost", "gtin", "stock")
        return any(self.data.get(self.add_prefix(name), "").strip() for name in fields)


class BaseVariantSet(forms.BaseFormSet):
    """The rows of a product's variants, which are told apart by their options.

    `option_names` are None where the product's form refuses them: no row is judged by them then.
    """

    option_names: tuple[str, ...] | None = None

    def meant(self) -> list[Any]:
        """Return the rows that say something."""
        return [form for form in self.forms if form.is_meant()]

    def clean(self) -> None:
        """Compare the rows with the options, and with each other."""
        rows = self.meant()
        if not rows:
            raise ValidationError(_("A product needs a variant with a list price."))
        for form in rows:
            self._read_options(form, is_alone=len(rows) == 1)
        self._refuse_doubles(rows)

    def _read_options(self, form: Any, *, is_alone: bool) -> None:
        values = _split(form.cleaned_data.get("options", ""))
        names = self.option_names
        if names is None:
            return
        if len(values) == len(names):
            form.cleaned_data["chosen"] = dict(zip(names, values, strict=True))
            return
        form.cleaned_data["chosen"] = {}
        if not names:
            form.add_error("options", _("Enter the product's options first, such as Size."))
        elif values or not is_alone:
            said = _("Write one value for each of: %(names)s.")
            form.add_error("options", said % {"names": ", ".join(names)})

    def _refuse_doubles(self, rows: list[Any]) -> None:
        is_read = self.option_names is not None
        told_apart = [tuple(form.cleaned_data.get("chosen", {}).items()) for form in rows]
        skus = Counter(sku for form in rows if (sku := form.cleaned_data.get("sku")))
        for form, chosen in zip(rows, told_apart, strict=True):
            is_double = is_read and told_apart.count(chosen) > 1
            if is_double and "options" not in form.errors:
                form.add_error("options", _("Two variants must differ in an option."))
            if skus[form.cleaned_data.get("sku")] > 1:
                form.add_error("sku", _("Two variants must not share a SKU."))


def list_markets_abroad() -> list[MarketValue]:
    """Return the active markets whose list prices do not stand on the variants."""
    return [one for one in list_markets() if not one.is_home]


def abroad_field(code: str) -> str:
    """Return the name of the field of a market's list price."""
    return f"price_{code}"


def variant_set(data: Any, *, initial: list[dict[str, Any]], currency: str) -> Any:
    """Return the rows of a product's variants, some blank ones after those there are."""
    made = forms.formset_factory(
        VariantForm,
        formset=BaseVariantSet,
        extra=1 if initial else BLANK_ROWS,
        max_num=MOST_VARIANTS,
        absolute_max=MOST_VARIANTS,
    )(data, initial=initial, prefix="variant")
    for form in made.forms:
        for name in ("price", "cost"):
            form.fields[name].use_currency(currency)
        for market in list_markets_abroad():
            label = _("List price: %(market)s") % {"market": market.name}
            field = price_field(label=label, required=False, currency=market.currency)
            form.fields[abroad_field(market.code)] = field
    return made


def _split(text: str) -> tuple[str, ...]:
    """Return the parts between commas, Chinese ones too."""
    parts = (part.strip() for part in text.replace("，", ",").split(","))
    return tuple(part for part in parts if part)
