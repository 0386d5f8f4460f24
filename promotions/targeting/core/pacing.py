"""Budget pacing: block control of log lambda, with a hard limit.

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

# The price of money at which an offer adds just what it costs: below it the shop would pay to sell
BREAK_EVEN = 1.0
LARGEST = 1.0
GAIN, LEAST_GAIN, SETTLING = 0.5, 0.05, 2.0
# A block that spent nothing says "too dear", not "infinitely too dear".
LEAST_RATIO = 0.05


def steer_price(price: float, spend: float, target: float, *, blocks: int) -> float:
    """Return lambda after a block that spent `spend` where `target` was planned.

    Nothing planned, nothing learned: the price stays. A price of 0 (money is not short) is left at
    0 unless more than planned was spent.

    >>> round(steer_price(2.0, spend=20.0, target=10.0, blocks=0), 4)
    2.8284
    >>> steer_price(2.0, spend=10.0, target=10.0, blocks=0)
    2.0
    """
    if target <= 0:
        return price
    ratio = max(spend / target, LEAST_RATIO)
    if price <= 0:
        return 1e-3 if ratio > 1 else 0.0
    gain = max(GAIN / math.sqrt(1.0 + blocks / SETTLING), LEAST_GAIN)
    return price * math.exp(gain * min(max(math.log(ratio), -LARGEST), LARGEST))
