"""Returns without a database: rules by category, windows, states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class ReturnState(StrEnum):
    """Where a return is; the values of `Return.state`."""

    REQUESTED = "requested"
    RECEIVED = "received"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


class Payer(StrEnum):
    """Who pays the postage when nothing is wrong with the goods."""

    SHOPPER = "shopper"
    SHOP = "shop"


# Of these the shop pays the postage, whatever the rule says.
OUR_FAULT = frozenset({"damaged", "wrong"})


@dataclass(frozen=True, slots=True)
class Rule:
    """For how many days pieces of a part of the catalogue come back (0: not at all)."""

    category_path: str
    window_days: int
    payer: Payer
    instruction: str = ""


# Without any row the shop takes nothing back, and promises nothing.
NO_RETURNS = Rule("", 0, Payer.SHOPPER)


def find_rule(rules: Iterable[Rule], category_path: str) -> Rule:
    """Return the rule whose path is the longest that `category_path` lies in.

    >>> rules = [Rule("", 30, Payer.SHOP), Rule("food/fresh", 0, Payer.SHOP)]
    >>> [find_rule(rules, path).window_days for path in ("food/fresh/milk", "food/freshener")]
    [0, 30]
    """
    fit = [rule for rule in rules if _lies_in(category_path, rule.category_path)]
    return max(fit, key=lambda rule: len(rule.category_path), default=NO_RETURNS)


def _lies_in(path: str, part: str) -> bool:
    return not part or path == part or path.startswith(f"{part}/")


@dataclass(frozen=True, slots=True)
class Sent:
    """Pieces of a line that left in one parcel; the window runs `since` then."""

    quantity: int
    since: datetime


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of an order, as far as returns care.

    `claimed`: pieces in returns that were not withdrawn; `waiting`: those of them that are not
    settled yet; `refunded`: pieces given back, through a return or without one.
    """

    bought: int
    refunded: int
    claimed: int
    waiting: int
    sent: Sequence[Sent]


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many pieces may be sent back until when; `reason` says why none may.

    Reasons: never (the rule takes none back), not_sent, over, none_left.
    """

    pieces: int
    until: datetime | None = None
    reason: str = ""


def allow(line: LineFacts, rule: Rule, now: datetime) -> Allowance:
    """Return what may be sent back of a line at `now`.

    The window counts from the delivery of each parcel, or from its shipping while nobody noted
    the delivery; what left in time is open to its last second.
    """
    if not rule.window_days:
        return Allowance(0, reason="never")
    if not line.sent:
        return Allowance(0, reason="not_sent")
    window = timedelta(days=rule.window_days)
    ends = [(sent.since + window, sent.quantity) for sent in line.sent]
    until = max(end for end, _ in ends)
    running = sum(pieces for end, pieces in ends if now < end)
    if not running:
        return Allowance(0, until, "over")
    out = sum(sent.quantity for sent in line.sent)
    left = min(running, out - line.claimed, line.bought - line.refunded - line.waiting)
    return Allowance(left, until) if left > 0 else Allowance(0, until, "none_left")


@dataclass(frozen=True, slots=True)
class ReturnableLine:
    """An order line with what may be sent back of it, in the reader's words."""

    line_id: int
    name: str
    pieces: int
    until: datetime | None
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """Pieces of a line in a return; `accepted` is None until they were inspected."""

    line_id: int
    name: str
    quantity: int
    accepted: int | None
    slug: str = ""


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A return as pages, e-mails and the API show it."""

    return_id: int
    number: str
    state: str
    state_text: str
    reason: str
    reason_text: str
    shop_pays: bool
    instruction: str
    requested_at: datetime
    refunded_minor: int
    currency: str
    refusal: str
    items: tuple[ReturnItem, ...]
    is_withdrawable: bool


@dataclass(frozen=True, slots=True)
class OrderReturns:
    """The returns of an order, newest first, and what may still be sent back."""

    lines: tuple[ReturnableLine, ...] = ()
    returns: tuple[ReturnView, ...] = ()
    reasons: tuple[tuple[str, str], ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether any piece may be sent back now."""
        return any(line.pieces for line in self.lines)


@dataclass(frozen=True, slots=True)
class Finding:
    """What staff found of a line: how many pieces are taken back, and whether they are sold on."""

    line_id: int
    accepted: int
    is_restocked: bool
