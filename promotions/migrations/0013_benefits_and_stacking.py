"""Every kind of benefit, and the tree and categories that say which offers combine."""

import django.db.models.deletion
from django.db import migrations, models

# A group or category reads into every offer in it, so processes compile their offers again.
FORWARD = """
CREATE TRIGGER stackinggroup_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_stackinggroup
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
CREATE TRIGGER stackingcategory_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_stackingcategory
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""

BACKWARD = """
DROP TRIGGER stackingcategory_changes_offers ON promotions_stackingcategory;
DROP TRIGGER stackinggroup_changes_offers ON promotions_stackinggroup;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0012_loyalty_kinds"),
    ]

    operations = [
        migrations.CreateModel(
            name="StackingCategory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("joint", "combines with every category"),
                            ("exclusive", "combines with joint ones only"),
                        ],
                        default="joint",
                        max_length=9,
                    ),
                ),
                (
                    "max_offers",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Most offers of it in one cart; empty: any number.",
                        null=True,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "stacking categories",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="StackingGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("stack", "all combine"),
                            ("ordered", "the first that gives anything"),
                            ("best", "the one that gives most"),
                            ("exclusive", "the best of them, and nothing else with it"),
                        ],
                        default="best",
                        max_length=9,
                    ),
                ),
                (
                    "priority",
                    models.SmallIntegerField(
                        default=0, help_text="Higher comes first in an ordered group."
                    ),
                ),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="offer",
            name="offer_benefit_complete",
        ),
        migrations.RemoveConstraint(
            model_name="offer",
            name="offer_cap_positive",
        ),
        migrations.AddField(
            model_name="offer",
            name="max_line_minor",
            field=models.BigIntegerField(
                blank=True, help_text="Most per line of the cart.", null=True
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="terms",
            field=models.JSONField(
                blank=True, default=dict, help_text="What the kind needs beside percent or amount."
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="benefit_kind",
            field=models.CharField(
                choices=[
                    ("percentage", "percentage"),
                    ("fixed_amount", "fixed amount"),
                    ("set_price", "set price"),
                    ("buy_get", "buy X get Y"),
                    ("cheapest_free", "cheapest free"),
                    ("bundle", "bundle"),
                    ("quantity_tiers", "quantity tiers"),
                    ("spend_tiers", "spend tiers"),
                    ("gift", "gift"),
                    ("delivery", "cheaper delivery"),
                    ("points", "points"),
                    ("formula", "formula"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="stackingcategory",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_offers__isnull", True), ("max_offers__gt", 0), _connector="OR"
                ),
                name="stackingcategory_some",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="promotions.stackingcategory",
            ),
        ),
        migrations.AddField(
            model_name="stackinggroup",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="promotions.stackinggroup",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="promotions.stackinggroup",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("amount_minor", None), ("percent__gt", 0), ("percent__lte", 100)),
                        ("benefit_kind__in", ("percentage", "buy_get", "cheapest_free")),
                    ),
                    models.Q(
                        models.Q(("amount_minor__gt", 0), ("percent", None)),
                        ("benefit_kind__in", ("fixed_amount", "set_price")),
                    ),
                    models.Q(
                        models.Q(
                            models.Q(
                                ("amount_minor", None), ("percent__gt", 0), ("percent__lte", 100)
                            ),
                            models.Q(("amount_minor__gt", 0), ("percent", None)),
                            _connector="OR",
                        ),
                        ("benefit_kind", "bundle"),
                    ),
                    models.Q(
                        models.Q(
                            models.Q(
                                ("amount_minor", None), ("percent__gt", 0), ("percent__lte", 100)
                            ),
                            models.Q(("amount_minor__gt", 0), ("percent", None)),
                            models.Q(("amount_minor", None), ("percent", None)),
                            _connector="OR",
                        ),
                        ("benefit_kind", "delivery"),
                    ),
                    models.Q(
                        models.Q(("amount_minor", None), ("percent", None)),
                        (
                            "benefit_kind__in",
                            ("quantity_tiers", "spend_tiers", "gift", "points", "formula"),
                        ),
                    ),
                    _connector="OR",
                ),
                name="offer_benefit_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("max_discount_minor", None), ("max_discount_minor__gt", 0), _connector="OR"
                    ),
                    models.Q(("max_line_minor", None), ("max_line_minor__gt", 0), _connector="OR"),
                ),
                name="offer_caps_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="stackinggroup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True),
                    models.Q(("parent", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="stackinggroup_not_its_own",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
