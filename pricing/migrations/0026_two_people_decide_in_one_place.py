"""What waits for a second person becomes a request for approval."""

from django.conf import settings
from django.db import migrations

REQUESTS = """
WITH known (kind, object_id, name, permission, state, reason, asked_by_id, asked_at,
            decided_by_id) AS (
    SELECT 'pricing.pricingpolicy', id, 'policy ' || version, 'pricing.approve_pricingpolicy',
        'waiting', reason, created_by_id, created_at, NULL::bigint
    FROM pricing_pricingpolicy
    WHERE NOT is_active AND approved_by_id IS NULL AND created_by_id IS NOT NULL
    UNION ALL
    SELECT 'pricing.demandmodelversion', id, kind || ' ' || id,
        'pricing.approve_demandmodelversion',
        CASE WHEN activated_by_id IS NOT NULL THEN 'approved'
             WHEN status IN ('candidate', 'retired') THEN 'waiting' ELSE 'withdrawn' END,
        asked_reason, asked_by_id, asked_at, activated_by_id
    FROM pricing_demandmodelversion WHERE asked_at IS NOT NULL
    UNION ALL
    SELECT 'pricing.modelaudit', id, model_id || ' ' || to_char(at, 'YYYY-MM-DD HH24:MI'),
        'pricing.approve_demandmodelversion', 'waiting', waiver_reason, waiver_asked_by_id,
        waiver_asked_at, NULL
    FROM pricing_modelaudit WHERE waiver_asked_at IS NOT NULL AND waived_at IS NULL
), asked AS (
    INSERT INTO shop_approvalrequest (kind, object_id, name, permission, page, state, reason,
        asked_by_id, asked_at, decided_by_id)
    SELECT kind, object_id, name, permission,
        'admin:' || replace(kind, '.', '_') || '_change', state, reason, asked_by_id, asked_at,
        decided_by_id
    FROM known
    RETURNING id, state, reason, asked_by_id, asked_at, decided_by_id
)
INSERT INTO shop_approvalevent (request_id, act, by_id, at, reason)
SELECT id, 'asked', asked_by_id, asked_at, reason FROM asked
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0025_switches_take_chance_back"),
        ("shop", "0012_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(REQUESTS, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="demandmodelversion", name="demand_second_person"),
        migrations.RemoveField(model_name="demandmodelversion", name="asked_at"),
        migrations.RemoveField(model_name="demandmodelversion", name="asked_by"),
        migrations.RemoveField(model_name="demandmodelversion", name="asked_reason"),
    ]
