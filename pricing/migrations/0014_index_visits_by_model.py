"""Find what a model's visits earned without reading every visit."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pricing", "0013_name_shocks")]

    operations = [
        migrations.AddIndex(
            model_name="pricedvisit",
            index=models.Index(
                fields=["market_code", "channel", "model_version", "day"],
                name="priced_visit_model",
            ),
        ),
    ]
