"""Allocation of offers to shoppers: most value within budgets, by the Lagrangian dual."""

from promotions.targeting.core.allocation.best import NULL_OFFER, Best, find_best
from promotions.targeting.core.allocation.fitting import Allocator
from promotions.targeting.core.allocation.problem import Problem

__all__ = ["NULL_OFFER", "Allocator", "Best", "Problem", "find_best"]
