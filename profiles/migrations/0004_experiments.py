"""Experiments: what was promised, who saw what, what was read; records are append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEEP_RECORDS = """
CREATE FUNCTION profiles_keep_experiments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was recorded of an experiment is never changed';
END $$;
-- An erased shopper's exposures are deleted, never changed.
CREATE TRIGGER append_only BEFORE UPDATE ON profiles_exposure
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_experiments();
CREATE TRIGGER append_only BEFORE UPDATE ON profiles_experimentshares
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_experiments();
CREATE TRIGGER append_only BEFORE UPDATE ON profiles_experimentdeviation
    FOR EACH ROW EXECUTE FUNCTION profiles_keep_experiments();
-- What was registered stands from the start on.
CREATE TRIGGER keep_registration BEFORE UPDATE ON profiles_experiment
    FOR EACH ROW WHEN (
        OLD.state <> 'draft' AND (
            NEW.registration IS DISTINCT FROM OLD.registration
            OR NEW.registration_sha256 <> OLD.registration_sha256
            OR NEW.salt <> OLD.salt
            OR NEW.started_at IS DISTINCT FROM OLD.started_at
            OR NEW.state = 'draft'
        )
    ) EXECUTE FUNCTION profiles_keep_experiments();
"""
LET_GO = """
DROP TRIGGER append_only ON profiles_exposure;
DROP TRIGGER append_only ON profiles_experimentshares;
DROP TRIGGER append_only ON profiles_experimentdeviation;
DROP TRIGGER keep_registration ON profiles_experiment;
DROP FUNCTION profiles_keep_experiments();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0003_reviews_and_their_tone"),
    ]

    operations = [
        migrations.CreateModel(
            name="Experiment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("name_zh", models.CharField(blank=True, max_length=120)),
                ("hypothesis", models.TextField()),
                (
                    "subject",
                    models.CharField(
                        choices=[
                            ("offers", "offers of a campaign"),
                            ("recommendations", "recommendations"),
                            ("prices", "personal prices"),
                            ("public_prices", "public prices"),
                            ("allocator", "who gets which offer"),
                            ("pages", "what a page shows"),
                        ],
                        max_length=16,
                    ),
                ),
                ("subject_ref", models.CharField(blank=True, max_length=80)),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("shopper", "shoppers"),
                            ("cluster", "clusters of goods, turn by turn"),
                        ],
                        default="shopper",
                        max_length=8,
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("fixed", "fixed shares"), ("bandit", "shares follow what earns")],
                        default="fixed",
                        max_length=8,
                    ),
                ),
                (
                    "traffic",
                    models.FloatField(default=1.0, help_text="share of the namespace, 0 to 1"),
                ),
                ("first_slot", models.PositiveSmallIntegerField(default=0)),
                ("end_slot", models.PositiveSmallIntegerField(default=0)),
                ("purpose", models.CharField(max_length=16)),
                ("targeting", models.JSONField(blank=True, default=dict)),
                ("primary_metric", models.CharField(max_length=40)),
                (
                    "guards",
                    models.JSONField(
                        blank=True, default=dict, help_text="metric: tolerated relative loss"
                    ),
                ),
                (
                    "minimum_effect",
                    models.FloatField(help_text="smallest relative effect worth seeing"),
                ),
                ("planned_units", models.PositiveIntegerField()),
                ("planned_days", models.PositiveSmallIntegerField()),
                ("alpha", models.FloatField(default=0.05)),
                (
                    "least_share",
                    models.FloatField(default=0.1, help_text="of each arm of a bandit"),
                ),
                ("period_days", models.PositiveSmallIntegerField(default=7)),
                ("wash_out_days", models.PositiveSmallIntegerField(default=1)),
                ("salt", models.CharField(max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("running", "running"),
                            ("stopped", "stopped"),
                            ("decided", "decided"),
                        ],
                        default="draft",
                        max_length=8,
                    ),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                ("registration", models.JSONField(blank=True, default=dict)),
                ("registration_sha256", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("stop_reason", models.CharField(blank=True, max_length=200)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision", models.CharField(blank=True, max_length=40)),
                ("decision_reason", models.TextField(blank=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ExperimentArm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40)),
                ("name", models.CharField(max_length=80)),
                ("name_zh", models.CharField(blank=True, max_length=80)),
                ("position", models.PositiveSmallIntegerField()),
                ("share", models.FloatField()),
                ("is_control", models.BooleanField(default=False)),
                (
                    "price_factor",
                    models.FloatField(
                        db_default=1.0, default=1.0, help_text="of the public price; never above 1"
                    ),
                ),
                ("settings", models.JSONField(blank=True, default=dict)),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="arms",
                        to="profiles.experiment",
                    ),
                ),
            ],
            options={
                "ordering": ["experiment", "position"],
            },
        ),
        migrations.CreateModel(
            name="ExperimentDeviation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("field", models.CharField(max_length=40)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("reason", models.CharField(max_length=300)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deviations",
                        to="profiles.experiment",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ExperimentItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("variant_id", models.BigIntegerField()),
                ("cluster", models.PositiveIntegerField()),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="profiles.experiment",
                    ),
                ),
            ],
            options={
                "ordering": ["experiment", "cluster", "variant_id"],
            },
        ),
        migrations.CreateModel(
            name="ExperimentNamespace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("salt", models.CharField(max_length=32)),
                ("holdout_share", models.FloatField(default=0.0)),
            ],
            options={
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("holdout_share__gte", 0.0), ("holdout_share__lt", 1.0)),
                        name="namespace_holdout_share",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="experiment",
            name="namespace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="experiments",
                to="profiles.experimentnamespace",
            ),
        ),
        migrations.CreateModel(
            name="ExperimentOutcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("is_before", models.BooleanField(default=False)),
                ("orders", models.PositiveIntegerField(default=0)),
                ("units", models.PositiveIntegerField(default=0)),
                ("paid_minor", models.BigIntegerField(default=0)),
                ("margin_minor", models.BigIntegerField(default=0)),
                ("returned_units", models.PositiveIntegerField(default=0)),
                ("views", models.PositiveIntegerField(default=0)),
                ("clicks", models.PositiveIntegerField(default=0)),
                ("cart_adds", models.PositiveIntegerField(default=0)),
                ("offer_views", models.PositiveIntegerField(default=0)),
                ("offer_clicks", models.PositiveIntegerField(default=0)),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.experiment",
                    ),
                ),
                (
                    "shopper",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.shopper",
                    ),
                ),
            ],
            options={
                "ordering": ["experiment", "day"],
            },
        ),
        migrations.CreateModel(
            name="ExperimentReadout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("at", models.DateTimeField()),
                ("figures", models.JSONField()),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="readouts",
                        to="profiles.experiment",
                    ),
                ),
            ],
            options={
                "ordering": ["experiment", "day"],
            },
        ),
        migrations.CreateModel(
            name="ExperimentShares",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("revision", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("shares", models.JSONField(help_text="arm code: share")),
                ("reason", models.CharField(max_length=200)),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shares",
                        to="profiles.experiment",
                    ),
                ),
            ],
            options={
                "ordering": ["experiment", "revision"],
            },
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("propensity", models.FloatField()),
                ("revision", models.PositiveIntegerField()),
                (
                    "arm",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.experimentarm",
                    ),
                ),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.experiment",
                    ),
                ),
                (
                    "shopper",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.shopper",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="experimentarm",
            constraint=models.UniqueConstraint(fields=("experiment", "code"), name="arm_code_once"),
        ),
        migrations.AddConstraint(
            model_name="experimentarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_control", True)),
                fields=("experiment",),
                name="arm_one_control",
            ),
        ),
        migrations.AddConstraint(
            model_name="experimentarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_factor__gt", 0.0), ("price_factor__lte", 1.0)),
                name="arm_not_above_public_price",
            ),
        ),
        migrations.AddConstraint(
            model_name="experimentarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0.0), ("share__lt", 1.0)), name="arm_share"
            ),
        ),
        migrations.AddConstraint(
            model_name="experimentitem",
            constraint=models.UniqueConstraint(
                fields=("experiment", "variant_id"), name="item_one_cluster"
            ),
        ),
        migrations.AddIndex(
            model_name="experiment",
            index=models.Index(fields=["state", "-id"], name="experiment_state"),
        ),
        migrations.AddConstraint(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("started_at", None), ("state", "draft")),
                    models.Q(
                        ("end_slot__gt", models.F("first_slot")),
                        ("end_slot__lte", 1000),
                        ("started_at__isnull", False),
                        models.Q(("registration_sha256", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="experiment_registered_before_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["draft", "running"]), ("stopped_at", None)),
                    models.Q(("state__in", ["stopped", "decided"]), ("stopped_at__isnull", False)),
                    _connector="OR",
                ),
                name="experiment_stopped_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("alpha__gt", 0.0),
                    ("alpha__lt", 1.0),
                    ("traffic__gt", 0.0),
                    ("traffic__lte", 1.0),
                    models.Q(("minimum_effect", 0.0), _negated=True),
                ),
                name="experiment_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="experiment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "decided"), _negated=True),
                    models.Q(("decision", ""), _negated=True),
                    _connector="OR",
                ),
                name="experiment_decision",
            ),
        ),
        migrations.AddConstraint(
            model_name="experimentoutcome",
            constraint=models.UniqueConstraint(
                fields=("experiment", "shopper", "day", "is_before"), name="outcome_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="experimentreadout",
            constraint=models.UniqueConstraint(
                fields=("experiment", "day"), name="readout_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="experimentshares",
            constraint=models.UniqueConstraint(
                fields=("experiment", "revision"), name="shares_revision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.UniqueConstraint(
                fields=("shopper", "experiment"), name="exposure_first_only"
            ),
        ),
        migrations.AddConstraint(
            model_name="exposure",
            constraint=models.CheckConstraint(
                condition=models.Q(("propensity__gt", 0.0), ("propensity__lte", 1.0)),
                name="exposure_propensity",
            ),
        ),
        migrations.RunSQL(KEEP_RECORDS, LET_GO),
    ]
