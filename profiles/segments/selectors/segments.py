"""Segments, tags and chances of shoppers, by the fitted model in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from profiles.features.core import VALUE_NAMES
from profiles.fitted import Fitted
from profiles.segments.core.prediction_questions import QUESTIONS
from profiles.segments.core.predictions import LIKELY
from profiles.segments.core.segmentation import SegmentModel, model_from_arrays
from profiles.segments.core.tags import FRESH_WORDS, TAG_NAMES, tag_shopper
from profiles.segments.models import Segment, SegmentVersion, ShopperProfile
from profiles.values import FeatureRow, SegmentValue
from shop.ground.catalog.core.values import CategoryTree
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.translation import translate

_segments = Fitted(SegmentVersion, model_from_arrays)
_fresh: list[tuple[CategoryTree, frozenset[int]]] = []


def get_segment_model() -> SegmentModel | None:
    """Return the active segments, None before the first fit. One query every 5 s per process."""
    return _segments.get()


def forget_segments() -> None:
    """Drop what is in memory: the next read sees what was just activated."""
    _segments.forget()
    _fresh.clear()


def fresh_categories() -> frozenset[int]:
    """Return ids of categories in fresh-food departments. No query once cached."""
    tree = list_categories("en")
    if not _fresh or _fresh[0][0] is not tree:
        _fresh[:] = [(tree, _find_fresh(tree))]
    return _fresh[0][1]


def _find_fresh(tree: CategoryTree) -> frozenset[int]:
    departments = {key for key in tree.roots if FRESH_WORDS & set(tree.nodes[key].slug.split("-"))}
    return frozenset(key for key, node in tree.nodes.items() if node.department_id in departments)


def describe_row(row: FeatureRow) -> FeatureRow:
    """Return the row with its segment and tags. No query once the models are in memory."""
    model = get_segment_model()
    if model is None:
        return row
    return FeatureRow(
        shopper=row.shopper,
        as_of=row.as_of,
        values=row.values,
        category_affinity=row.category_affinity,
        brand_affinity=row.brand_affinity,
        variant_affinity=row.variant_affinity,
        segment=model.assign_one(row.values),
        tags=tag_shopper(row, model.thresholds, fresh_categories(), model.chances),
    )


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
    """Return readable names of tags in "en" or a "zh" language. No query."""
    return [translate(TAG_NAMES[code], language) for code in codes if code in TAG_NAMES]
