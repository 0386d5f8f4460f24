"""How many fields a guest has to fill in."""

from __future__ import annotations

import pytest

from orders.terms.api import Method
from shop.doors.storefront.forms import CheckoutForm, CheckoutTerms

VAN = Method("van", "Van", "", 500, None, 1, 2, True)
CHOSEN = {"delivery": "van", "method": "card"}  # as the page marks them
FILLED = {
    "email": "bob@example.org",
    "name": "Bob Baker",
    "address_line1": "1 Mill Lane",
    "city": "Albany",
    "postcode": "12207",
}


def _form(country: str, **given: str) -> CheckoutForm:
    terms = CheckoutTerms(
        country=country,
        deliveries={"van": VAN},
        methods=["card"],
        countries=[(country, country)],
        regions=[("NY", "New York")] if country == "US" else [],
    )
    return CheckoutForm({**CHOSEN, **given}, terms=terms)


@pytest.mark.parametrize(("country", "asked"), [("US", [*FILLED, "region"]), ("DE", [*FILLED])])
def test_a_guest_fills_in_six_fields_at_most(country: str, asked: list[str]) -> None:
    assert sorted(_form(country).errors) == sorted(asked)


def test_a_postcode_tells_the_state() -> None:
    form = _form("US", **FILLED)
    assert form.errors == {}
    tokens = [form.fields[name].widget.attrs.get("autocomplete") for name in (*FILLED, "region")]
    assert tokens == [
        *("email", "name", "address-line1", "address-level2", "postal-code"),
        "address-level1",
    ]
    assert sorted(_form("US", **{**FILLED, "postcode": "1220"}).errors) == ["postcode", "region"]
