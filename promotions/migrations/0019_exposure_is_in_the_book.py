"""How often a campaign is shown orders offers, so processes must hear when it changes."""

from typing import Any

from django.db import migrations

# `changed_at` moves with every lever; only the weight is in the book.
FORWARD = """
CREATE TRIGGER tuning_changes_offers
    AFTER INSERT OR DELETE OR UPDATE OF exposure_weight
    ON promotions_campaigntuning FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""
BACKWARD = "DROP TRIGGER tuning_changes_offers ON promotions_campaigntuning;"


class Migration(migrations.Migration):
    dependencies = [("promotions", "0018_verified_groups")]

    operations: list[Any] = [migrations.RunSQL(FORWARD, BACKWARD)]
