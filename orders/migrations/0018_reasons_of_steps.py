"""Keep the reason of a step; erasure may empty it, everything else stays append-only."""

from __future__ import annotations

from django.db import migrations, models

NARROW = """
DROP TRIGGER orderevent_append_only ON orders_orderevent;
CREATE TRIGGER orderevent_append_only BEFORE UPDATE OF id, order_id, kind, detail, at
    ON orders_orderevent FOR EACH STATEMENT EXECUTE FUNCTION orders_refuse_change();
CREATE TRIGGER orderevent_reason_append_only BEFORE UPDATE OF reason ON orders_orderevent
    FOR EACH ROW WHEN (NEW.reason <> '' AND NEW.reason <> OLD.reason)
    EXECUTE FUNCTION orders_refuse_change();
"""
WIDEN = """
DROP TRIGGER orderevent_reason_append_only ON orders_orderevent;
DROP TRIGGER orderevent_append_only ON orders_orderevent;
CREATE TRIGGER orderevent_append_only BEFORE UPDATE ON orders_orderevent
    FOR EACH STATEMENT EXECUTE FUNCTION orders_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0017_identity")]

    operations = [
        migrations.AddField(
            model_name="orderevent",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.RunSQL(NARROW, WIDEN),
    ]
