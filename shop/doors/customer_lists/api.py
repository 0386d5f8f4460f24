"""Public interface of customer lists; the steps are those of product lists."""

from __future__ import annotations

from shop.doors.customer_lists.rules import COLUMNS, CUSTOMERS
from shop.doors.customer_lists.selectors import export_rows
from shop.doors.customer_lists.services import CustomerLists

__all__ = ["COLUMNS", "CUSTOMERS", "CustomerLists", "export_rows"]
