"""What waits for a second person becomes a request for approval."""

from django.conf import settings
from django.db import migrations

REQUESTS = """
WITH known (kind, object_id, name, permission, page, reason, asked_by_id, asked_at, deadline) AS (
    SELECT 'promotions.campaignpolicy', id, 'policy ' || version, 'promotions.approve_campaign',
        'admin:promotions_campaignpolicy_change', reason, created_by_id, created_at,
        NULL::timestamptz
    FROM promotions_campaignpolicy
    WHERE NOT is_active AND approved_by_id IS NULL AND created_by_id IS NOT NULL
    UNION ALL
    SELECT 'promotions.programmeterms', id, market_code || ' ' || valid_from::date,
        'promotions.approve_campaign', 'admin:promotions_programmeterms_change', '', asked_by_id,
        now(), valid_from
    FROM promotions_programmeterms WHERE is_waiting
    UNION ALL
    SELECT 'promotions.pointsadjustment', id, account_id || ' ' || points,
        'promotions.change_pointsadjustment', 'admin:promotions_pointsadjustment_change', reason,
        asked_by_id, at, NULL
    FROM promotions_pointsadjustment WHERE state = 'waiting'
    UNION ALL
    SELECT 'promotions.campaign', c.id, c.name, 'promotions.approve_campaign',
        'admin:campaign_plan', COALESCE(e.reason, ''), e.by_id, COALESCE(e.at, c.changed_at),
        CASE WHEN c.starts_at > now() THEN c.starts_at ELSE c.ends_at END
    FROM promotions_campaign c
    LEFT JOIN LATERAL (
        SELECT reason, by_id, at FROM promotions_campaignevent
        WHERE campaign_id = c.id AND step IN ('schedule', 'propose')
            AND revision = COALESCE(c.pending_revision, c.revision)
        ORDER BY id DESC LIMIT 1
    ) e ON true
    WHERE c.status = 'scheduled' OR c.pending_revision IS NOT NULL
), asked AS (
    INSERT INTO shop_approvalrequest (kind, object_id, name, permission, page, state, reason,
        asked_by_id, asked_at, deadline)
    SELECT kind, object_id, name, permission, page, 'waiting', reason, asked_by_id, asked_at,
        deadline
    FROM known
    RETURNING id, kind, object_id, reason, asked_by_id, asked_at
)
INSERT INTO shop_approvalevent (request_id, act, by_id, at, reason)
SELECT id, 'asked', asked_by_id, asked_at, reason FROM asked
UNION ALL
SELECT a.id, 'wrote', r.by_id, a.asked_at, ''
FROM asked a
JOIN promotions_campaign c ON a.kind = 'promotions.campaign' AND c.id = a.object_id
JOIN promotions_campaignrevision r
    ON r.campaign_id = c.id AND r.number = COALESCE(c.pending_revision, c.revision)
WHERE r.by_id IS DISTINCT FROM a.asked_by_id AND r.by_id IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0031_goods_are_taken_out_by_a_worker"),
        ("shop", "0012_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunSQL(REQUESTS, migrations.RunSQL.noop)]
