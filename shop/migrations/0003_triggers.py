"""Triggers of the ground, and the table of the cache in the database."""

from typing import Any

from django.core.management import call_command
from django.db import migrations

# Caches of the catalogue compare its version: any change of these tables raises it.
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
COUNTED = (
    "brand",
    "category",
    "listprice",
    "market",
    "product",
    "productpicture",
    "storeprofile",
    "variant",
)
COUNT = """
CREATE TRIGGER count_catalog_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON shop_{table} FOR EACH STATEMENT EXECUTE FUNCTION shop_count_catalog_version();
"""

# A product whose words change loses its search vector until the next indexing. Its words are also
# those of its category, of the categories above it and of its brand.
FORGET_SEARCH_VECTOR = """
CREATE FUNCTION shop_forget_search_vector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.name, NEW.name_zh, NEW.category_id, NEW.brand_id, NEW.is_active)
        IS DISTINCT FROM (OLD.name, OLD.name_zh, OLD.category_id, OLD.brand_id, OLD.is_active)
    THEN
        NEW.search_vector := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forget_search_vector BEFORE UPDATE ON shop_product
    FOR EACH ROW EXECUTE FUNCTION shop_forget_search_vector();

CREATE FUNCTION shop_forget_category_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE shop_product SET search_vector = NULL
    WHERE search_vector IS NOT NULL AND category_id IN (
        SELECT id FROM shop_category
        WHERE id = NEW.id OR parent_id = NEW.id
            OR parent_id IN (SELECT id FROM shop_category WHERE parent_id = NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER forget_category_words AFTER UPDATE ON shop_category FOR EACH ROW
    WHEN ((OLD.name, OLD.name_zh) IS DISTINCT FROM (NEW.name, NEW.name_zh))
    EXECUTE FUNCTION shop_forget_category_words();

CREATE FUNCTION shop_forget_brand_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE shop_product SET search_vector = NULL
    WHERE search_vector IS NOT NULL AND brand_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_brand_words AFTER UPDATE ON shop_brand FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION shop_forget_brand_words();
"""

# The stock ledger is append-only.
KEEP_STOCK_LEDGER = """
CREATE FUNCTION shop_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON shop_stockmovement
    FOR EACH STATEMENT EXECUTE FUNCTION shop_refuse_change();
"""

# The trail of approvals is append-only.
KEEP_APPROVALS = """
CREATE FUNCTION shop_keep_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The account may be forgotten; what was done and when stays.
    IF TG_OP = 'UPDATE' AND NEW.by_id IS NULL
       AND to_jsonb(OLD) - 'by_id' = to_jsonb(NEW) - 'by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the trail of approvals is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON shop_approvalevent
    FOR EACH ROW EXECUTE FUNCTION shop_keep_approvals();
"""


def create_cache_table(apps: Any, schema_editor: Any) -> None:
    """Create the table of the cache that holds login rate limits."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_tables")]
    operations = [
        migrations.RunSQL(COUNT_VERSION),
        migrations.RunSQL([COUNT.format(table=table) for table in COUNTED]),
        migrations.RunSQL(FORGET_SEARCH_VECTOR),
        migrations.RunSQL(KEEP_STOCK_LEDGER),
        migrations.RunSQL(KEEP_APPROVALS),
        migrations.RunPython(create_cache_table),
    ]
