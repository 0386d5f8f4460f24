"""A composite unique index already serves these look-ups."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0002_events_and_consent_log"),
        ("promotions", "0003_redemption_is_budgeted"),
    ]

    operations = [
        migrations.AlterField(
            model_name="campaignshopper",
            name="shopper",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="profiles.shopper",
            ),
        ),
    ]
