"""Names of the room's keys in Redis."""

from __future__ import annotations

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


def profile_key(pseudonym: str) -> str:
    """Return the key of a shopper's sums by name, category and brand."""
    return f"fairtag:profile:{pseudonym}"


def variants_key(pseudonym: str) -> str:
    """Return the key of a shopper's interest by variant id."""
    return f"fairtag:variants:{pseudonym}"
