"""Only re-imports the ground's models: Django looks for them here."""

from shop.approvals.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.catalog.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.inventory.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.jobs.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.outbox.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.product_lists.models import *  # noqa: F403  # its tables belong to this Django app
from shop.storeinfo.models import *  # noqa: F403  # the ground's tables belong to this Django app
