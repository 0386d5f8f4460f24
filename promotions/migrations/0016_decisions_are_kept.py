"""Decisions of the allocator are append-only; only whose they were may be forgotten."""

from typing import Any

from django.db import migrations

FORWARD = """
CREATE FUNCTION promotions_keep_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.shopper_id IS NULL
       AND to_jsonb(OLD) - 'shopper_id' = to_jsonb(NEW) - 'shopper_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'decisions about offers are append-only'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_offerdecision
    FOR EACH ROW EXECUTE FUNCTION promotions_keep_decision();
"""

BACKWARD = """
DROP TRIGGER append_only ON promotions_offerdecision;
DROP FUNCTION promotions_keep_decision();
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0015_allocator")]

    operations: list[Any] = [migrations.RunSQL(FORWARD, BACKWARD)]
