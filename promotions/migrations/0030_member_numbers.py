"""A number for each member who joined before there were numbers, and a guard for tills' acts."""

import secrets
from typing import Any

from django.db import migrations

BATCH = 5_000

FORWARD = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_tillact
    FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
"""
BACKWARD = "DROP TRIGGER append_only ON promotions_tillact;"


def _draw() -> str:
    # As promotions.core.tills makes them on this day (ISO/IEC 7064 MOD 11,10)
    digits = str(10**10 + secrets.randbelow(9 * 10**10))
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return f"{digits}{(11 - product) % 10}"


def number_members(apps: Any, schema_editor: Any) -> None:
    accounts = apps.get_model("promotions", "PointsAccount").objects
    while True:
        rows = list(accounts.filter(shopper__isnull=False, member_number=None).only("pk")[:BATCH])
        if not rows:
            return
        fresh: set[str] = set()
        while len(fresh) < len(rows):
            fresh.add(_draw())
        fresh -= set(
            accounts.filter(member_number__in=fresh).values_list("member_number", flat=True)
        )
        numbered = []
        for row, number in zip(rows, fresh, strict=False):
            row.member_number = number
            numbered.append(row)
        accounts.bulk_update(numbered, ["member_number"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("promotions", "0029_points_at_tills")]

    operations: list[Any] = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(number_members, migrations.RunPython.noop),
    ]
