"""The job that asks what became of payments looks at the few that nobody answered for."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0006_one_index_is_enough")]

    operations = [
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=Q(state__in=["started", "needs_action"])
                | Q(state="failed", reason_code="provider_down"),
                fields=["created_at"],
                name="payment_unanswered",
            ),
        ),
    ]
