"""Groups a shopper proves to belong to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0004_experiments"),
        ("promotions", "0017_points_entries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="VerifiedGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("name_zh", models.CharField(blank=True, max_length=80)),
                ("takes_documents", models.BooleanField(default=True)),
                ("takes_codes", models.BooleanField(default=True)),
                (
                    "mail_domains",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='Addresses there prove it: ["uni.example"].',
                    ),
                ),
                ("valid_days", models.PositiveSmallIntegerField(default=365)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="GroupClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "how",
                    models.CharField(
                        choices=[
                            ("document", "document"),
                            ("code", "code"),
                            ("mail", "e-mail address"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waits for review"),
                            ("accepted", "accepted"),
                            ("refused", "refused"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("document", models.BinaryField(null=True)),
                ("document_type", models.CharField(blank=True, editable=False, max_length=20)),
                ("submitted_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("valid_until", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="promotions.verifiedgroup",
                    ),
                ),
            ],
            options={
                "ordering": ["submitted_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="GroupCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=48, unique=True)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "claim",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="code",
                        to="promotions.groupclaim",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="promotions.verifiedgroup",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="groupclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")),
                fields=("shopper", "group"),
                name="groupclaim_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "pending"), ("document__isnull", True), _connector="OR"
                ),
                name="groupclaim_document_gone",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True),
                    ("valid_until__isnull", False),
                    _connector="OR",
                ),
                name="groupclaim_ends",
            ),
        ),
    ]
