"""Forms of the storefront. They validate and clean; they decide nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from orders.checkout.api import ContactRefused, check_contact
from orders.terms.api import Method
from orders.values import Contact
from shop.doors.pages.contact import say_fault

MAX_QUANTITY = 99
MAX_TOKEN = 900
MISSING = _("Please fill this in.")


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A product put into the cart, with the signed quote the page showed ("" if none)."""

    variant_id: int
    quantity: int
    token: str


def read_line(given: QueryDict) -> AddedLine | None:
    """Return what an add button sent ("variant:token" and a quantity), or None."""
    variant, _colon, token = given.get("line", "").partition(":")
    quantity = given.get("quantity", "1")
    is_sane = variant.isascii() and variant.isdigit() and len(variant) < 18
    if not is_sane or not quantity.isascii() or not quantity.isdigit() or len(token) > MAX_TOKEN:
        return None
    if not 1 <= int(quantity[:6]) <= MAX_QUANTITY:
        return None
    return AddedLine(variant_id=int(variant), quantity=int(quantity), token=token)


def read_heart(given: QueryDict) -> tuple[int, bool]:
    """Return what a heart sent ("variant:1", or 0 to take it off); variant 0 if it is nonsense."""
    variant, _colon, kept = given.get("keep", "").partition(":")
    is_sane = variant.isascii() and variant.isdigit() and len(variant) < 18
    return (int(variant) if is_sane else 0), kept == "1"


class LineForm(forms.Form):
    """A new quantity for a line; `was` is the one shown."""

    variant = forms.IntegerField(min_value=1)
    quantity = forms.IntegerField(min_value=0, max_value=MAX_QUANTITY)
    was = forms.IntegerField(min_value=0, max_value=MAX_QUANTITY, required=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A new quantity of a variant; `was` is the one shown, `token` the quote of a card."""

    variant_id: int
    quantity: int
    was: int = 0
    token: str = ""

    def write(self) -> str:
        """Return the change as a button holds it, "variant:quantity:was:token"."""
        return f"{self.variant_id}:{self.quantity}:{self.was}:{self.token}"

    def undo(self) -> str:
        """Return what puts back what was taken out, at today's price; "" if nothing was."""
        if self.quantity or not self.was:
            return ""
        return Change(self.variant_id, self.was).write()


def read_change(given: QueryDict) -> Change | None:
    """Return the change of a card's button (`step`) or of a line's form, or None."""
    step = given.get("step", "")
    variant, quantity, was, token = [*step[: MAX_TOKEN + 40].split(":", 3), "", "", ""][:4]
    typed = {"variant": variant, "quantity": quantity, "was": was}
    form = LineForm(typed if step else given)
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    return Change(asked["variant"], asked["quantity"], asked["was"] or 0, token)


class GiftForm(forms.Form):
    """One of the gifts of an offer; without a variant: whatever it gives first."""

    offer = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    gift = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class CodeForm(forms.Form):
    """A coupon code to enter, or to take out; `offer` is the one it was shown with."""

    code = forms.CharField(max_length=40)
    offer = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    remove = forms.BooleanField(required=False)


class TrackForm(forms.Form):
    """What a guest needs to find an order."""

    number = forms.CharField(
        label=_("Order number"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class EmailForm(forms.Form):
    """The e-mail address of an order, given by whoever follows its link."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


@dataclass(frozen=True, slots=True)
class CheckoutTerms:
    """What a checkout offers: deliveries and payments by code, countries and regions by name."""

    country: str
    deliveries: Mapping[str, Method | None]
    methods: Sequence[str]
    countries: Sequence[tuple[str, str]] = ()
    regions: Sequence[tuple[str, str]] = ()
    minimum_age: int | None = None


def _text(
    label: Any, token: str, *, limit: int, required: bool = True, hint: Any = "", **attrs: str
) -> Any:
    return forms.CharField(
        label=label,
        max_length=limit,
        required=required,
        help_text=hint,
        error_messages={"required": MISSING},
        widget=forms.TextInput(attrs={"autocomplete": token, **attrs}),
    )


class CheckoutForm(forms.Form):
    """Twelve fields, at most; names and order suit browsers that fill in."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("For the receipt and to find your order."),
        error_messages={"required": MISSING},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    name = _text(_("Full name"), "name", limit=120)
    phone = forms.CharField(
        label=_("Phone (optional)"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    address_line1 = _text(_("Street and number"), "address-line1", limit=160, required=False)
    address_line2 = _text(
        _("Apartment, floor (optional)"), "address-line2", limit=160, required=False
    )
    city = _text(_("City"), "address-level2", limit=80, required=False)
    region = _text(
        _("State or province"),
        "address-level1",
        limit=80,
        required=False,
        hint=_("Needed where addresses have one."),
    )
    postcode = _text(_("Postcode"), "postal-code", limit=20, required=False)
    is_of_age = forms.BooleanField(required=False)
    delivery = forms.ChoiceField(choices=())
    method = forms.ChoiceField(choices=())

    def __init__(self, *args: Any, terms: CheckoutTerms, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.terms = terms
        self.minimum_age = terms.minimum_age
        if terms.minimum_age is None:
            del self.fields["is_of_age"]
        else:
            self._ask_age(terms.minimum_age)
        self._choose("country", terms.countries)
        self._choose("delivery", [(code, code) for code in terms.deliveries])
        self._choose("method", [(code, code) for code in terms.methods])
        if len(terms.countries) < 2:
            del self.fields["country"]
            self._shape_region()

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # stubs: Field, it is a ChoiceField

    def _shape_region(self) -> None:
        """Offer the regions of the one country; ask for none where addresses have none."""
        if self.terms.regions:
            choices = [("", "—"), *self.terms.regions]
            # Names as the country's post writes them, in every language of the page.
            attrs = {"autocomplete": "address-level1", "translate": "no"}
            self.fields["region"].widget = forms.Select(attrs=attrs, choices=choices)
            self.fields["region"].help_text = ""
        else:
            del self.fields["region"]

    def _ask_age(self, minimum_age: int) -> None:
        field = self.fields["is_of_age"]
        field.required = True
        field.label = _("I am {age} or older").format(age=minimum_age)
        field.error_messages["required"] = _("Please confirm your age.")
        field.help_text = _("An identity document is checked when the order is handed over.")

    def clean(self) -> dict[str, Any]:
        """Check the contact as placing the order will, each fault beside its field."""
        cleaned = super().clean() or self.cleaned_data
        method = self.terms.deliveries.get(str(cleaned.get("delivery")))
        try:
            check_contact(self.contact(), method, country=self.terms.country)
        except ContactRefused as refusal:
            for name, fault in refusal.detail["faults"].items():
                if name not in self.errors:
                    self.add_error(name if name in self.fields else None, say_fault(fault))
        return cleaned

    def contact(self) -> Contact:
        """Return the contact as it was typed."""
        given = {field.name: self.cleaned_data.get(field.name) or "" for field in fields(Contact)}
        if "country" not in self.fields:
            given["country"] = self.terms.country
        return Contact(**given)


class RestockForm(forms.Form):
    """Which variant somebody waits for, and a guest's address; `stop` ends the wait."""

    variant = forms.IntegerField(min_value=1)
    email = forms.EmailField(required=False, max_length=254)
    stop = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, *, is_guest: bool) -> None:
        super().__init__(data)
        self.fields["email"].required = is_guest
