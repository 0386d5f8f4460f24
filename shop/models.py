"""Only re-imports the ground's models: Django looks for them here."""

from shop.doors.product_lists.models import *  # noqa: F403  # its tables belong to this Django app
from shop.ground.approvals.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.ground.catalog.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.ground.inventory.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.ground.jobs.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.ground.outbox.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.ground.staff.models import *  # noqa: F403  # the ground's tables belong to this Django app
from shop.ground.storeinfo.models import *  # noqa: F403  # the ground's tables belong to this Django app
