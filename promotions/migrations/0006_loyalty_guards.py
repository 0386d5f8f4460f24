"""Ledgers nobody rewrites: entries of points and of partners, and closed settlements."""

from typing import Any

from django.db import migrations

FORWARD = """
CREATE FUNCTION promotions_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON promotions_pointsentry
    FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
-- Who closed a settlement may leave the company: the name goes, the figures stay.
CREATE TRIGGER append_only BEFORE DELETE
    OR UPDATE OF partner_id, starts_on, ends_on, used_minor, returned_minor, corrected_minor,
                 due_minor, entry_count, closed_at
    ON promotions_settlement FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
CREATE TRIGGER append_only BEFORE DELETE
    OR UPDATE OF share_id, kind, order_ref, line, product_id, quantity, discount_minor,
                 partner_minor, note, key, at
    ON promotions_partnerentry FOR EACH ROW EXECUTE FUNCTION promotions_refuse_change();
CREATE TRIGGER settled_once BEFORE UPDATE OF settlement_id ON promotions_partnerentry
    FOR EACH ROW WHEN (OLD.settlement_id IS NOT NULL)
    EXECUTE FUNCTION promotions_refuse_change();
"""

BACKWARD = """
DROP TRIGGER settled_once ON promotions_partnerentry;
DROP TRIGGER append_only ON promotions_partnerentry;
DROP TRIGGER append_only ON promotions_settlement;
DROP TRIGGER append_only ON promotions_pointsentry;
DROP FUNCTION promotions_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("promotions", "0005_loyalty")]

    operations: list[Any] = [migrations.RunSQL(FORWARD, BACKWARD)]
