"""Only re-imports the ground's staff tables: Django looks for them here."""

from shop.ground.approvals import admin as approvals
from shop.ground.catalog import admin as catalog
from shop.ground.inventory import admin as inventory
from shop.ground.jobs import admin as jobs
from shop.ground.outbox import admin as outbox
from shop.ground.storeinfo import admin as storeinfo

__all__ = ["approvals", "catalog", "inventory", "jobs", "outbox", "storeinfo"]
