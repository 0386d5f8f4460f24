from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0009_variant_cost_stated_at")]

    operations = [
        migrations.AddField(
            model_name="stockrecord",
            name="next_delivery",
            field=models.DateField(
                blank=True,
                help_text="day on which pieces come again, where it is known",
                null=True,
            ),
        ),
    ]
