"""Triggers of orders: their timeline is append-only."""

from django.db import migrations

# Erasure of a shopper may empty the reason of a step; everything else of it stays.
KEEP_TIMELINE = """
CREATE FUNCTION orders_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline of an order is append-only';
END $$;
CREATE TRIGGER orderevent_append_only BEFORE UPDATE OF id, order_id, kind, detail, at
    ON orders_orderevent FOR EACH STATEMENT EXECUTE FUNCTION orders_refuse_change();
CREATE TRIGGER orderevent_reason_append_only BEFORE UPDATE OF reason ON orders_orderevent
    FOR EACH ROW WHEN (NEW.reason <> '' AND NEW.reason <> OLD.reason)
    EXECUTE FUNCTION orders_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_tables")]
    operations = [migrations.RunSQL(KEEP_TIMELINE)]
