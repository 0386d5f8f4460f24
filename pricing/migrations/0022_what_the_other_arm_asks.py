"""A spell of an experiment keeps what the other arm would have asked for, and whose coin it was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0021_arm_prices"),
    ]

    operations = [
        migrations.AddField(
            model_name="armprice",
            name="other_minor",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="armprice",
            name="cluster",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="armprice",
            name="ended_version",
            field=models.PositiveIntegerField(
                blank=True, help_text="The book that ended it: looks name their book.", null=True
            ),
        ),
    ]
