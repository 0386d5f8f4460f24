"""Who gets which offer: most value inside budgets, by the Lagrangian dual.

`compiled` is not imported here: a web process never needs machine code.
"""

from promotions.core.allocation.best import NULL_OFFER, NUMPY, Best, Engine, find_best
from promotions.core.allocation.fitting import Allocator
from promotions.core.allocation.problem import Block, Problem, mask_frequent, mask_values

__all__ = [
    "NULL_OFFER",
    "NUMPY",
    "Allocator",
    "Best",
    "Block",
    "Engine",
    "Problem",
    "find_best",
    "mask_frequent",
    "mask_values",
]
