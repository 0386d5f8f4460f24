"""Segments of staff: saved with every version of their rule, retired, and counted day by day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, F, Func, Value

from profiles.segments.core.rules import (
    LEAST,
    MOST,
    Row,
    Rule,
    RuleRefused,
    check_name,
    check_rule,
    read_rule,
    write_rule,
)
from profiles.segments.models import Segment, SegmentRevision, SegmentSize, ShopperProfile
from profiles.segments.selectors.made import match_rule, read_vocabulary, select_shoppers
from profiles.segments.selectors.online import AGREES_TO_PROFILE, compute_feature_rows
from profiles.segments.selectors.segments import forget_segments
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import MADE_SEGMENT
from shop.ground.catalog.core.slugs import make_slug
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.translation import gettext_noop, translate

LOOK_BACK_WEEKS = 8
MOST_LOOKED_AT = 300  # shoppers whose past is reckoned for the sizes of the weeks before
LONGEST_CODE = 40
LONGEST_SLUG = 28


@transaction.atomic
def save_segment(
    *,
    name: str,
    name_zh: str,
    rule: Rule,
    by_id: int | None,
    reason: str,
    now: datetime,
    code: str = "",
    revision: int = 0,
) -> str:
    """Save a staff-made segment as a new version of its rule; return its code.

    Without `code` it is a new one. Prices of shoppers never read it; offers, campaigns and
    experiments may, within 5 s. Raises RuleRefused (no_name, protected_name, no_condition,
    too_long, may_not_ask, no_value, changed_meanwhile, not_made).
    """
    if not name.strip():
        raise RuleRefused("Give the segment a name.", code="no_name")
    for one in (name, name_zh):
        check_name(one)
    check_rule(rule, read_vocabulary())
    known = _lock(code, revision) if code else _create(name, now)
    known.name, known.name_zh = name.strip(), name_zh.strip() or name.strip()
    known.rule, known.is_active = write_rule(rule), True
    _keep(known, by_id=by_id, reason=reason, now=now)
    _carry(known, rule)
    return known.code


@transaction.atomic
def retire_segment(
    *, code: str, is_active: bool, by_id: int | None, reason: str, now: datetime
) -> None:
    """Take a staff-made segment out of use, or back into it. Raises RuleRefused (not_made)."""
    known = Segment.objects.select_for_update().filter(code=code, rule__isnull=False).first()
    if known is None:
        raise RuleRefused("There is no such segment of staff.", code="not_made")
    known.is_active = is_active
    _keep(known, by_id=by_id, reason=reason, now=now)
    _carry(known, read_rule(known.rule or ()) if is_active else ())


def _lock(code: str, revision: int) -> Segment:
    known = Segment.objects.select_for_update().filter(code=code, rule__isnull=False).first()
    if known is None:
        raise RuleRefused("There is no such segment of staff.", code="not_made")
    if known.revision != revision:
        raise RuleRefused("Somebody changed it meanwhile.", code="changed_meanwhile")
    return known


def _create(name: str, now: datetime) -> Segment:
    slug = make_slug([name])[:LONGEST_SLUG].strip("-") or fingerprint(name)[:8]
    code, number = f"{MADE_SEGMENT}{slug}", 1
    while Segment.objects.filter(code=code).exists():
        number += 1
        code = f"{MADE_SEGMENT}{slug}-{number}"
    return Segment.objects.create(code=code[:LONGEST_CODE], created_at=now, rule=[])


def _keep(known: Segment, *, by_id: int | None, reason: str, now: datetime) -> None:
    known.revision += 1
    known.save()
    SegmentRevision.objects.create(
        segment=known,
        number=known.revision,
        rule=known.rule,
        is_active=known.is_active,
        reason=reason,
        by_id=by_id,
        at=now,
    )
    transaction.on_commit(forget_segments)


def _carry(known: Segment, rule: Rule) -> None:
    """Write the segment into the stored tags of who fits; its sizes begin anew.

    At once where profiles are few, else with their next refresh. Carts and offers judge the rule
    themselves.
    """
    selected = select_shoppers(rule, is_brief=True)
    known.shopper_count = selected.shopper_count
    known.save(update_fields=["shopper_count"])
    SegmentSize.objects.filter(segment=known).delete()
    if selected.is_estimate:
        return
    code = Value(known.code, output_field=CharField())
    tags = ShopperProfile._meta.get_field("tags")
    carried = ShopperProfile.objects.filter(tags__contains=[known.code])
    carried.update(tags=Func(F("tags"), code, function="array_remove", output_field=tags))
    members = ShopperProfile.objects.filter(match_rule(rule))
    members.update(tags=Func(F("tags"), code, function="array_append", output_field=tags))


def count_segments(*, now: datetime) -> int:
    """Keep today's size of each segment in use, and of new rules the sizes of the weeks before.

    Return how many segments were counted. Idempotent: a day has one size.
    """
    day = now.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date()
    segments = list(Segment.objects.filter(is_active=True))
    for one in segments:
        if one.rule is not None:
            count = select_shoppers(read_rule(one.rule), is_brief=True).shopper_count
            Segment.objects.filter(pk=one.pk).update(shopper_count=count)
            one.shopper_count = count
        SegmentSize.objects.update_or_create(
            segment=one,
            day=day,
            defaults={"shopper_count": one.shopper_count, "is_estimated": False},
        )
    _look_back([one for one in segments if one.rule is not None], day)
    return len(segments)


def _look_back(segments: list[Segment], day: date) -> None:
    """Reckon the sizes of the weeks before of segments that have none, from a share of shoppers."""
    days = [day - timedelta(weeks=back) for back in range(1, LOOK_BACK_WEEKS + 1)]
    older = SegmentSize.objects.filter(day__lt=day).values_list("segment_id", flat=True)
    new = [one for one in segments if one.pk not in set(older)]
    if not new:
        return
    agreed = Shopper.objects.filter(
        AGREES_TO_PROFILE, erased_at__isnull=True, merged_into__isnull=True
    )
    born = dict(agreed.order_by("pk").values_list("pk", "created_at"))
    looked_at = list(born)[:: max(1, -(-len(born) // MOST_LOOKED_AT))]
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    for one in days:
        until = datetime.combine(one, time.max, zone)
        known = [pk for pk in looked_at if born[pk] <= until]
        rows = list(compute_feature_rows(known, until)) if known else []
        scale = len(born) / max(1, len(looked_at))
        SegmentSize.objects.bulk_create(
            SegmentSize(
                segment=segment,
                day=one,
                shopper_count=round(scale * sum(segment.code in row.tags for row in rows)),
                is_estimated=True,
            )
            for segment in new
        )


_SEGMENTS: tuple[tuple[str, Rule], ...] = (
    (
        gettext_noop("Frequent deal hunters"),
        ((Row("discount_share", LEAST, 0.5), Row("orders", LEAST, 8.0)),),
    ),
    (
        gettext_noop("Good customers who stayed away"),
        ((Row("days_since_order", LEAST, 28.0), Row("tenure_days", LEAST, 60.0)),),
    ),
    (
        gettext_noop("Big weekend baskets"),
        (
            (Row("weekend_share", LEAST, 0.4), Row("basket_lines", LEAST, 10.0)),
            (Row("tag:weekend", LEAST, 1.0), Row("basket_value", LEAST, 4_000.0)),
        ),
    ),
    (
        gettext_noop("Try new products, few returns"),
        ((Row("tag:explorer", LEAST, 1.0), Row("return_share", MOST, 0.02)),),
    ),
)


def seed_demo_segments(*, now: datetime) -> int:
    """Create the segments of a demo's staff that are missing; return how many."""
    known = set(Segment.objects.values_list("name", flat=True))
    new = [(name, rule) for name, rule in _SEGMENTS if name not in known]
    for name, rule in new:
        save_segment(
            name=name,
            name_zh=translate(name, "zh-hans"),
            rule=rule,
            by_id=None,
            reason="An example of the demo",
            now=now,
        )
    return len(new)
