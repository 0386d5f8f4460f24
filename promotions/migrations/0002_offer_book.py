"""One counter, raised by triggers, tells every process that its compiled offers are old."""

from typing import Any

from django.db import migrations

# Redemptions raise `spent_minor` with every order: that alone must not throw away what processes
# compiled, so the campaign trigger names the columns an offer is made of.
FORWARD = """
CREATE FUNCTION promotions_raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Never a number seen before, even after the tables were emptied: caches compare it.
    INSERT INTO promotions_offerbook AS known (id, version)
    VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (id) DO UPDATE SET version = greatest(known.version + 1, excluded.version);
    RETURN NULL;
END $$;

CREATE TRIGGER campaign_changes_offers
    AFTER INSERT OR DELETE
       OR UPDATE OF code, name, name_zh, audience, status, market_code, starts_at, ends_at, budget_minor
    ON promotions_campaign FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
CREATE TRIGGER offer_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_offer
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
CREATE TRIGGER offervariant_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_offervariant
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""

BACKWARD = """
DROP TRIGGER offervariant_changes_offers ON promotions_offervariant;
DROP TRIGGER offer_changes_offers ON promotions_offer;
DROP TRIGGER campaign_changes_offers ON promotions_campaign;
DROP FUNCTION promotions_raise_version();
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0001_initial")]

    operations: list[Any] = [migrations.RunSQL(FORWARD, BACKWARD)]
