"""Versions and steps are append-only, budgets raise alerts exactly once, books know their version.

The alert is written by the transaction that spends, on the row it holds: whoever crosses a share
first writes it, and one that is rolled back takes its alert along.
"""

from typing import Any

from django.db import migrations

FORWARD = """
CREATE FUNCTION promotions_keep_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The account may be forgotten; what was done and when stays.
    IF TG_OP = 'UPDATE' AND NEW.by_id IS NULL
       AND to_jsonb(OLD) - 'by_id' = to_jsonb(NEW) - 'by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'versions and steps of campaigns are append-only'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_campaignrevision
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_trail();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_campaignevent
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_trail();

CREATE FUNCTION promotions_raise_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO promotions_budgetalert (campaign_id, percent, budget_minor, spent_minor, at)
    SELECT NEW.id, share, NEW.budget_minor, NEW.spent_minor, clock_timestamp()
    FROM unnest(ARRAY[50, 80, 100]) AS share
    WHERE NEW.spent_minor * 100 >= share * NEW.budget_minor
      AND NOT (OLD.budget_minor IS NOT DISTINCT FROM NEW.budget_minor
               AND OLD.spent_minor * 100 >= share * OLD.budget_minor)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER budget_alert AFTER UPDATE OF spent_minor, budget_minor ON promotions_campaign
    FOR EACH ROW WHEN (NEW.budget_minor > 0 AND NEW.spent_minor * 2 >= NEW.budget_minor)
    EXECUTE FUNCTION promotions_raise_alert();

CREATE TRIGGER campaign_changes_offers
    AFTER INSERT OR DELETE
       OR UPDATE OF code, name, name_zh, audience, status, market_code, starts_at, ends_at,
                    budget_minor, revision, claims, holdout_percent
    ON promotions_campaign FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""

BACKWARD = """
DROP TRIGGER campaign_changes_offers ON promotions_campaign;
DROP TRIGGER budget_alert ON promotions_campaign;
DROP FUNCTION promotions_raise_alert();
DROP TRIGGER append_only ON promotions_campaignevent;
DROP TRIGGER append_only ON promotions_campaignrevision;
DROP FUNCTION promotions_keep_trail();
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0007_campaign_workflow")]

    operations: list[Any] = [migrations.RunSQL(FORWARD, BACKWARD)]
