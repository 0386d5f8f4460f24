"""Names of the room's keys in Redis."""

from __future__ import annotations

from collections.abc import Mapping

STREAM = "fairtag:events"
GROUP = "drain"
WARM_MARKER = "fairtag:profiles:warm"
SEEN_PREFIX = "fairtag:seen:"
RATE_PREFIX = "fairtag:rate:"

# Fields of a profile beside its sums: the shopper's id, the version that every write counts up,
# whether the whole history is in the sums, and the consents as four digits.
ID_FIELD = "!id"
VERSION_FIELD = "!v"
WARM_FIELD = "!w"
CONSENT_FIELD = "!k"
# What is known of a guest: nobody's account, or about to become somebody's.
FREE, JOINING = "free", "joining"
CATEGORY_MARK = "c"
BRAND_MARK = "b"


def profile_key(pseudonym: str) -> str:
    """Return the key of a shopper's sums by name, category and brand."""
    return f"fairtag:profile:{pseudonym}"


def variants_key(pseudonym: str) -> str:
    """Return the key of a shopper's interest by variant id."""
    return f"fairtag:variants:{pseudonym}"


def guest_key(pseudonym: str) -> str:
    """Return the key that says whether a pseudonym is a guest's: FREE, or JOINING an account."""
    return f"fairtag:guest:{pseudonym}"


def stored_affinities(
    categories: Mapping[int, float], brands: Mapping[int, float]
) -> dict[str, float]:
    """Return interest by category and brand as fields of a profile.

    >>> stored_affinities({3: 1.0}, {7: 2.0})
    {'c:3': 1.0, 'b:7': 2.0}
    """
    fields = {f"{CATEGORY_MARK}:{key}": value for key, value in categories.items()}
    return fields | {f"{BRAND_MARK}:{key}": value for key, value in brands.items()}
