"""Django's `migrate`, which also takes over databases from before migrations were joined.

On 30 November 2026 the 134 migrations of the five apps became the ones in JOINED. Django's own
`replaces` is no way to say so: it notes the names of before as applied with the first migration
that replaces them, and a first start that is interrupted would then count as finished.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations.recorder import MigrationRecorder

from promotions.offers.api import refresh_public_cuts
from shop.ground.kernel.clock import utc_now

COMMIT_BEFORE = "cd40b83a"
# The last migration of each app before, which was applied after all others of its app.
LAST = {
    ("orders", "0031_simulated_orders"),
    ("pricing", "0032_minutes_of_the_choice_model"),
    ("profiles", "0008_customers"),
    ("promotions", "0042_shares_of_lots_are_kept"),
    ("shop", "0021_market_languages_and_regions"),
}
JOINED = {
    ("orders", "0001_tables"),
    ("orders", "0002_triggers"),
    ("orders", "0003_seeds"),
    ("pricing", "0001_tables"),
    ("pricing", "0002_partitions"),
    ("pricing", "0003_triggers"),
    ("pricing", "0004_seeds"),
    ("profiles", "0001_accounts"),
    ("profiles", "0002_tables"),
    ("profiles", "0003_partitions"),
    ("profiles", "0004_triggers"),
    ("promotions", "0001_tables"),
    ("promotions", "0002_triggers"),
    ("promotions", "0003_seeds"),
    ("shop", "0001_extensions"),
    ("shop", "0002_tables"),
    ("shop", "0003_triggers"),
    ("shop", "0004_seeds"),
}
APPS = {app for app, _name in LAST}


class Command(migrate.Command):
    """Django's command, between a look at what the database has of the migrations of before and
    the recording of public cuts."""

    def handle(self, *args: Any, **options: Any) -> Any:
        """Take the database over or refuse it, then migrate."""
        recorder = MigrationRecorder(connections[options["database"]])
        if has_earlier_migrations(recorder):
            if options["check_unapplied"] or options["plan"]:
                raise CommandError("This database is of an earlier version: run `migrate`.")
            # All or none: a database with some of them would get the tables of the others again.
            with transaction.atomic(options["database"]):
                for app, name in sorted(JOINED):
                    recorder.record_applied(app, name)
        found = super().handle(*args, **options)
        if not (options["app_label"] or options["check_unapplied"] or options["plan"]):
            # Databases of before have campaigns and no cuts of them in the price history.
            refresh_public_cuts(now=utc_now())
        return found


def has_earlier_migrations(recorder: MigrationRecorder) -> bool:
    """Whether the database has all migrations of before and none of the joined ones.

    Raises CommandError if it has only some of those of before.
    """
    applied = {key for key in recorder.applied_migrations() if key[0] in APPS}
    if not applied or applied & JOINED:
        return False
    missing = LAST - applied
    if missing:
        names = ", ".join(f"{app}.{name}" for app, name in sorted(missing))
        raise CommandError(
            f"This database lacks migrations of an earlier version ({names}), and this version no"
            f" longer has them. Check out commit {COMMIT_BEFORE}, run its `migrate`, and come back."
        )
    return True
