from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0005_product_unindexed"),
    ]

    operations = [
        migrations.AddField(
            model_name="category",
            name="is_sensitive",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
