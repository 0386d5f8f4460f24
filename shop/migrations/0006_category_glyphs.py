"""Names of category pictures lose the department: one glyph serves them all."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0005_saved_views")]
    operations = [
        migrations.RunSQL(
            "UPDATE shop_category SET icon = regexp_replace(icon, '^.*-', '')"
            " WHERE icon ~ '-[0-9a-f]{4,5}$'",
            migrations.RunSQL.noop,
        )
    ]
