"""Name chance among those who move a public price."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pricing", "0012_privacy_budgets")]

    operations = [
        migrations.AlterField(
            model_name="priceledgerentry",
            name="source",
            field=models.CharField(
                choices=[
                    ("import", "imported history"),
                    ("merchant", "set by the merchant"),
                    ("model", "set by the demand model"),
                    ("staff", "set by staff"),
                    ("gate", "moved by a guardrail"),
                    ("shock", "moved by chance for a week, or back"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="priceproposal",
            name="cause",
            field=models.CharField(
                choices=[
                    ("model", "demand model"),
                    ("anchor", "the merchant's own price"),
                    ("staff", "staff"),
                    ("gate", "a guardrail"),
                    ("shock", "chance, to learn from"),
                ],
                max_length=6,
            ),
        ),
    ]
