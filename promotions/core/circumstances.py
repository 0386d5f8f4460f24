"""What a condition may look at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from promotions.core.carts import CartValue, ShopperFacts


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a condition does not hold. `is_near`: buying more of the right goods would mend it.

    `is_unknown`: nobody may or did look, so the condition's opposite does not hold either.
    """

    reason_code: str
    missing_minor: int = 0
    missing_quantity: int = 0
    detail: Mapping[str, int | str] = field(default_factory=dict)
    is_unknown: bool = False

    @property
    def is_near(self) -> bool:
        """Return whether more goods would make the condition hold."""
        return self.missing_minor > 0 or self.missing_quantity > 0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a condition may look at. `now` is aware of its zone."""

    cart: CartValue
    shopper: ShopperFacts
    now: datetime
    codes: frozenset[str] = frozenset()

    @property
    def local_now(self) -> datetime:
        """Return `now` on the clocks of the cart's market."""
        return self.now.astimezone(ZoneInfo(self.cart.time_zone))


def judge(failures: tuple[Failure, ...]) -> bool | None:
    """Return what the failures of one condition say: it holds, it does not, or nobody knows.

    >>> judge(()), judge((Failure("tag_missing"),)), judge((Failure("private", is_unknown=True),))
    (True, False, None)
    """
    if not failures:
        return True
    return None if all(failure.is_unknown for failure in failures) else False
