"""List prices of further markets, and which market is home. Caches see changes of both."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

WATCHED = ("market", "listprice")
WATCH = "\n".join(
    f"CREATE TRIGGER count_catalog_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
    f" ON shop_{table} FOR EACH STATEMENT EXECUTE FUNCTION shop_count_catalog_version();"
    for table in WATCHED
)
UNWATCH = "\n".join(f"DROP TRIGGER count_catalog_version ON shop_{table};" for table in WATCHED)
# Until now the variants' prices were those of whatever market was served: "us" where it exists.
CHOOSE_HOME = """
UPDATE shop_market SET is_home = true
WHERE code = (SELECT code FROM shop_market ORDER BY code = 'us' DESC, code LIMIT 1)
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0015_own_products")]

    operations = [
        migrations.AddField(
            model_name="market",
            name="delivery_countries",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=2),
                blank=True,
                db_default=[],
                default=list,
                help_text="Besides its own country, such as AT,FR.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="market",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="market",
            name="is_home",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunSQL(CHOOSE_HOME, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="market",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_home", True)), fields=("is_home",), name="market_one_home"
            ),
        ),
        migrations.CreateModel(
            name="ListPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount_minor", models.PositiveIntegerField()),
                ("cost_minor", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "market",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="list_prices",
                        to="shop.variant",
                    ),
                ),
            ],
            options={
                "ordering": ["market", "variant"],
                "constraints": [
                    models.UniqueConstraint(fields=("variant", "market"), name="list_price_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="list_price_positive"
                    ),
                ],
            },
        ),
        migrations.RunSQL(WATCH, UNWATCH),
    ]
