"""Fixtures of the room of shoppers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from profiles.features import selectors as known_variants
from profiles.recommend import selectors as recommendations
from profiles.recommend import selectors as recommender
from profiles.recommend import services as fitting
from profiles.segments.selectors import segments
from shop.ground.catalog.core.values import SensitiveIds
from tests.factories.profiles import make_tree, make_variants


@pytest.fixture
def small_catalog(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Six variants in three departments, in memory: what the room asks of the catalogue."""
    variants, tree = make_variants(), make_tree()
    nothing = SensitiveIds(np.zeros(0, np.int64), np.zeros(0, np.int64))
    monkeypatch.setattr(known_variants, "load_variant_arrays", lambda: variants)
    monkeypatch.setattr(known_variants, "load_sensitive_ids", lambda: nothing)
    monkeypatch.setattr(recommendations, "load_variant_arrays", lambda _market: variants)
    monkeypatch.setattr(recommendations, "list_sold_out", lambda: np.zeros(0, np.int64))
    monkeypatch.setattr(fitting, "load_variant_arrays", lambda: variants)
    monkeypatch.setattr(segments, "list_categories", lambda _language: tree)
    segments.forget_segments()
    recommender.forget_recommender()
    yield
    segments.forget_segments()
    recommender.forget_recommender()
