"""Drafts that would move everybody's prices become requests for approval."""

from django.conf import settings
from django.db import migrations

REQUESTS = """
WITH asked AS (
    INSERT INTO shop_approvalrequest (kind, object_id, name, permission, page, state, reason,
        asked_by_id, asked_at)
    SELECT 'profiles.experiment', id, name, 'profiles.change_experiment', 'admin:experiment',
        'waiting', hypothesis, created_by_id, created_at
    FROM profiles_experiment WHERE state = 'draft' AND unit = 'cluster'
    RETURNING id, reason, asked_by_id, asked_at
)
INSERT INTO shop_approvalevent (request_id, act, by_id, at, reason)
SELECT id, 'asked', asked_by_id, asked_at, reason FROM asked
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0005_where_shoppers_order"),
        ("shop", "0012_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunSQL(REQUESTS, migrations.RunSQL.noop)]
