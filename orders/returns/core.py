"""Returns without a database: rules by category, windows, states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class ReturnState(StrEnum):
    """Where a return is; the values of `Return.state`."""

    REQUESTED = "requested"
    RECEIVED = "received"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


class Payer(StrEnum):
    """Who pays the postage when nothing is wrong with the products."""

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


# So long what is wanted in exchange is kept after the announcement, and again after the arrival.
HOLD = timedelta(days=14)
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
    settled yet; `refunded`: pieces given back, through a return or without one. `sent` and
    `claimed` are of one variant: pieces that were exchanged count for what replaced them.
    `replacing`: pieces whose replacement has not left yet.
    """

    bought: int
    refunded: int
    claimed: int
    waiting: int
    sent: Sequence[Sent]
    replacing: int = 0


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
    left = min(
        running, out - line.claimed, line.bought - line.refunded - line.waiting - line.replacing
    )
    return Allowance(left, until) if left > 0 else Allowance(0, until, "none_left")


@dataclass(frozen=True, slots=True)
class Choice:
    """What pieces may be exchanged for now, and how many of it are in stock."""

    variant_id: int
    name: str
    free: int


@dataclass(frozen=True, slots=True)
class ReturnableLine:
    """An order line with what may be sent back of it, in the reader's words.

    A line has one more row for each variant that pieces of it were exchanged for. What `is_kept` is
    perishable: it is refunded without being sent back.
    """

    line_id: int
    variant_id: int
    name: str
    pieces: int
    until: datetime | None
    reason: str
    sentence: str
    choices: tuple[Choice, ...] = ()
    is_kept: bool = False


class Wish(NamedTuple):
    """Pieces of a line that come back, and for how many of them what is wanted in exchange.

    `variant_id` is what comes back where pieces were exchanged before; None: what was bought.
    What is in no exchange (variant id, pieces) is refunded: a pair of line and pieces is a wish.
    """

    line_id: int
    quantity: int
    exchanges: tuple[tuple[int, int], ...] = ()
    variant_id: int | None = None


@dataclass(frozen=True, slots=True)
class ExchangeItem:
    """Pieces wanted in exchange; `sent` is None until the return is settled."""

    variant_id: int
    name: str
    quantity: int
    sent: int | None


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """Pieces of a line in a return; `accepted` is None until they were inspected. What `is_kept` is
    not sent back."""

    line_id: int
    variant_id: int
    name: str
    quantity: int
    accepted: int | None
    slug: str = ""
    exchanges: tuple[ExchangeItem, ...] = ()
    is_kept: bool = False


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
    kept_until: str = ""  # the day until which what is wanted in exchange is kept

    @property
    def exchanges(self) -> tuple[ExchangeItem, ...]:
        """What is wanted in exchange, of all lines."""
        return tuple(one for item in self.items for one in item.exchanges)

    @property
    def kept(self) -> tuple[ReturnItem, ...]:
        """What the shopper keeps."""
        return tuple(item for item in self.items if item.is_kept)

    @property
    def is_sent(self) -> bool:
        """Whether anything has to be sent back."""
        return len(self.kept) < len(self.items)

    @property
    def is_exchanged(self) -> bool:
        """Whether a replacement goes out."""
        return any(one.sent for one in self.exchanges)

    @property
    def is_missed(self) -> bool:
        """Whether accepted pieces were refunded because what was wanted is gone."""
        return any(
            item.accepted and sum(one.sent or 0 for one in item.exchanges) < wanted
            for item in self.items
            if (wanted := min(item.accepted or 0, sum(one.quantity for one in item.exchanges)))
        )


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
    """What staff found of a line: how many pieces are taken back, how many of them are sold on."""

    line_id: int
    accepted: int
    restocked: int
