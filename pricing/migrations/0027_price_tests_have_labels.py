"""Labels of prices that a price test moved, and a switch that stops the tests of a market.

Engineering input, not legal advice, like the rows themselves. Each test label says all that the
row's own label says, where personal data were used: New York's sentence stands as it is prescribed.
"""

import importlib
from typing import Any

from django.db import migrations, models
from django.db.models import Q

NY_TEXT = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
# label code: what it says in English and Chinese where a price test moved the price
TEST_LABELS = {
    "eu": (
        "Personalised price, set automatically, part of a price test",
        "个性化价格，由系统自动设定，属于价格测试",
    ),
    "cn": ("Personalised price, part of a price test", "个性化价格，属于价格测试"),
    "us-ny": (
        f"{NY_TEXT} It is part of a price test.",
        f"{NY_TEXT} 此价格由算法使用您的个人数据设定，属于价格测试。",
    ),
    "generic": (
        "Personal price, set automatically and part of a price test",
        "个人专属价格，由系统自动设定，属于价格测试",
    ),
}
SCOPES = [
    ("global", "everything"),
    ("market", "one market"),
    ("category", "one category and all below it"),
    ("sku", "one SKU"),
    ("model", "one model version"),
    ("tests", "price tests of one market"),
]


def seed(apps: Any) -> None:
    """Add the first rules with their test labels where they are missing (tests)."""
    first = importlib.import_module("pricing.migrations.0003_seed_rules")
    first.seed(
        apps,
        more={
            code: {"test_label_en": english, "test_label_zh": chinese}
            for code, (english, chinese) in TEST_LABELS.items()
        },
    )


def label_tests(apps: Any, schema_editor: Any) -> None:
    """Give each row its test label; one with words of its own keeps them and says the rest."""
    rows = apps.get_model("pricing", "JurisdictionRow")
    for row in rows.objects.exclude(label_code=""):
        english, chinese = TEST_LABELS.get(row.label_code, ("", ""))
        row.test_label_en = english or f"{row.label_en[:170]} Part of a price test."
        row.test_label_zh = chinese or f"{row.label_zh[:170]} 属于价格测试。"
        row.save(update_fields=["test_label_en", "test_label_zh"])


class Migration(migrations.Migration):
    dependencies = [("pricing", "0026_two_people_decide_in_one_place")]

    operations = [
        migrations.RemoveConstraint(model_name="jurisdictionrow", name="jurisdiction_label"),
        migrations.AddField(
            model_name="jurisdictionrow",
            name="test_label_en",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="jurisdictionrow",
            name="test_label_zh",
            field=models.CharField(blank=True, default="", max_length=200),
            preserve_default=False,
        ),
        migrations.RunPython(label_tests, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="jurisdictionrow",
            constraint=models.CheckConstraint(
                condition=Q(personal_allowed=False)
                | (~Q(label_en="") & ~Q(label_zh="") & ~Q(test_label_en="") & ~Q(test_label_zh="")),
                name="jurisdiction_label",
            ),
        ),
        migrations.AddConstraint(
            model_name="jurisdictionrow",
            constraint=models.CheckConstraint(
                condition=~Q(label_code__endswith="-test"), name="jurisdiction_label_code"
            ),
        ),
        migrations.AlterField(
            model_name="breakertrip",
            name="scope",
            field=models.CharField(choices=SCOPES, max_length=8),
        ),
        migrations.AlterField(
            model_name="killswitch",
            name="scope",
            field=models.CharField(choices=SCOPES, max_length=8),
        ),
        migrations.AlterField(
            model_name="quote",
            name="label_code",
            field=models.CharField(blank=True, max_length=24),
        ),
    ]
