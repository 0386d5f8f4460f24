from django.db import migrations

# Code of before knows nothing of this table: what it deletes a line of, the database deletes here.
CASCADE = """
DO $$
DECLARE
    known text;
BEGIN
    SELECT conname INTO STRICT known FROM pg_constraint
    WHERE conrelid = 'orders_shownpromise'::regclass AND contype = 'f';
    EXECUTE format('ALTER TABLE orders_shownpromise DROP CONSTRAINT %I', known);
    EXECUTE format(
        'ALTER TABLE orders_shownpromise ADD CONSTRAINT %I FOREIGN KEY (line_id)'
        ' REFERENCES orders_cartline (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED',
        known
    );
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_shown_promises"),
    ]

    operations = [
        migrations.RunSQL(CASCADE, migrations.RunSQL.noop),
    ]
