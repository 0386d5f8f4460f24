"""What a token of a member of staff opens, and how long it may live. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

STAFF_PREFIX = "staff_"
LONGEST_LIFE = timedelta(days=366)


class StaffScope(StrEnum):
    """What a token may do, at most: its owner's own rights are asked at each call.

    RELEASE hands in, takes back, pauses, resumes and ends. Nothing approves: that is a person's
    decision, made in the back office.
    """

    READ = "campaigns:read"
    WRITE = "campaigns:write"
    RELEASE = "campaigns:release"


@dataclass(frozen=True, slots=True)
class StaffKey:
    """Who calls by a token: which token, whose, and its scopes."""

    token_id: int
    name: str
    account_id: int
    scopes: frozenset[str]
