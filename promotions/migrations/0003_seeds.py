"""Rows that a new shop begins with: the first thresholds, and what each place asks of promotions.

The rows are the table in docs/promotions-law.md. Engineering input, not legal advice. A change of
law is a new row with a new `valid_from`, never an edit of these. A place without a row gets the
strictest of everything.
"""

import datetime as dt
from typing import Any

from django.db import migrations

REVIEWER = "Fairtag engineering, 2026-11-26"
GROUPS = ["senior", "student", "teacher"]
ALCOHOL_AND_TOBACCO = ["restricted"]
EU = {
    "percent_is_claim": True,
    "gift_kinds": ALCOHOL_AND_TOBACCO,
    "banned_kinds": ["infant-formula", "tobacco"],
    "groups_allowed": GROUPS,
}
US = {
    "percent_is_claim": False,
    "pause_days": 7,
    "gift_kinds": ALCOHOL_AND_TOBACCO,
    "groups_allowed": GROUPS,
}
EU_SOURCE = "UCPD 2005/29 annex I nos. 5, 7, 20; PID Art. 6a; CJEU C-330/23; Tobacco Dir. 2003/33"
# code, from, what differs from the column's default, source
ROWS: tuple[tuple[str, tuple[int, int, int], dict[str, Any], str], ...] = (
    ("EU", (2022, 5, 28), EU, EU_SOURCE),
    ("DE", (2022, 5, 28), EU, f"{EU_SOURCE}; UWG annex no. 5; PAngV s. 11"),
    ("FR", (2022, 5, 28), {**EU, "below_cost_allowed": False}, "Code de commerce L442-5"),
    ("PL", (2023, 1, 1), {**EU, "members_count": True}, "UOKiK on Art. 4 of the Act on prices"),
    (
        "UK",
        (2025, 4, 6),
        EU,
        "DMCC Act 2024 sch. 20; CMA v Emma Sleep; Infant Formula Regulations",
    ),
    (
        "CN",
        (2021, 11, 1),
        {
            "percent_is_claim": True,
            "below_cost_allowed": False,
            "gift_kinds": ALCOHOL_AND_TOBACCO,
            "banned_kinds": ["tobacco"],
            "groups_allowed": ["student", "teacher"],
            "terms_language": "zh",
        },
        "Price Law Art. 14; SAMR Orders 32 (2020) and 56 (2022); PIPL Art. 24",
    ),
    (
        "US-NY",
        (2021, 11, 1),
        {**US, "banned_kinds": ["tobacco"]},
        "FTC 16 CFR 233; GBL 349-a, 396-aa; Public Health Law 1399-ll (tobacco coupons)",
    ),
    ("US-other", (2021, 11, 1), US, "FTC 16 CFR 233 and 251; state acts on deceptive practices"),
)


def create_rows(apps: Any, schema_editor: Any) -> None:
    """Create the rows above and version 1 of the thresholds."""
    laws = apps.get_model("promotions", "PromotionLaw").objects
    for code, begins, asked, source in ROWS:
        laws.create(
            code=code, valid_from=dt.date(*begins), **asked, source=source, reviewed_by=REVIEWER
        )
    apps.get_model("promotions", "CampaignPolicy").objects.create(
        version=1,
        is_active=True,
        reason="first thresholds",
        created_at=dt.datetime(2026, 11, 26, tzinfo=dt.UTC),
    )


class Migration(migrations.Migration):
    dependencies = [("promotions", "0002_triggers")]
    operations = [migrations.RunPython(create_rows)]
