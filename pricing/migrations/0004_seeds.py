"""Rows that a new shop begins with: the first policy, and what each place asks of a personal price.

The rows are the tables in docs/pricing.md. Engineering input, not legal advice. A change of law is
a new row with a new `valid_from`, never an edit of these.
"""

import datetime as dt
from typing import Any

from django.db import migrations

EU_LABEL = ("eu", "Personalised price, set automatically", "个性化价格，由系统自动设定")
CN_LABEL = ("cn", "Personalised price", "个性化价格")
# New York prescribes the English sentence itself; a translation may stand beside it, not replace it.
NY_TEXT = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
NY_LABEL = ("us-ny", NY_TEXT, f"{NY_TEXT} 此价格由算法使用您的个人数据设定。")
GENERIC_LABEL = (
    "generic",
    "Personal price, set automatically from your activity in this store",
    "个人专属价格，根据您在本店的行为自动设定",
)
LOW30, LOW7 = "eu_low30_offered_before_start", "cn_low7_paid"
MEDIAN90, UK_SHARE = "median90_paid", "uk_volume_share"
REVIEWER = "Fairtag engineering, 2026-11-24"

# code, from, label, opt-in needed, reference strategy, unit price required, source
ROWS = (
    (
        "EU",
        (2022, 5, 28),
        EU_LABEL,
        True,
        LOW30,
        False,
        "Directive (EU) 2019/2161: CRD Art. 6(1)(ea), PID Art. 6a; GDPR Art. 21(2); CJEU C-330/23",
    ),
    (
        "DE",
        (2022, 5, 28),
        EU_LABEL,
        True,
        LOW30,
        True,
        "As EU; PAngV sections 4 and 11; BGH I ZR 183/24",
    ),
    (
        "UK",
        (2025, 4, 6),
        EU_LABEL,
        False,
        UK_SHARE,
        False,
        "DMCC Act 2024; CMA209; CMA v Emma Sleep",
    ),
    (
        "CN",
        (2021, 11, 1),
        CN_LABEL,
        False,
        LOW7,
        False,
        "PIPL Art. 24; SAMR Orders 32 (2020) and 56 (2022); Platform Price Behaviour Rules of 2026-04-10",
    ),
    (
        "US-NY",
        (2025, 11, 10),
        NY_LABEL,
        False,
        MEDIAN90,
        False,
        "GBL 349-a, Algorithmic Pricing Disclosure Act",
    ),
    ("US-MD", (2021, 11, 1), GENERIC_LABEL, False, MEDIAN90, False, "HB 895 (Ch. 154) for food"),
    ("US-CT", (2021, 11, 1), GENERIC_LABEL, False, MEDIAN90, False, "PA 26-64 (SB 4)"),
    (
        "US-other",
        (2021, 11, 1),
        GENERIC_LABEL,
        False,
        MEDIAN90,
        False,
        "Good practice; state emergency price laws through emergency caps",
    ),
)
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


def create_rows(apps: Any, schema_editor: Any) -> None:
    """Create policy 1 and the rows above."""
    apps.get_model("pricing", "PricingPolicy").objects.create(
        version=1,
        is_active=True,
        reason="first policy",
        created_at=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
    )
    rows = apps.get_model("pricing", "JurisdictionRow").objects
    for code, begins, label, opt_in, strategy, unit_price, source in ROWS:
        label_code, label_en, label_zh = label
        test_label_en, test_label_zh = TEST_LABELS[label_code]
        rows.create(
            code=code,
            valid_from=dt.date(*begins),
            personal_allowed=True,
            opt_in_required=opt_in,
            label_code=label_code,
            label_en=label_en,
            label_zh=label_zh,
            test_label_en=test_label_en,
            test_label_zh=test_label_zh,
            reference_strategy=strategy,
            unit_price_required=unit_price,
            source=source,
            reviewed_by=REVIEWER,
        )


class Migration(migrations.Migration):
    dependencies = [("pricing", "0003_triggers")]
    operations = [migrations.RunPython(create_rows)]
