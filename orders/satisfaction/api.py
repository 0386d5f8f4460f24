"""The door of `satisfaction`, the only module of it that others import.

How buyers found a delivered order: one answer per order, and figures for staff.
"""

from orders.satisfaction.core import (
    HIGHEST,
    LONGEST_WORDS,
    LOWEST,
    Satisfaction,
    SatisfactionReport,
)
from orders.satisfaction.selectors import (
    Rating,
    export_ratings,
    find_rating,
    is_rateable,
    report_satisfaction,
)
from orders.satisfaction.services import (
    forget_ratings,
    rate_order,
)

__all__ = [
    "HIGHEST",
    "LONGEST_WORDS",
    "LOWEST",
    "Rating",
    "Satisfaction",
    "SatisfactionReport",
    "export_ratings",
    "find_rating",
    "forget_ratings",
    "is_rateable",
    "rate_order",
    "report_satisfaction",
]
