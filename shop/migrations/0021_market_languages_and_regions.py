"""Each market offers its languages and regions; none named is all, as it was."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0020_customers")]
    operations = [
        migrations.AlterField(
            "market",
            "language",
            models.CharField(
                max_length=16,
                default="en",
                help_text="Of visitors whose browser asks for none of the market's languages.",
            ),
        ),
        migrations.AddField(
            "market",
            "languages",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=16),
                default=list,
                blank=True,
                db_default=[],
                help_text="In which the storefront of this market can be read. None chosen: all.",
            ),
        ),
        migrations.AddField(
            "market",
            "regions",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=16),
                default=list,
                blank=True,
                db_default=[],
                help_text="Which visitors may choose, as codes such as US-NY, US-MD or DE, AT;"
                " their price law holds. Empty: every place that has a price law.",
            ),
        ),
    ]
