"""Points at a till: numbers that earn, codes that pay, and what a till says of a sale. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from stdnum.iso7064 import mod_11_10

from promotions.loyalty.core.points import AGE_LIMITED, Terms
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.money import prorate

NUMBER_LENGTH = 12
# Never a zero in front: spreadsheets would eat it
FIRST_NUMBER, LAST_NUMBER = 10**10, 10**11 - 1
CODE_PATTERN = "####-####"
CODE_LASTS = timedelta(minutes=5)
HOLD_LASTS = timedelta(hours=24)
# A till without a line sends later; its clock may go a little wrong
SENT_WITHIN = timedelta(days=7)
CLOCK_SLACK = timedelta(minutes=5)


class PosRefused(FairtagError):
    """The till cannot do that; `code` says why."""

    code = "till_refused"


@dataclass(frozen=True, slots=True)
class PosTerminal:
    """Who holds a token: a till of one store, with the market it sells in."""

    token_id: int
    store_id: int
    market_code: str
    currency: str


@dataclass(frozen=True, slots=True)
class PosLine:
    """Goods as the till sold them: what is charged for the line after all cuts, points aside."""

    minor: int
    quantity: int = 1
    sku: str = ""


@dataclass(frozen=True, slots=True)
class PosReceipt:
    """A sale as the till says it. Without a member number, points must be held for it."""

    reference: str
    currency: str
    lines: tuple[PosLine, ...]
    sold_at: datetime
    member_number: str = ""

    @property
    def total_minor(self) -> int:
        """Return what the products cost."""
        return sum(line.minor for line in self.lines)


def member_number(drawn: int) -> str:
    """Return the member number of a number drawn between FIRST_NUMBER and LAST_NUMBER.

    >>> member_number(48_217_730_915)
    '482177309157'
    """
    return f"{drawn}{mod_11_10.calc_check_digit(str(drawn))}"


def read_member_number(text: str) -> str | None:
    """Return the member number in what was typed or scanned; None if it cannot be one.

    >>> read_member_number("4821 7730 9157"), read_member_number("4821 7730 9158")
    ('482177309157', None)
    """
    number = "".join(unicodedata.normalize("NFKC", text[:40]).replace("-", "").split())
    if len(number) != NUMBER_LENGTH or not (number.isascii() and number.isdigit()):
        return None
    return number if mod_11_10.is_valid(number) else None


def group_number(number: str) -> str:
    """Return a number as people read it out.

    >>> group_number("482177309157")
    '4821 7730 9157'
    """
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def spread_points(points: int, minor: int, goods: Sequence[int]) -> list[tuple[int, int]]:
    """Return (points, what they pay) of each line, for points that were planned for the sum.

    >>> spread_points(300, 300, [100, 900])
    [(30, 30), (270, 270)]
    """
    amounts = prorate(minor, goods)
    return list(zip(prorate(points, amounts), amounts, strict=True))


def lowest_category(terms: Terms) -> tuple[int, ...]:
    """Return the category that earns least, if less than others: products nobody knows count as it.

    The mark of an age limit is no category: every programme has it, and it says nothing of products
    nobody knows.

    >>> from decimal import Decimal
    >>> lowest_category(Terms(1, category_multipliers={7: Decimal(0), 8: Decimal(2)}))
    (7,)
    >>> lowest_category(Terms(1, category_multipliers={8: Decimal(2), AGE_LIMITED: Decimal(0)}))
    ()
    """
    rates = {key: rate for key, rate in terms.category_multipliers.items() if key != AGE_LIMITED}
    least = min(rates, key=lambda category_id: (rates[category_id], category_id), default=None)
    return (least,) if least is not None and rates[least] < 1 else ()
