"""What a rule of a segment selects among stored profiles: how many, who else they are, a sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Count, F, FloatField, Func, IntegerField, Q, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Mod
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from profiles.features.core.derive import VALUE_NAMES
from profiles.segments.core.rules import (
    DEPARTMENT,
    FIELDS,
    LEAST,
    SEGMENT,
    TAG,
    TAG_NAMES,
    Row,
    Rule,
    Vocabulary,
    read_rule,
)
from profiles.segments.models import Segment, SegmentRevision, SegmentSize, ShopperProfile
from profiles.segments.selectors.segments import open_departments
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.translation import is_chinese, translate

MOST_READ = 100_000  # of more profiles an even share of that many is read
LEAST_SHOWN = 5  # of fewer shoppers nothing but their number is shown
SAMPLE = 8
MOST_MEMBERS = 5_000


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A member of a segment, by pseudonym."""

    shopper_id: int
    pseudonym: str
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many members of a segment are in another one, or carry a tag."""

    code: str
    shopper_count: int


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a rule selects: about how many of how many, who else they are, some of them.

    `member_ids` are at most 5,000, for figures about them; empty, as `overlaps` and `sample`,
    where fewer than five are selected.
    """

    shopper_count: int
    total: int
    is_estimate: bool
    overlaps: tuple[Overlap, ...] = ()
    sample: tuple[SampleLine, ...] = ()
    member_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """A version of a segment's rule."""

    number: int
    rule: Rule
    is_active: bool
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """A segment as its page shows it; `rule` is None for one that the fit found."""

    code: str
    name: str
    name_zh: str
    description: str
    description_zh: str
    rule: Rule | None
    revision: int
    is_active: bool
    shopper_count: int
    created_at: datetime
    revisions: tuple[RevisionLine, ...]
    sizes: tuple[tuple[date, int, bool], ...]


def read_vocabulary() -> Vocabulary:
    """Return what rules may name beside features. One query."""
    found = Segment.objects.filter(rule__isnull=True).values_list("code", flat=True)
    return Vocabulary(
        tags=frozenset(TAG_NAMES), segments=frozenset(found), departments=open_departments()
    )


def name_features(language: str) -> dict[str, dict[str, str]]:
    """Return the names of all that rules may ask for, by kind and then feature. One query."""
    in_chinese = is_chinese(language)
    tree = list_categories("zh-hans" if in_chinese else "en")
    segments = Segment.objects.filter(rule__isnull=True).values_list("code", "name", "name_zh")
    return {
        "": {name: translate(label, language) for name, (label, _) in FIELDS.items()},
        TAG: {f"{TAG}:{code}": translate(name, language) for code, name in TAG_NAMES.items()},
        SEGMENT: {
            f"{SEGMENT}:{code}": (in_chinese and name_zh) or name
            for code, name, name_zh in segments
        },
        DEPARTMENT: {
            f"{DEPARTMENT}:{key}": tree.nodes[key].name
            for key in open_departments()
            if key in tree.nodes
        },
    }


def select_shoppers(rule: Rule, *, is_brief: bool = False) -> Selection:
    """Return whom a rule selects among profiles as last refreshed. Five queries; two if brief."""
    total = ShopperProfile.objects.count()
    every = max(1, -(-total // MOST_READ))
    members = ShopperProfile.objects.filter(match_rule(rule))
    if every > 1:
        members = _thin(members, every)
    count = members.count()
    if is_brief or count < LEAST_SHOWN:
        return Selection(count * every, total, is_estimate=every > 1)
    return Selection(
        count * every,
        total,
        is_estimate=every > 1,
        overlaps=_list_overlaps(members, every),
        sample=_draw_sample(members),
        member_ids=tuple(members.order_by("pk").values_list("pk", flat=True)[:MOST_MEMBERS]),
    )


def count_tags() -> dict[str, int]:
    """Return how many shoppers carry each tag, estimated from a part of many. Two queries."""
    total = ShopperProfile.objects.count()
    every = max(1, -(-total // MOST_READ))
    members = ShopperProfile.objects.all()
    if every > 1:
        members = _thin(members, every)
    tags = members.annotate(tag=Func(F("tags"), function="unnest")).values_list("tag")
    return {str(code): n * every for code, n in tags.annotate(n=Count("pk"))}


def _thin(members: QuerySet[ShopperProfile], every: int) -> QuerySet[ShopperProfile]:
    """Return one in `every` of the shoppers, the same ones each time."""
    return members.alias(at=Mod(F("shopper_id"), Value(every), output_field=IntegerField())).filter(
        at=0
    )


def select_found(code: str) -> Rule:
    """Return the rule that selects the members of a found segment."""
    return ((Row(f"{SEGMENT}:{code}", LEAST, 1.0),),)


def match_rule(rule: Rule) -> Q:
    """Return the condition on stored profiles that a rule asks; nobody fits an empty one."""
    groups = [reduce(and_, map(_match, group)) for group in rule if group]
    return reduce(or_, groups) if groups else Q(pk__in=[])


def _match(row: Row) -> Q:
    if row.is_yes_or_no:
        asked = Q(tags__contains=[row.key]) if row.kind == TAG else Q(segment__code=row.key)
        return asked if row.comparison == LEAST else ~asked
    if row.kind == DEPARTMENT:
        value: Any = KT(f"interests__{int(row.key)}")
    elif row.feature in VALUE_NAMES:
        value = KT(f"features__{row.feature}")
    else:
        return Q(pk__in=[])
    number = Coalesce(Cast(value, FloatField()), Value(0.0))
    compare = GreaterThanOrEqual if row.comparison == LEAST else LessThanOrEqual
    return Q(compare(number, row.value))


def _list_overlaps(members: QuerySet[ShopperProfile], every: int) -> tuple[Overlap, ...]:
    found = members.filter(segment__isnull=False).values_list("segment__code")
    tags = members.annotate(tag=Func(F("tags"), function="unnest")).values_list("tag")
    counted = [*found.annotate(n=Count("pk")), *tags.annotate(n=Count("pk"))]
    lines = (Overlap(str(code), n * every) for code, n in counted)
    return tuple(sorted(lines, key=lambda one: (-one.shopper_count, one.code)))


def _draw_sample(members: QuerySet[ShopperProfile]) -> tuple[SampleLine, ...]:
    rows = members.select_related("shopper").order_by("shopper__pseudonym")[:SAMPLE]
    return tuple(
        SampleLine(row.shopper_id, str(row.shopper.pseudonym), row.features) for row in rows
    )


def find_segment(code: str) -> SegmentPage | None:
    """Return a segment with its versions and sizes; None without it. Three queries."""
    row = Segment.objects.filter(code=code).first()
    if row is None:
        return None
    revisions = SegmentRevision.objects.filter(segment=row).select_related("by")
    sizes = SegmentSize.objects.filter(segment=row).order_by("day")
    return SegmentPage(
        code=row.code,
        name=row.name,
        name_zh=row.name_zh,
        description=row.description,
        description_zh=row.description_zh,
        rule=None if row.rule is None else read_rule(row.rule),
        revision=row.revision,
        is_active=row.is_active,
        shopper_count=row.shopper_count,
        created_at=row.created_at,
        revisions=tuple(
            RevisionLine(
                one.number,
                read_rule(one.rule),
                one.is_active,
                one.reason,
                one.by.email if one.by else "",
                one.at,
            )
            for one in revisions
        ),
        sizes=tuple(sizes.values_list("day", "shopper_count", "is_estimated")),
    )
