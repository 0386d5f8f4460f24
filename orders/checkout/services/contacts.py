"""Check who gets the products: which field is wrong, how, and what a right one looks like."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from orders.order.models import Order
from orders.terms.api import FieldFault, check_address, check_phone
from orders.terms.core import Method
from orders.values import Contact
from shop.ground.kernel.errors import FairtagError


class ContactRefused(FairtagError):
    """A field of the contact is missing or wrong.

    `detail["fields"]` names them; `detail["faults"]` says of each what is wrong (missing, bad,
    unknown, too_long, not_served) and gives an example where there is one.
    """

    code = "contact_refused"


def check_contact(contact: Contact, method: Method | None, *, country: str) -> Contact:
    """Return the contact as it is kept: phone in E.164, postcode and region as the country writes.

    `country` is the market's: a method without a list of its own serves it alone, and phone
    numbers without a country code are read there. Raises ContactRefused unless the receipt and
    the products can reach somebody.
    """
    faults: dict[str, FieldFault] = {}
    for name in ("email", "name"):
        if not getattr(contact, name).strip():
            faults[name] = FieldFault("missing")
    if "email" not in faults and not _is_email(contact.email):
        faults["email"] = FieldFault("bad", "alice@example.com")
    if method is not None and method.needs_address:
        contact, wrong = _check_place(contact, method.countries or (country,))
        faults |= wrong
    contact, wrong_phone = check_phone(contact, contact.country or country)
    for name in contact.__slots__:
        if _is_too_long(name, getattr(contact, name)):
            faults[name] = FieldFault("too_long")
    faults |= wrong_phone
    if faults:
        raise ContactRefused(
            "Please complete the marked fields.",
            fields=sorted(faults),
            faults={
                name: {"code": fault.code, "example": fault.example}
                for name, fault in sorted(faults.items())
            },
        )
    return contact


def _check_place(
    contact: Contact, served: Collection[str]
) -> tuple[Contact, dict[str, FieldFault]]:
    """Check the address; one country that is not asked for is filled in."""
    if not contact.country.strip():
        if len(served) > 1:
            return contact, {"country": FieldFault("missing", min(served))}
        contact = replace(contact, country=next(iter(served)))
    checked, faults = check_address(contact)
    if checked.country not in served and "country" not in faults:
        faults["country"] = FieldFault("not_served", min(served))
    return checked, faults


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _is_too_long(name: str, text: str) -> bool:
    longest = getattr(Order._meta.get_field(name), "max_length", None)
    return longest is not None and len(text) > longest
