"""Whom a campaign could reach among a million shoppers: how fast it is counted, and how exactly.

Works on rows of its own in a transaction that is rolled back.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction

from promotions.models import Offer
from shop.doors.backoffice.campaigns.audiences import count_audience
from tests.benchmarks.measure import Figures, cpu_seconds, time_calls
from tests.factories.promotions import NOON, make_campaign

SHOPPERS, CALLS = 1_000_000, 5
TARGETS: dict[str, tuple[str, float]] = {
    "audience_seconds": ("<=", 2.0),
    "audience_error": ("<=", 0.02),
}
# Half agree that their behaviour is used; one in ten has the tag; four in ten ordered lately, for
# 1.00 to 100.00.
_PLANT = (
    """
    INSERT INTO profiles_shopper (pseudonym, market_code, is_minor, created_at, last_seen_at,
        consent_price, consent_recommendations, consent_marketing, consent_analytics,
        opt_out_reason)
    SELECT gen_random_uuid(), 'us', false, %(now)s, %(now)s, true, n %% 2 = 0, false, true, ''
    FROM generate_series(1, %(count)s) AS n
    """,
    """
    INSERT INTO profiles_shopperprofile (shopper_id, features, tags, refreshed_at)
    SELECT id, '{}', CASE WHEN id %% 10 < 1 THEN ARRAY['bench'] ELSE ARRAY[]::text[] END, %(now)s
    FROM profiles_shopper ORDER BY id DESC LIMIT %(count)s
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO orders_order (number, channel, market_code, jurisdiction_code, language, email,
        phone, name, address_line1, address_line2, city, region, postcode, country,
        delivery_method, currency, subtotal_minor, discount_minor, delivery_minor, tax_minor,
        tax_added_minor, total_minor, refunded_minor, coupon_codes, status, placed_at, shopper_id)
    SELECT 'BENCH-' || id, 'online', 'us', '', 'en', '', '', '', '', '', '', '', '', '', '', 'USD',
        spent, 0, 0, 0, 0, spent, 0, '[]', 'paid', %(now)s - interval '1 day' * (id %% 200), id
    FROM (
        SELECT id, 100 + (id * 7919) %% 9901 AS spent FROM profiles_shopper
        ORDER BY id DESC LIMIT %(count)s
    ) buyers
    WHERE id %% 5 < 2
    """,
    "ANALYZE profiles_shopper, profiles_shopperprofile, orders_order",
)
_MINE = """
SELECT count(*) FROM profiles_shopper s
LEFT JOIN profiles_shopperprofile p ON p.shopper_id = s.id
WHERE s.market_code = 'us' AND s.merged_into_id IS NULL AND s.erased_at IS NULL
    AND s.consent_recommendations AND {asked}
"""
_TAGGED = "'bench' = ANY(p.tags)"
_SPENT = """
(SELECT coalesce(sum(total_minor - refunded_minor), 0) FROM orders_order o
 WHERE o.shopper_id = s.id AND o.status NOT IN ('cancelled', 'expired') AND o.currency = 'USD'
    AND o.placed_at <= %(now)s AND o.placed_at > %(now)s - interval '90 days') >= 5000
"""
# A plain question, and one that reads every order: about one shopper in two hundred.
CASES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"tags": ["bench"]}, _TAGGED),
    (
        {"all": [{"tags": ["bench"]}, {"spent": {"days": 90, "at_least": 5_000}}]},
        f"{_TAGGED} AND {_SPENT}",
    ),
)


def measure() -> Figures:
    """Return the slowest of the counts in seconds, the processor time of one (ours and that of the
    database's leading process), and the largest error as a share."""
    # The other promotion benchmarks need no shop, so there may be none yet.
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        try:
            return _measure()
        finally:
            transaction.set_rollback(True)


def _measure() -> Figures:
    with connection.cursor() as cursor:
        for statement in _PLANT:
            cursor.execute(statement, {"now": NOON, "count": SHOPPERS})
        cursor.execute("SELECT pg_backend_pid()")
        processes = [os.getpid(), int(cursor.fetchone()[0])]
    slowest, used, worst, smallest = 0.0, 0.0, 0.0, SHOPPERS
    for number, (condition, asked) in enumerate(CASES):
        campaign = make_campaign(f"bench-audience-{number}", percent="10")
        Offer.objects.filter(campaign=campaign).update(condition=condition)
        wanted: dict[str, Any] = {"campaign_id": campaign.pk, "market_code": "us", "carts": ()}

        def count(wanted: dict[str, Any] = wanted) -> int:
            return count_audience(**wanted, now=NOON).count

        before = cpu_seconds(processes)
        slowest = max(slowest, *time_calls(count, calls=CALLS, warm_up=1))
        used = max(used, (cpu_seconds(processes) - before) / (CALLS + 1))
        with connection.cursor() as cursor:
            cursor.execute(_MINE.format(asked=asked), {"now": NOON})
            true = int(cursor.fetchone()[0])
        smallest, worst = min(smallest, true), max(worst, abs(count() - true) / max(true, 1))
    return {
        "audience_shoppers": SHOPPERS,
        "audience_seconds": round(slowest, 3),
        "audience_processor_seconds": round(used, 3),
        "audience_error": round(worst, 5),
        "audience_smallest": smallest,
    }
