"""Coupon codes: as people type them, and as machines make them so that nobody guesses one."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from promotions.engine.api import MAX_CODE_LENGTH
from shop.ground.kernel.errors import FairtagError

MAX_CODES = 10
PLACE = "#"
# No 0 O 1 I L: what people confuse is never in a code that was made
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
# A guess hits a code of the batch at most once in so many tries
MIN_TRIES = 1_000_000
MAX_AMOUNT = 5_000_000
_PATTERN = re.compile(r"[A-Z0-9#-]+")


class WeakPattern(FairtagError):
    """Codes of this pattern could be guessed, or not stored."""

    code = "weak_pattern"


def check_pattern(pattern: str, amount: int) -> None:
    """Refuse a pattern that cannot hold `amount` unguessable codes. Raises WeakPattern.

    The space is len(ALPHABET) ** places; it must be MIN_TRIES times the amount, so that a random
    code of this pattern exists with a chance of at most one in MIN_TRIES.

    >>> check_pattern("SPRING-####-####-##", 1_000_000)
    >>> check_pattern("SPRING-####", 100)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    WeakPattern: 100 codes need at least 6 places (#), this pattern has 4.
    """
    if not 0 < amount <= MAX_AMOUNT:
        raise WeakPattern(f"A batch has 1 to {MAX_AMOUNT:,} codes.")
    if len(pattern) > MAX_CODE_LENGTH or not _PATTERN.fullmatch(pattern):
        raise WeakPattern(
            f"A pattern has letters, digits, hyphens and {PLACE}, at most {MAX_CODE_LENGTH} signs."
        )
    places, needed = pattern.count(PLACE), 1
    while len(ALPHABET) ** needed < amount * MIN_TRIES:
        needed += 1
    if places < needed:
        raise WeakPattern(
            f"{amount:,} codes need at least {needed} places ({PLACE}), this pattern has {places}.",
            needed=needed,
        )


def draw_codes(pattern: str, count: int, draw: Callable[[int], bytes]) -> list[str]:
    """Return `count` codes of `pattern`, each place drawn uniformly; two may be equal.

    `draw(n)` returns n random bytes fit for secrets. Bytes past the last multiple of the
    alphabet's size are thrown away: with them the first letters would come more often.

    >>> draw_codes("A-##", 2, lambda n: bytes(range(n)))
    ['A-23', 'A-45']
    """
    template = np.frombuffer(pattern.encode("ascii"), dtype=np.uint8)
    where = np.flatnonzero(template == ord(PLACE))
    letters = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
    drawn = _uniform(count * len(where), draw)
    codes: NDArray[np.uint8] = np.tile(template, (count, 1))
    codes[:, where] = letters[drawn].reshape(count, len(where))
    return [str(code) for code in codes.view(f"S{len(template)}").ravel().astype(str)]


def code_space(code: str) -> str:
    """Return what the code looks like: the letters before its first hyphen, and its length.

    Guesses are counted by it: who tries codes of one batch meets the limit of that batch, and
    shoppers with other codes do not.

    >>> code_space("SPRING-AB2C-9XYZ"), code_space("WELCOME5")
    ('SPRING-:16', ':8')
    """
    head, hyphen, _ = code.partition("-")
    return f"{head + hyphen if hyphen else ''}:{len(code)}"


def _uniform(count: int, draw: Callable[[int], bytes]) -> NDArray[np.uint8]:
    size = len(ALPHABET)
    fair = 256 // size * size
    found: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
    while len(found) < count:
        missing = count - len(found)
        more = np.frombuffer(draw(missing + missing // 16), dtype=np.uint8)
        found = np.concatenate([found, more[more < fair] % size])
    return found[:count]
