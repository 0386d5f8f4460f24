"""Products of the merchant's own: flags, options, both languages, pictures."""

import django.db.models.deletion
from django.db import migrations, models

# Cards show pictures: what caches of the catalogue remember is old when one changes.
WATCH = """
CREATE TRIGGER count_catalog_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
ON shop_productpicture FOR EACH STATEMENT EXECUTE FUNCTION shop_count_catalog_version();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0014_who_holds_stock"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProductPicture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("alt", models.CharField(blank=True, max_length=200)),
                ("alt_zh", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "being made"),
                            ("ready", "ready"),
                            ("refused", "refused"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                (
                    "refusal",
                    models.CharField(blank=True, help_text="Why it was refused.", max_length=20),
                ),
                (
                    "file_name",
                    models.CharField(
                        help_text="What the uploaded file was called.", max_length=120
                    ),
                ),
                (
                    "source_digest",
                    models.CharField(help_text="SHA-256 of the uploaded file.", max_length=64),
                ),
                ("upload", models.CharField(blank=True, editable=False, max_length=80)),
                ("digest", models.CharField(blank=True, editable=False, max_length=32)),
                ("widths", models.JSONField(blank=True, default=list, editable=False)),
                ("width", models.PositiveIntegerField(default=0, editable=False)),
                ("height", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["product", "position", "id"],
            },
        ),
        migrations.AddField(
            model_name="product",
            name="attributes",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="product",
            name="description_zh",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="product",
            name="is_child_directed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="product",
            name="is_sensitive",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="product",
            name="minimum_age",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="In years, to buy it; empty: as its category says.", null=True
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="option_names",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="product",
            name="revision",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="product",
            name="tax_class",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Of tax rates, such as reduced; empty: as its category says.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="variant",
            name="options",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("minimum_age__isnull", True),
                    models.Q(("minimum_age__gte", 1), ("minimum_age__lte", 99)),
                    _connector="OR",
                ),
                name="product_minimum_age",
            ),
        ),
        migrations.AddConstraint(
            model_name="variant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("options", {}), _negated=True),
                fields=("product", "options"),
                name="variant_options_unique",
            ),
        ),
        migrations.AddField(
            model_name="productpicture",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pictures",
                to="shop.product",
            ),
        ),
        migrations.AddField(
            model_name="productpicture",
            name="variant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pictures",
                to="shop.variant",
            ),
        ),
        migrations.AddIndex(
            model_name="productpicture",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["id"],
                name="product_picture_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="productpicture",
            constraint=models.UniqueConstraint(
                fields=("product", "source_digest"), name="product_picture_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="productpicture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready"), _negated=True),
                    models.Q(
                        ("height__gt", 0), ("width__gt", 0), models.Q(("digest", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="product_picture_ready",
            ),
        ),
        migrations.RunSQL(WATCH, "DROP TRIGGER count_catalog_version ON shop_productpicture;"),
    ]
