"""An order has at most one attempt to pay that is still open.

Of several open ones the newest stays; what became of the others is asked from their providers, as
after an outage.
"""

from django.db import migrations, models
from django.db.models import Q

CLOSE_OLDER = """
UPDATE orders_payment older SET state = 'failed', reason_code = 'provider_down'
FROM orders_payment newer
WHERE older.state IN ('started', 'needs_action') AND newer.state IN ('started', 'needs_action')
    AND newer.order_id = older.order_id
    AND (newer.created_at, newer.id) > (older.created_at, older.id)
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0014_order_facts")]

    operations = [
        migrations.RunSQL(CLOSE_OLDER, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=Q(state__in=["started", "needs_action"]),
                fields=("order",),
                name="payment_one_open",
            ),
        ),
    ]
