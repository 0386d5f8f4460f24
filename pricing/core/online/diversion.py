"""What siblings lose when one of them is cut: one share for each family, learned from its prices.

Of the units that a lower price wins a good, the share D would have bought a sibling, each in
proportion to its sales (the diversion ratio; Conlon and Mortimer, Empirical properties of diversion
ratios, RAND Journal of Economics 52, 2021: cross over own derivative of demand; in proportion to
sales it is that of the logit). With x_j the log move of j's price, e_j its elasticity and q_j its
sales, j wins q_j (exp(-e_j x_j) - 1), and of that i loses D q_i / (Q - q_j): so that to first order

    log rate_i = level_i - e_i x_i + D w_i,   w_i = sum_{j != i} q_j (1 - exp(-e_j x_j)) / (Q - q_j)

with sums over the category. D enters like another slope that the goods of a family share: it is
learned from the same looks as elasticities, at the same prices, and takes from these what their
siblings' prices did. Prices that chance or the model moved tell of it, those a merchant sets do not
(`home_log` goes along with them). A shock of 4 % says little: some hundred are needed for D to
within a tenth. What baskets hold says more, and sooner (`expect_diversion`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.online.evidence import Evidence

# More than this is not believed, whatever the data say: then nobody is ever won from outside.
MOST_DIVERTED = 0.9
# What baskets imply may be off by so much of what one choice a visit would, and so much at least.
RELATIVE_DOUBT, LEAST_DOUBT = 0.5, 0.05
# Until about so many purchases are seen, siblings are taken to be bought regardless of each other.
FEW_BOUGHT = 20.0
# Purchases per price shown count as known after about so many of them.
FEW_SHOWN = 50.0
FARTHEST = 2.0


@dataclass(frozen=True, slots=True)
class Diversion:
    """The share that siblings lose, of F families (ascending): mean and sd, (F,)."""

    family_id: IntArray
    mean: FloatArray
    sd: FloatArray

    @property
    def share(self) -> FloatArray:
        """The mean as far as it can be true, (F,)."""
        return np.clip(self.mean, 0.0, MOST_DIVERTED)


def look_beside(evidence: Evidence, elasticity: FloatArray) -> FloatArray:
    """Return w, what siblings' moves would do to each log rate if D were 1, (N,).

    `elasticity` (N,) is what is believed of each. Goods without siblings have 0.
    """
    _, group = np.unique(evidence.category_id, return_inverse=True)
    moved = np.nan_to_num(evidence.shown_log - evidence.home_log)
    sold = evidence.sold + 1.0
    lost = sold * -np.expm1(np.clip(-elasticity * moved, -FARTHEST, FARTHEST))
    others = np.bincount(group, sold)[group] - sold
    each = np.divide(lost, others, out=np.zeros(len(sold)), where=others > 0.5)
    beside: FloatArray = np.clip(np.bincount(group, each)[group] - each, -FARTHEST, FARTHEST)
    return beside


def expect_diversion(evidence: Evidence) -> Diversion:
    """Return what baskets say of each family before its prices moved.

    With y_j = 1 where a visit buys j, D = -sum_{j != i} Cov(y_i, y_j) / Var(y_i): exact for a logit
    over whole baskets (Gentzkow 2007), and so for one choice a visit, where it is
    sum_{j != i} r_j / (1 - r_i), r the purchases per price shown. Bought regardless of each other,
    siblings share as many baskets as r says, and D is 0. In between it shrinks with the share of
    those baskets that is missing. People who like all of a category fill baskets too, so that D is
    rather too small.
    """
    families, family = np.unique(evidence.family_id, return_inverse=True)
    _, group = np.unique(evidence.category_id, return_inverse=True)
    base = np.exp(evidence.base_level)
    rate = (evidence.sold + FEW_SHOWN * base) / (evidence.shown + FEW_SHOWN)
    others = np.bincount(group, rate)[group] - rate
    alone = np.clip(others / np.maximum(1.0 - rate, 0.1), 0.0, MOST_DIVERTED)

    def add(values: FloatArray) -> FloatArray:
        return np.bincount(family, values, len(families)).astype(np.float64)

    weight = evidence.sold + 1.0
    least = FEW_BOUGHT * add(weight * others) / np.maximum(add(weight), 1e-9)
    chance = add(evidence.sold * others) + least
    met = np.divide(
        add(evidence.together) + least, chance, out=np.ones(len(families)), where=chance > 1e-9
    )
    most = add(weight * alone) / np.maximum(add(weight), 1e-9)
    mean = most * np.clip(1.0 - met, 0.0, 1.0)
    return Diversion(families, mean, np.maximum(RELATIVE_DOUBT * most, LEAST_DOUBT))
