"""Spending a budget evenly online: block control of log lambda, with a stop that cannot be passed.

Shoppers come one after another and nobody knows how many want what. The price of money lambda that
the allocator found is a forecast; after every block it moves by how far the block's spend was from
what it should have been,

    log lambda += gain * clip(log(spend / target), -LARGEST, LARGEST),

where target is what is left of the budget spread over what is left of the time. A dual mirror step
in log lambda (Balseiro, Lu and Mirrokni, arXiv 2011.10124); being relative, it needs no scale. The
gain falls with the number of blocks, gain / sqrt(1 + blocks / SETTLING) down to LEAST_GAIN: a wrong
forecast is put right in the first blocks, and later ones hardly chase their own noise.
The stop is not here: whoever spends takes the amount and the permission in one conditional update.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

# The price of money at which an offer adds just what it costs: below it the shop would pay to sell
BREAK_EVEN = 1.0
LARGEST = 1.0
GAIN, LEAST_GAIN, SETTLING = 0.5, 0.05, 2.0
# A block that spent nothing says "too dear", not "infinitely too dear".
LEAST_RATIO = 0.05


def steer_price(price: float, spend: float, target: float, *, gain: float = GAIN) -> float:
    """Return lambda after a block that spent `spend` where `target` was planned.

    Nothing planned, nothing learned: the price stays. A price of 0 (money is not short) is left at
    0 unless more than planned was spent.

    >>> round(steer_price(2.0, spend=20.0, target=10.0, gain=0.5), 4)
    2.8284
    >>> steer_price(2.0, spend=10.0, target=10.0)
    2.0
    """
    if target <= 0:
        return price
    ratio = max(spend / target, LEAST_RATIO)
    if price <= 0:
        return 1e-3 if ratio > 1 else 0.0
    return price * math.exp(gain * min(max(math.log(ratio), -LARGEST), LARGEST))


@dataclass(frozen=True, slots=True)
class Pacer:
    """A budget on its way: `price` lambda, `left` money, `horizon_left` in any unit of time
    (arrivals, seconds) and what the open block has spent and lasted so far.

    >>> pacer = Pacer(price=1.0, left=100.0, horizon_left=1_000.0, block=100.0)
    >>> pacer.plan
    10.0
    >>> slow, fast = pacer.observe(5.0, 100.0), pacer.observe(20.0, 100.0)
    >>> slow.price < 1.0 < fast.price, fast.left, fast.horizon_left
    (True, 80.0, 900.0)
    """

    price: float
    left: float
    horizon_left: float
    block: float
    gain: float = GAIN
    spent: float = 0.0
    lasted: float = 0.0
    blocks: int = 0

    def __post_init__(self) -> None:
        if not self.block > 0:
            raise ValueError("a block lasts longer than nothing")

    @property
    def plan(self) -> float:
        """Return what the open block may spend: the money left spread over the time left."""
        before = self.left + self.spent
        time = max(self.horizon_left + self.lasted, self.block)
        return before * self.block / time

    def observe(self, spend: float, time: float) -> Self:
        """Return the pacer after `spend` during `time`; the price moves when the block is full."""
        found = replace(
            self,
            left=self.left - spend,
            horizon_left=max(self.horizon_left - time, 0.0),
            spent=self.spent + spend,
            lasted=self.lasted + time,
        )
        if found.lasted < found.block:
            return found
        target = self.plan * found.lasted / found.block
        gain = max(found.gain / math.sqrt(1.0 + found.blocks / SETTLING), LEAST_GAIN)
        price = steer_price(found.price, found.spent, target, gain=gain)
        return replace(found, price=price, spent=0.0, lasted=0.0, blocks=found.blocks + 1)
