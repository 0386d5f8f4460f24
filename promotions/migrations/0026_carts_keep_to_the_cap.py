"""Carts keep to the cap of the law, so processes must hear when a law changes."""

from typing import Any

from django.db import migrations

FORWARD = """
CREATE TRIGGER law_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_promotionlaw
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""
BACKWARD = "DROP TRIGGER law_changes_offers ON promotions_promotionlaw;"


class Migration(migrations.Migration):
    dependencies = [("promotions", "0025_what_came_back")]

    operations: list[Any] = [migrations.RunSQL(FORWARD, BACKWARD)]
