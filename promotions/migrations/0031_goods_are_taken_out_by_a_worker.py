"""Goods that a rule names are taken out by the worker that then asks the law."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0030_member_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaigncheck",
            name="about",
            field=models.ForeignKey(
                help_text="The answer that named these goods.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="promotions.campaigncheck",
            ),
        ),
        migrations.AddField(
            model_name="campaigncheck",
            name="is_taken_out",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="campaigncheck",
            name="rule",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The goods this rule names are taken out of the draft before the law is asked.",
                max_length=40,
            ),
        ),
    ]
