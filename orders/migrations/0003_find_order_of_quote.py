"""Index of the quotes that became order lines."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_terms_and_timeline"),
        ("shop", "0002_catalog_guards"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="orderline",
            index=models.Index(
                condition=models.Q(("quote_id__isnull", False)),
                fields=["quote_id"],
                name="orderline_quote",
            ),
        ),
    ]
