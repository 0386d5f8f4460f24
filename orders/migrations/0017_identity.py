"""Carts and orders keep the hashed keys of their contact, as points do already."""

from typing import Any

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q

from promotions.services.referrals import hash_identity


def fill_in(apps: Any, schema_editor: Any) -> None:
    order = apps.get_model("orders", "Order")
    for row in order.objects.exclude(email="").iterator():
        row.identity = hash_identity(
            email=row.email, phone=row.phone, line1=row.address_line1, postcode=row.postcode
        )
        row.save(update_fields=["identity"])


def keys(help_text: str) -> Any:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=32),
        blank=True,
        db_default=[],
        default=list,
        help_text=help_text,
        size=None,
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_hashed_links")]

    operations = [
        migrations.AddField(
            "cart", "identity", keys("Hashed keys of the contact an order was tried with.")
        ),
        migrations.AddField(
            "order",
            "identity",
            keys("Hashed keys of the contact: e-mail address, phone, delivery address."),
        ),
        migrations.AddIndex(
            "order",
            django.contrib.postgres.indexes.GinIndex(
                fields=["identity"], name="order_identity", condition=~Q(identity=[])
            ),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
