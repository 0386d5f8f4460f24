"""Guessed codes: wrong ones are counted by what they look like, whoever enters them.

The doors count tries by shopper and by address. Somebody with many of both meets this: after
WRONG_CODES wrong codes of one shape (say SPRING-, 16 signs) that shape is closed for a while,
and codes of other shapes work on.
"""

from __future__ import annotations

from promotions.core.codes import code_space
from promotions.metrics import code_spaces_closed_total
from shop.jobs.limits import Policy, peek, take
from shop.kernel.errors import FairtagError

WRONG_CODES = Policy("wrong_codes", 1_000, 600, by="space")


class TooManyWrongCodes(FairtagError):
    """Too many wrong codes of this shape came in; `retry_after_seconds` says when to return."""

    code = "too_many_tries"


def check_space(code: str) -> None:
    """Refuse to look at a code while its shape is closed. Raises TooManyWrongCodes. One Redis call.

    A right code is refused as well, or a closed shape would tell which codes are right.
    """
    verdict = peek(WRONG_CODES, code_space(code))
    if not verdict.is_allowed:
        code_spaces_closed_total.inc()
        raise TooManyWrongCodes(
            "Too many wrong codes were entered. Please try again in a few minutes.",
            retry_after_seconds=verdict.retry_seconds,
        )


def count_wrong_code(code: str) -> None:
    """Count a code nobody knows. One Redis call."""
    take(WRONG_CODES, code_space(code))
