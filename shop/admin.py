"""Only re-imports the ground's staff tables: Django looks for them here."""

from shop.approvals import admin as approvals
from shop.catalog import admin as catalog
from shop.inventory import admin as inventory
from shop.jobs import admin as jobs
from shop.outbox import admin as outbox
from shop.storeinfo import admin as storeinfo

__all__ = ["approvals", "catalog", "inventory", "jobs", "outbox", "storeinfo"]
