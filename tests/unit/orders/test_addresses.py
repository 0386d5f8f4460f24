"""Addresses and phone numbers are judged by the rules of their country."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders.checkout.services.contacts import ContactRefused, check_contact
from orders.terms.core import Method
from orders.terms.selectors import check_address, list_regions, write_address
from orders.values import Contact

HOME = Contact(
    email="bob@example.org",
    name="Bob Baker",
    address_line1="1 Mill Lane",
    city="Albany",
    region="New York",
    postcode=" 12207 ",
    country="us",
)
VAN = Method("van", "Van", "", 500, None, 1, 2, True, countries=("US", "DE"))
COUNTER = Method("counter", "Counter", "", 0, None, 0, 0, False)


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, {}),
        ({"postcode": "???"}, {"postcode": ("bad", "10000")}),
        ({"postcode": "90210"}, {"postcode": ("bad", "10000")}),
        ({"region": "Nowhere"}, {"region": ("unknown", "Alabama")}),
        ({"country": "DE", "region": "", "postcode": "1011"}, {"postcode": ("bad", "26133")}),
        ({"country": "DE", "region": "", "postcode": "10115"}, {}),
        ({"country": "GB", "region": "", "postcode": "sw1a 1aa"}, {}),
        ({"country": "CN", "region": "Guangdong Sheng", "postcode": "518000"}, {}),
        (
            {"country": "CN", "region": "广东省", "postcode": "51800"},
            {"postcode": ("bad", "266033")},
        ),
        ({"country": "HK", "region": "Kowloon", "postcode": ""}, {}),
        ({"country": "ZZ"}, {"country": ("unknown", "US")}),
        ({"city": " "}, {"city": ("missing", "")}),
        ({"region": ""}, {}),
        (
            {"region": "", "postcode": ""},
            {"postcode": ("missing", "95014"), "region": ("missing", "")},
        ),
    ],
)
def test_an_address_is_judged_by_its_country(
    change: dict[str, str], faults: dict[str, tuple[str, str]]
) -> None:
    _, found = check_address(replace(HOME, **change))
    assert {name: (fault.code, fault.example) for name, fault in found.items()} == faults


def test_what_is_kept_is_written_as_the_country_writes_it() -> None:
    kept = check_contact(replace(HOME, phone="(518) 555-0100"), VAN, country="US")
    assert (kept.country, kept.region, kept.postcode) == ("US", "NY", "12207")
    assert kept.phone == "+15185550100"
    assert check_contact(replace(HOME, region=""), VAN, country="US").region == "NY"
    abroad = replace(HOME, phone="+86 138 0013 8000")
    assert check_contact(abroad, COUNTER, country="US").phone == "+8613800138000"


def test_a_method_delivers_to_its_countries_alone() -> None:
    swiss = replace(HOME, country="CH", region="", postcode="3000", phone="12")
    with pytest.raises(ContactRefused) as refusal:
        check_contact(swiss, VAN, country="US")
    assert refusal.value.detail["faults"] == {
        "country": {"code": "not_served", "example": "DE"},
        "phone": {"code": "bad", "example": "+41 21 234 56 78"},
    }
    assert check_contact(replace(swiss, phone=""), COUNTER, country="US").country == "CH"


def test_regions_are_offered_where_addresses_have_them() -> None:
    assert ("NY", "New York") in list_regions("US")
    assert len(list_regions("CN")) == len(dict(list_regions("CN"))) == 34
    assert list_regions("DE") == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"region": "IL", "city": "Chicago", "postcode": "60601"}, ["Chicago, IL 60601", "US"]),
        ({"country": "DE", "city": "Berlin", "postcode": "10115"}, ["10115 Berlin", "DE"]),
        ({"country": "GB", "city": "London", "postcode": "N1 1AA"}, ["London", "N1 1AA", "GB"]),
        ({"country": "ZZ", "city": "Far", "postcode": "1"}, ["1 Far", "ZZ"]),
    ],
)
def test_an_address_is_written_in_the_order_of_its_country(
    change: dict[str, str], place: list[str]
) -> None:
    kept = replace(HOME, **({"region": "", "country": "US"} | change))
    assert write_address(kept) == ["Bob Baker", "1 Mill Lane", *place]
    assert write_address(kept, is_named=False)[0] == "1 Mill Lane"
    assert write_address(replace(kept, address_line1="")) == []
