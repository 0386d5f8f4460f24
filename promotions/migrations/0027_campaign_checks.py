"""What staff ask about a campaign is kept: who asked, how far the answer is, and the answer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0026_carts_keep_to_the_cap"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CampaignCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rehearsal", "rehearsal on recorded carts"),
                            ("law", "what the law says"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                            ("stopped", "stopped"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "depth",
                    models.PositiveSmallIntegerField(
                        default=50,
                        help_text="A rehearsal shows what campaigns take off together from here on.",
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        blank=True, help_text="What is being worked at.", max_length=9
                    ),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(default=0, help_text="How far the answer is."),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "revision",
                    models.PositiveIntegerField(
                        help_text="The version that was asked about.", null=True
                    ),
                ),
                ("answer", models.JSONField(help_text="As it is shown, by language.", null=True)),
                (
                    "failure",
                    models.CharField(blank=True, help_text="Why there is no answer.", max_length=9),
                ),
                ("asked_at", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="checks",
                        to="promotions.campaign",
                    ),
                ),
                (
                    "stopped_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["campaign", "kind", "-id"], name="campaigncheck_newest")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=("campaign", "kind"),
                        name="campaigncheck_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__lte", 100)), name="campaigncheck_percent"
                    ),
                ],
            },
        ),
    ]
