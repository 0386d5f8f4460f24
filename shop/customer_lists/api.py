"""What others use of lists of customers; the steps are those of lists of products."""

from __future__ import annotations

from shop.customer_lists.rules import COLUMNS, CUSTOMERS
from shop.customer_lists.selectors import export_rows
from shop.customer_lists.services import CustomerLists

__all__ = ["COLUMNS", "CUSTOMERS", "CustomerLists", "export_rows"]
