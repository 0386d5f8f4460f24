"""A product whose words change loses its search vector until the next indexing."""

from django.db import migrations

FORGET = """
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
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_cache_table")]

    operations = [
        migrations.RunSQL(
            FORGET,
            "DROP TRIGGER forget_search_vector ON shop_product;"
            " DROP FUNCTION shop_forget_search_vector();",
        )
    ]
