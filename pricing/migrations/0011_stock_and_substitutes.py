"""Stock and substitutes in what a price is reckoned with; stock that must be gone by a day."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0010_demand_tuning"),
        ("shop", "0008_variant_gtin"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="pricingpolicy",
            name="restock_days",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="pricingpolicy",
            name="substitution_share",
            field=models.FloatField(default=0.0),
        ),
        migrations.AlterField(
            model_name="priceoverride",
            name="kind",
            field=models.CharField(
                choices=[
                    ("price", "fixed price"),
                    ("floor", "minimum price"),
                    ("ceiling", "maximum price"),
                    ("clear", "clear the stock, down to"),
                ],
                default="price",
                max_length=7,
            ),
        ),
        migrations.AddConstraint(
            model_name="pricingpolicy",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("restock_days__lte", 365),
                    ("substitution_share__gte", 0),
                    ("substitution_share__lte", 0.9),
                ),
                name="policy_sane_surroundings",
            ),
        ),
    ]
