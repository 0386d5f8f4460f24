"""What was paid for a few variants is found by them: a price set by hand waits for it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("profiles", "0007_wishes")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX event_paid ON profiles_event (variant_id, occurred_at)"
            " WHERE kind = 'purchase'",
            "DROP INDEX event_paid",
        )
    ]
