"""The seam to carriers: who announces a parcel and gives a tracking number for it.

The default announces nothing: what a way of delivery costs is in the table of delivery methods,
and staff type the number from the carrier's own label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit

NUMBER_SIGN = "{number}"  # where the tracking number goes in a carrier's address


@dataclass(frozen=True, slots=True)
class Label:
    """What a carrier gave for a parcel."""

    tracking_number: str


class CarrierAdapter(Protocol):
    """A carrier's service."""

    def announce(self, *, reference: str, country: str, postcode: str) -> Label | None:
        """Announce a parcel; the same reference is announced once. None: it gives no label."""


class RateTable:
    """Delivery priced by the shop's own table of rates, without labels."""

    def announce(self, *, reference: str, country: str, postcode: str) -> Label | None:
        """Give no label."""
        return None


DEFAULT_CARRIER: CarrierAdapter = RateTable()


def is_tracking_pattern(pattern: str) -> bool:
    """Return whether `pattern` is an https address with one place for the number.

    >>> is_tracking_pattern("https://track.example/?id={number}"), is_tracking_pattern("x{number}")
    (True, False)
    """
    parts = urlsplit(pattern)
    return parts.scheme == "https" and bool(parts.netloc) and pattern.count(NUMBER_SIGN) == 1


def tracking_link(pattern: str, number: str) -> str:
    """Return where a parcel can be followed, "" without pattern or number.

    >>> tracking_link("https://track.example/?id={number}", "1Z 9&x")
    'https://track.example/?id=1Z%209%26x'
    """
    return pattern.replace(NUMBER_SIGN, quote(number, safe="")) if pattern and number else ""
