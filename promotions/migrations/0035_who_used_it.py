"""Uses keep the hashed keys of the contact: one person may come as many shoppers."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0034_overlaps_have_a_bound")]

    operations = [
        migrations.AddField(
            "redemption",
            "identity",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32),
                blank=True,
                db_default=[],
                default=list,
                size=None,
            ),
        ),
        migrations.AddIndex(
            "redemption",
            django.contrib.postgres.indexes.GinIndex(
                fields=["identity"], name="redemption_identity"
            ),
        ),
    ]
