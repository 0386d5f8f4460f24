"""Take a merchant's list of customers in, as the back office does."""

from __future__ import annotations

from shop.doors.customer_lists.api import CustomerLists
from shop.ground.kernel.clock import utc_now
from shop.management.lists import ListCommand


class Command(ListCommand):
    """`manage.py import_customers`. Exit status 1 where the list, or a row of it, was refused."""

    help = "Take a list of customers in, CSV or Excel (docs/import.md). No mail is sent."
    market_help = "of new customers whose row names none"
    writes = "writing customers"
    worker = CustomerLists(utc_now())
