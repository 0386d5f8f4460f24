from django.db import migrations, models

# Every way to change a product counts its revision: the moment follows from that alone.
NOTE = """
CREATE FUNCTION shop_note_product_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at = now();
    RETURN NEW;
END $$;
CREATE TRIGGER note_product_change BEFORE UPDATE ON shop_product
    FOR EACH ROW WHEN (NEW.revision <> OLD.revision) EXECUTE FUNCTION shop_note_product_change();
"""
FORGET = """
DROP TRIGGER note_product_change ON shop_product;
DROP FUNCTION shop_note_product_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0013_unknown_state"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="changed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="productpicture",
            name="made_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(NOTE, FORGET),
    ]
