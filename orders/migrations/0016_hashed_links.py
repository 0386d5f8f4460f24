"""The secret link of an order is stored as a hash and ends.

Links that are out keep working for ninety days more; what is stored of them leads to no link.
"""

from django.db import migrations, models

HASH = """
UPDATE orders_order
SET link_hash = encode(sha256(convert_to(token, 'UTF8')), 'hex'),
    link_until = now() + interval '90 days'
WHERE token IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_one_open_payment")]

    operations = [
        migrations.AddField(
            model_name="order",
            name="link_key",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="order",
            name="link_hash",
            field=models.CharField(
                blank=True, editable=False, max_length=64, null=True, unique=True
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="link_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(HASH, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="order", name="token"),
    ]
