"""The table of the cache that holds login rate limits."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.db import migrations


def create_table(apps: Any, schema_editor: Any) -> None:
    """Create the cache table; does nothing where it exists."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_catalog_guards")]

    operations = [migrations.RunPython(create_table, migrations.RunPython.noop)]
