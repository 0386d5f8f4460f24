"""Check who gets the goods, with the field that is wrong."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from orders.core.values import Contact, DeliveryOption
from orders.models import Order
from shop.kernel.errors import FairtagError

ADDRESS = ("address_line1", "city", "postcode", "country")


class ContactRefused(FairtagError):
    """A field of the contact is missing or wrong; `detail["fields"]` names them."""

    code = "contact_refused"


def check_contact(contact: Contact, delivery: DeliveryOption | None) -> None:
    """Raise ContactRefused unless the receipt and the goods can reach somebody."""
    bad = [name for name in ("email", "name") if not getattr(contact, name).strip()]
    if "email" not in bad and not _is_email(contact.email):
        bad.append("email")
    if delivery is not None and delivery.needs_address:
        bad.extend(name for name in ADDRESS if not getattr(contact, name).strip())
    bad.extend(name for name in contact.__slots__ if _is_too_long(name, getattr(contact, name)))
    if bad:
        raise ContactRefused("Please complete the marked fields.", fields=sorted(set(bad)))


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _is_too_long(name: str, text: str) -> bool:
    longest = getattr(Order._meta.get_field(name), "max_length", None)
    return longest is not None and len(text) > longest
