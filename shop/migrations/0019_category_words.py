"""Products are found by the words of their brand and categories: a new name empties their search
vectors, as a change of their own words does."""

from django.db import migrations

FORGET = """
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
REMEMBER = """
DROP TRIGGER forget_category_words ON shop_category;
DROP FUNCTION shop_forget_category_words();
DROP TRIGGER forget_brand_words ON shop_brand;
DROP FUNCTION shop_forget_brand_words();
"""


class Migration(migrations.Migration):
    dependencies = [("shop", "0018_store_profile")]

    operations = [migrations.RunSQL(FORGET, REMEMBER)]
