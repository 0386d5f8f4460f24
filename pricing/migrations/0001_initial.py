"""Ledger, policy, laws, models, books and the seals of the quote log."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("profiles", "0002_events_and_consent_log"),
        ("shop", "0002_catalog_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QuoteSeal",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("rows", models.PositiveBigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("previous", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-day"],
            },
        ),
        migrations.CreateModel(
            name="DemandModelVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(default="pooled_poisson", max_length=24)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("candidate", "candidate"),
                            ("active", "active"),
                            ("retired", "retired"),
                            ("refused", "refused by a gate"),
                        ],
                        default="candidate",
                        max_length=10,
                    ),
                ),
                ("trained_at", models.DateTimeField()),
                ("window_start", models.DateField()),
                ("window_end", models.DateField()),
                ("rows", models.BigIntegerField(default=0)),
                ("metrics", models.JSONField(default=dict)),
                ("parameters", models.JSONField(default=dict)),
                ("arrays", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("feature_hash", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("asked_reason", models.TextField(blank=True)),
                (
                    "activated_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
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
                "ordering": ["-trained_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="EmergencyCap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("cap_share", models.FloatField(default=0.0)),
                ("reason", models.TextField()),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="shop.category",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
            ],
            options={
                "ordering": ["-starts_at"],
            },
        ),
        migrations.CreateModel(
            name="JurisdictionRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=16)),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("personal_allowed", models.BooleanField()),
                ("opt_in_required", models.BooleanField()),
                ("label_code", models.CharField(max_length=16)),
                ("label_en", models.CharField(blank=True, max_length=200)),
                ("label_zh", models.CharField(blank=True, max_length=200)),
                (
                    "reference_strategy",
                    models.CharField(
                        choices=[
                            (
                                "eu_low30_offered_before_start",
                                "lowest offered in the 30 days before the reduction",
                            ),
                            ("cn_low7_paid", "lowest paid in the 7 days before the reduction"),
                            ("median90_paid", "median paid in the 90 days before the reduction"),
                            (
                                "uk_volume_share",
                                "share of units really sold at list, and 30-day low",
                            ),
                        ],
                        max_length=32,
                    ),
                ),
                ("unit_price_required", models.BooleanField(default=False)),
                ("source", models.TextField()),
                ("reviewed_by", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["code", "valid_from"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "valid_from"), name="jurisdiction_from"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="jurisdiction_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("personal_allowed", False),
                            models.Q(
                                models.Q(("label_en", ""), _negated=True),
                                models.Q(("label_zh", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="jurisdiction_label",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KillSwitch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("global", "everything"),
                            ("market", "one market"),
                            ("category", "one category and all below it"),
                            ("sku", "one SKU"),
                            ("model", "one model version"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=64)),
                ("is_active", models.BooleanField()),
                ("reason", models.TextField(blank=True)),
                ("at", models.DateTimeField()),
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
            ],
            options={
                "verbose_name_plural": "kill switches",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PriceBook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("channel", models.CharField(default="online", max_length=16)),
                ("published_at", models.DateTimeField()),
                ("effective_at", models.DateTimeField()),
                ("is_current", models.BooleanField(default=False)),
                ("arrays", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("metrics", models.JSONField(default=dict)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="books",
                        to="pricing.demandmodelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="PriceBookEntry",
            fields=[
                (
                    "shopper",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="profiles.shopper",
                    ),
                ),
                (
                    "variant_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField()),
                ),
                (
                    "quoted_minors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField()
                    ),
                ),
                ("priced_at", models.DateTimeField()),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="pricing.pricebook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "price book entries",
                "ordering": ["shopper"],
            },
        ),
        migrations.CreateModel(
            name="PriceLedgerEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(default="online", max_length=16)),
                (
                    "kind",
                    models.CharField(
                        choices=[("list", "list price"), ("public", "public price")], max_length=6
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("valid_from", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("import", "imported history"),
                            ("merchant", "set by the merchant"),
                            ("model", "set by the demand model"),
                            ("staff", "set by staff"),
                            ("gate", "moved by a guardrail"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.variant",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "price ledger entries",
                "ordering": ["variant", "kind", "valid_from", "id"],
            },
        ),
        migrations.CreateModel(
            name="PricingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("is_active", models.BooleanField(default=False)),
                ("floor_margin", models.FloatField(default=0.02)),
                ("personal_cap", models.FloatField(default=0.1)),
                ("step_cap", models.FloatField(default=0.1)),
                ("ceiling_over_list", models.FloatField(default=0.0)),
                ("max_changes_per_day", models.PositiveSmallIntegerField(default=4)),
                ("hold_minutes", models.PositiveIntegerField(default=60)),
                ("quote_minutes", models.PositiveIntegerField(default=60)),
                ("no_rise_hours", models.PositiveIntegerField(default=24)),
                ("assumed_cost_share", models.FloatField(default=0.7)),
                ("won_purchase_share", models.FloatField(default=0.30)),
                ("spread_aversion", models.FloatField(default=20.0)),
                ("holdout_share", models.FloatField(default=0.05)),
                ("min_confidence", models.FloatField(default=0.8)),
                ("max_model_age_hours", models.PositiveIntegerField(default=336)),
                ("reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "pricing policies",
                "ordering": ["-version"],
            },
        ),
        migrations.AddField(
            model_name="pricebook",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="books",
                to="pricing.pricingpolicy",
            ),
        ),
        migrations.CreateModel(
            name="PublicPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(default="online", max_length=16)),
                ("list_minor", models.PositiveIntegerField()),
                ("public_minor", models.PositiveIntegerField()),
                ("anchor_minor", models.PositiveIntegerField()),
                ("changed_at", models.DateTimeField()),
                (
                    "market",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="shop.variant",
                    ),
                ),
            ],
            options={
                "ordering": ["variant"],
            },
        ),
        migrations.AddConstraint(
            model_name="demandmodelversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "active")),
                fields=("status",),
                name="demand_one_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="demandmodelversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("activated_by__isnull", True),
                    models.Q(("activated_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="demand_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="demandmodelversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_end__gt", models.F("window_start"))),
                name="demand_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="emergencycap",
            constraint=models.CheckConstraint(
                condition=models.Q(("cap_share__gte", 0)), name="emergency_cap_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="emergencycap",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at__isnull", True),
                    ("ends_at__gt", models.F("starts_at")),
                    _connector="OR",
                ),
                name="emergency_period",
            ),
        ),
        migrations.AddIndex(
            model_name="killswitch",
            index=models.Index(fields=["scope", "key", "-id"], name="killswitch_newest"),
        ),
        migrations.AddConstraint(
            model_name="killswitch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("key", ""), ("scope", "global")),
                    models.Q(
                        models.Q(("scope", "global"), _negated=True),
                        models.Q(("key", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="killswitch_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricebookentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("variant_ids__len", models.F("quoted_minors__len"))),
                name="book_entry_pairs",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceledgerentry",
            constraint=models.UniqueConstraint(
                fields=("variant", "market", "channel", "kind", "valid_from"),
                name="ledger_series_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="priceledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="ledger_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="pricingpolicy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("is_active",),
                name="policy_one_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("personal_cap__gte", 0), ("personal_cap__lte", 0.3)),
                name="policy_hard_cap",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_active", False),
                    ("personal_cap__lte", 0.1),
                    models.Q(
                        models.Q(("reason", ""), _negated=True),
                        ("approved_by__isnull", False),
                        models.Q(("approved_by", models.F("created_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="policy_second_approver",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("floor_margin__gte", 0),
                    ("floor_margin__lt", 1),
                    ("step_cap__gt", 0),
                    ("step_cap__lte", 0.5),
                    ("ceiling_over_list__gte", 0),
                    ("ceiling_over_list__lte", 1),
                    ("quote_minutes__gte", 30),
                    ("assumed_cost_share__gt", 0),
                    ("assumed_cost_share__lt", 1),
                    ("won_purchase_share__gte", 0),
                    ("won_purchase_share__lt", 1),
                    ("spread_aversion__gte", 0),
                    ("spread_aversion__lte", 1000),
                    ("holdout_share__gte", 0),
                    ("holdout_share__lt", 1),
                    ("min_confidence__gte", 0.5),
                    ("min_confidence__lt", 1),
                ),
                name="policy_sane",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricebook",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)),
                fields=("market", "channel"),
                name="price_book_one_current",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricebook",
            constraint=models.CheckConstraint(
                condition=models.Q(("effective_at__gte", models.F("published_at"))),
                name="price_book_effective",
            ),
        ),
        migrations.AddConstraint(
            model_name="publicprice",
            constraint=models.UniqueConstraint(
                fields=("variant", "market", "channel"), name="public_price_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="publicprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("anchor_minor__gt", 0), ("list_minor__gt", 0), ("public_minor__gt", 0)
                ),
                name="public_price_positive",
            ),
        ),
    ]
