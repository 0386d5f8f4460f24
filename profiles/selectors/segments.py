"""The fitted models of the room, in memory, at most a few seconds old."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from profiles.core.segmentation import SegmentModel, model_from_arrays
from profiles.core.similarity import SimilarityModel, similarity_from_arrays
from profiles.core.tags import FRESH_WORDS, TAG_NAMES, tag_shopper
from profiles.core.values import FeatureRow, SegmentValue
from profiles.models import Segment, SegmentVersion, ShopperProfile, SimilarityVersion
from shop.catalog.core.values import CategoryTree
from shop.catalog.selectors import list_categories
from shop.kernel.arrays import unpack_arrays

CHECK_SECONDS = 5.0


@dataclass(slots=True)
class _Kept[Model]:
    """A model in memory: which version it is and when that was last checked."""

    version: int | None
    model: Model | None
    checked: float


_segments: list[_Kept[SegmentModel]] = []
_similarity: list[_Kept[SimilarityModel]] = []
_fresh: list[tuple[CategoryTree, frozenset[int]]] = []


def get_segment_model() -> SegmentModel | None:
    """Return the active segments, None before the first fit. One query every 5 s per process."""
    return _refresh(_segments, SegmentVersion, model_from_arrays)


def get_similarity_model() -> SimilarityModel | None:
    """Return the active similarities, None before the first fit. One query every 5 s."""
    return _refresh(_similarity, SimilarityVersion, similarity_from_arrays)


def forget_models() -> None:
    """Drop what is in memory: the next read sees what was just activated."""
    _segments.clear()
    _similarity.clear()
    _fresh.clear()


def _refresh[Model](
    kept: list[_Kept[Model]],
    table: type[SegmentVersion | SimilarityVersion],
    read: Callable[[Mapping[str, NDArray[Any]]], Model],
) -> Model | None:
    """Return the active model of `table`, read again only when another version is active."""
    now = time.monotonic()
    if kept and now - kept[0].checked < CHECK_SECONDS:
        return kept[0].model
    active = table.objects.filter(is_active=True)
    version = active.values_list("pk", flat=True).first()
    if not kept or kept[0].version != version:
        row = active.first()
        model = None if row is None else read(unpack_arrays(row.arrays))
        kept[:] = [_Kept(version=None if row is None else row.pk, model=model, checked=now)]
    kept[0].checked = now
    return kept[0].model


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
        tags=tag_shopper(row, model.thresholds, fresh_categories()),
    )


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
    position = 1 if language.startswith("zh") else 0
    return [TAG_NAMES[code][position] for code in codes if code in TAG_NAMES]
