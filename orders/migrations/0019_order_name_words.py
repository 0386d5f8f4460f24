"""Index the words of customers' names, by which staff find orders."""

from __future__ import annotations

import django.contrib.postgres.indexes
from django.db import migrations
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("orders", "0018_reasons_of_steps"), ("shop", "0001_initial")]

    operations = [
        migrations.AddIndex(
            "order",
            django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(Upper("name"), name="gin_trgm_ops"),
                name="order_name_words",
            ),
        ),
    ]
