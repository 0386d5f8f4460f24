"""The door of `consent`, the only module of it that others import.

Answers of shoppers, recorded and effective on the next quote.
"""

from profiles.consent.services import DEFAULT_TEXT, record_defaults, set_consent

__all__ = [
    "DEFAULT_TEXT",
    "record_defaults",
    "set_consent",
]
