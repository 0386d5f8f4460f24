"""The shop's own face: one row, whose changes caches see."""

from typing import Any

import django.core.validators
from django.db import migrations, models

WATCH = """
CREATE TRIGGER count_catalog_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON shop_storeprofile FOR EACH STATEMENT EXECUTE FUNCTION shop_count_catalog_version();
"""
UNWATCH = "DROP TRIGGER count_catalog_version ON shop_storeprofile;"


def make_row(apps: Any, schema_editor: Any) -> None:
    """Make the one row."""
    apps.get_model("shop", "StoreProfile").objects.get_or_create(pk=1)


def _text(length: int) -> Any:
    return models.TextField(blank=True, max_length=length)


class Migration(migrations.Migration):
    dependencies = [("shop", "0017_product_imports")]

    operations = [
        # Each way of delivery says where it goes.
        migrations.RemoveField(model_name="market", name="delivery_countries"),
        migrations.CreateModel(
            name="StoreProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(default="Shop", max_length=60)),
                ("name_zh", models.CharField(blank=True, max_length=60)),
                ("tagline", models.CharField(blank=True, max_length=120)),
                ("tagline_zh", models.CharField(blank=True, max_length=120)),
                (
                    "accent",
                    models.CharField(
                        default="#1d6340",
                        max_length=7,
                        validators=[django.core.validators.RegexValidator("^#[0-9a-fA-F]{6}$")],
                    ),
                ),
                ("logo", models.BinaryField(default=b"", editable=False)),
                ("icon", models.BinaryField(default=b"", editable=False)),
                ("logo_key", models.CharField(blank=True, editable=False, max_length=16)),
                ("logo_width", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("logo_height", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("sender_name", models.CharField(blank=True, max_length=60)),
                ("sender_email", models.EmailField(blank=True, max_length=254)),
                ("company", models.CharField(blank=True, max_length=120)),
                ("address", _text(400)),
                ("register", models.CharField(blank=True, max_length=120)),
                ("vat_id", models.CharField(blank=True, max_length=30)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("phone", models.CharField(blank=True, max_length=30)),
                ("privacy_email", models.EmailField(blank=True, max_length=254)),
                ("links", _text(1000)),
                ("terms", _text(60_000)),
                ("terms_zh", _text(60_000)),
                ("delivery", _text(20_000)),
                ("delivery_zh", _text(20_000)),
                ("returns", _text(20_000)),
                ("returns_zh", _text(20_000)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="store_profile_one_row"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="store_profile_has_name",
                    ),
                ],
            },
        ),
        migrations.RunPython(make_row, migrations.RunPython.noop),
        migrations.RunSQL(WATCH, UNWATCH),
    ]
