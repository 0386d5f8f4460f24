"""New offers are explored: what is believed of them, and the draws each decision was made with."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0023_terms_by_two"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferBelief",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_new", models.BooleanField(default=True)),
                ("mean", models.FloatField()),
                ("sd", models.FloatField()),
                ("effect", models.FloatField(blank=True, null=True)),
                ("effect_sd", models.FloatField(blank=True, null=True)),
                ("decisions", models.PositiveIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("seed", models.CharField(max_length=64)),
            ],
        ),
        migrations.AddField(
            model_name="allocationplan",
            name="exploration_share",
            field=models.FloatField(
                default=0.2,
                help_text="Share of shoppers for whom what an offer earns is drawn while it is new.",
            ),
        ),
        migrations.AddField(
            model_name="offerdecision",
            name="draws",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="New offers of the campaign, by id: seed, mean and sd believed, and the draw.",
            ),
        ),
        migrations.AddConstraint(
            model_name="allocationplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("exploration_share__gte", 0), ("exploration_share__lte", 0.5)),
                name="allocation_explores_at_most_half",
            ),
        ),
        migrations.AddField(
            model_name="offerbelief",
            name="offer",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="belief",
                to="promotions.offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerbelief",
            constraint=models.CheckConstraint(
                condition=models.Q(("sd__gt", 0)), name="offer_belief_has_doubt"
            ),
        ),
    ]
