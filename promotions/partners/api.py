"""The door of `partners`, the only module of it that others import.

Who shares the cost of offers, and settlements.
"""

from promotions.partners.selectors import reconcile_redemptions, write_report
from promotions.partners.services import (
    DiscountedLine,
    close_settlement,
    correct_partner,
    record_partner_returns,
    record_partner_uses,
)

__all__ = [
    "DiscountedLine",
    "close_settlement",
    "correct_partner",
    "reconcile_redemptions",
    "record_partner_returns",
    "record_partner_uses",
    "write_report",
]
