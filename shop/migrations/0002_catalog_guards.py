"""What the database itself guards: the catalogue's version and the stock ledger."""

from django.db import migrations

COUNT_VERSION = """
CREATE FUNCTION shop_count_catalog_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Never a number seen before, even after the tables were emptied: caches compare it.
    INSERT INTO shop_catalogversion AS known (id, version, changed_at)
    VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, clock_timestamp())
    ON CONFLICT (id) DO UPDATE
    SET version = greatest(known.version + 1, excluded.version), changed_at = excluded.changed_at;
    RETURN NULL;
END $$;
"""

WATCHED = ("category", "brand", "product", "variant")

WATCH = "\n".join(
    f"CREATE TRIGGER count_catalog_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
    f" ON shop_{table} FOR EACH STATEMENT EXECUTE FUNCTION shop_count_catalog_version();"
    for table in WATCHED
)

UNWATCH = "\n".join(f"DROP TRIGGER count_catalog_version ON shop_{table};" for table in WATCHED)

KEEP_LEDGER = """
CREATE FUNCTION shop_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON shop_stockmovement
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
"""

SEED = """
INSERT INTO shop_market (code, name, currency, country, jurisdiction_code, language)
VALUES ('us', 'United States', 'USD', 'US', 'US-other', 'en');
INSERT INTO shop_stocklocation (code, name) VALUES ('online', 'Online store');
INSERT INTO shop_catalogversion (id, version, changed_at) VALUES (1, 1, now());
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [
        migrations.RunSQL(
            COUNT_VERSION + WATCH, UNWATCH + "DROP FUNCTION shop_count_catalog_version();"
        ),
        migrations.RunSQL(
            KEEP_LEDGER,
            "DROP TRIGGER append_only ON shop_stockmovement; DROP FUNCTION shop_refuse_change();",
        ),
        migrations.RunSQL(
            SEED,
            "DELETE FROM shop_catalogversion; DELETE FROM shop_stocklocation;"
            " DELETE FROM shop_market;",
        ),
    ]
