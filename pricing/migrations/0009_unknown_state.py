"""What the law asks of a personal price where no US state is known: what New York's does.

Its disclosure protects whoever lives there, whatever the shop knows. States without a row keep
"US-other".
"""

from typing import Any

from django.db import migrations


def copy_new_york(apps: Any, schema_editor: Any) -> None:
    """Create a row "US" for each of New York's."""
    rows = apps.get_model("pricing", "JurisdictionRow").objects
    for row in rows.filter(code="US-NY"):
        row.pk, row.code = None, "US"
        row.save()


class Migration(migrations.Migration):
    dependencies = [("pricing", "0008_price_changes_set_by")]
    operations = [migrations.RunPython(copy_new_york)]
