"""Segments, tags and chances of shoppers, by the fitted model in memory."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from profiles.features.core.derive import VALUE_NAMES
from profiles.fitted import CHECK_SECONDS, Fitted
from profiles.segments.core.predictions import LIKELY, QUESTIONS
from profiles.segments.core.rules import FRESH_WORDS, TAG_NAMES, Rule, fits, read_rule, tag_shopper
from profiles.segments.core.segmentation import SegmentModel, model_from_arrays
from profiles.segments.models import Segment, SegmentVersion, ShopperProfile
from profiles.values import FeatureRow, SegmentValue
from shop.ground.catalog.core.values import CategoryTree
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.translation import is_chinese, translate

_segments = Fitted(SegmentVersion, model_from_arrays)
_fresh: list[tuple[CategoryTree, frozenset[int]]] = []
_departments: list[tuple[CategoryTree, Mapping[int, frozenset[int]]]] = []
_made: list[tuple[float, tuple[MadeRule, ...]]] = []


def get_segment_model() -> SegmentModel | None:
    """Return the active segments, None before the first fit. One query every 5 s per process."""
    return _segments.get()


def forget_segments() -> None:
    """Drop what is in memory: the next read sees what was just activated."""
    _segments.forget()
    _fresh.clear()
    _made.clear()


def fresh_categories() -> frozenset[int]:
    """Return ids of categories in fresh-food departments. No query once cached."""
    tree = list_categories("en")
    if not _fresh or _fresh[0][0] is not tree:
        _fresh[:] = [(tree, _find_fresh(tree))]
    return _fresh[0][1]


@dataclass(frozen=True, slots=True)
class MadeRule:
    """A staff-made segment in use: its code, names and rule."""

    code: str
    name: str
    name_zh: str
    rule: Rule


def list_made_rules() -> tuple[MadeRule, ...]:
    """Return the rules of staff-made segments in use. One query every 5 s per process."""
    now = time.monotonic()
    if not _made or now - _made[0][0] >= CHECK_SECONDS:
        rows = Segment.objects.filter(is_active=True, rule__isnull=False).order_by("code")
        known = rows.values_list("code", "name", "name_zh", "rule")
        rules = tuple(
            MadeRule(code, name, name_zh, read_rule(rule or ()))
            for code, name, name_zh, rule in known
        )
        _made[:] = [(now, rules)]
    return _made[0][1]


def open_departments() -> Mapping[int, frozenset[int]]:
    """Return the categories of each department that rules may ask for. No query once cached.

    A department that is sensitive, for children or age-restricted, whole or in a part, is left out.
    """
    tree = list_categories("en")
    if not _departments or _departments[0][0] is not tree:
        _departments[:] = [(tree, _find_open(tree))]
    return _departments[0][1]


def _find_open(tree: CategoryTree) -> Mapping[int, frozenset[int]]:
    found: dict[int, set[int]] = {key: set() for key in tree.roots}
    closed = set()
    for key, node in tree.nodes.items():
        found.setdefault(node.department_id, set()).add(key)
        if node.is_sensitive or node.is_child_directed or node.is_restricted:
            closed.add(node.department_id)
    return {key: frozenset(ids) for key, ids in found.items() if key not in closed}


def _find_fresh(tree: CategoryTree) -> frozenset[int]:
    departments = {key for key in tree.roots if FRESH_WORDS & set(tree.nodes[key].slug.split("-"))}
    return frozenset(key for key, node in tree.nodes.items() if node.department_id in departments)


def describe_row(row: FeatureRow) -> FeatureRow:
    """Return the row with its segment and tags, codes of staff-made segments last.

    No query once the models are in memory.
    """
    model = get_segment_model()
    found = row
    if model is not None:
        found = replace(
            row,
            segment=model.assign_one(row.values),
            tags=tag_shopper(row, model.thresholds, fresh_categories(), model.chances),
        )
    made = tuple(one.code for one in list_made_rules() if fits(one.rule, found, open_departments()))
    return replace(found, tags=(*found.tags, *made)) if made else found


@dataclass(frozen=True, slots=True)
class PredictionLine:
    """How likely something is of a shopper: its words, the chance, and what speaks most for it."""

    name: str
    meaning: str
    chance: float
    is_likely: bool
    reasons: tuple[str, ...]


def describe_chances(values: Mapping[str, float], language: str) -> tuple[PredictionLine, ...]:
    """Return the chances of a shopper with these features, in words; none where nothing is asked.

    Only questions that proved themselves on weeks held out are there.
    """
    model = get_segment_model()
    if model is None or not values.keys() >= set(VALUE_NAMES):
        return ()
    asked = {question.code: question for question in QUESTIONS}
    lines = []
    for one in model.chances:
        chance = one.predict_one(values)
        if chance is not None and one.code in asked:
            lines.append(
                PredictionLine(
                    name=translate(TAG_NAMES[one.code], language),
                    meaning=translate(asked[one.code].meaning, language),
                    chance=chance,
                    is_likely=chance > LIKELY,
                    reasons=tuple(translate(reason, language) for reason in one.explain(values)),
                )
            )
    return tuple(lines)


def list_segments() -> list[SegmentValue]:
    """Return all segments by code, retired ones too. One query."""
    return [
        SegmentValue(
            code=segment.code,
            name=segment.name,
            name_zh=segment.name_zh,
            description=segment.description,
            description_zh=segment.description_zh,
            shopper_count=segment.shopper_count,
            is_active=segment.is_active,
            is_made=segment.rule is not None,
        )
        for segment in Segment.objects.order_by("code")
    ]


def map_segments(shopper_ids: Sequence[int]) -> dict[int, str]:
    """Return the code of the segment of each shopper who has one, as last refreshed. One query."""
    profiles = ShopperProfile.objects.filter(pk__in=shopper_ids, segment__isnull=False)
    return dict(profiles.values_list("pk", "segment__code"))


def map_tags(shopper_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of each shopper who has any, as last refreshed. One query."""
    profiles = ShopperProfile.objects.filter(pk__in=shopper_ids).exclude(tags=[])
    return {pk: tuple(tags) for pk, tags in profiles.values_list("pk", "tags")}


def name_tags(codes: tuple[str, ...], language: str) -> list[str]:
    """Return readable names of tags, staff-made segments among them, in "en" or a "zh" language.

    No query once the rules are in memory; a retired segment has no name.
    """
    made = {one.code: one for one in list_made_rules()}
    names = (
        translate(TAG_NAMES[code], language)
        if code in TAG_NAMES
        else (is_chinese(language) and made[code].name_zh) or made[code].name
        for code in codes
        if code in TAG_NAMES or code in made
    )
    return list(names)
