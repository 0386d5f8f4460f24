"""The public price is the best single one; personal prices are chosen below it afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.base.core.values import Policy
from pricing.optimum.core.joint import mix_segments, one_segment
from shop.lab.shop_path_book import Morning, Shelf, draft_book
from tests.factories.pricing_drafts import make_served

COUNT = 12


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Shelf, Morning, dict[str, Any]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    listed = rng.integers(150, 3_000, COUNT)
    base = (listed * rng.uniform(0.8, 1.0, COUNT)).astype(np.int64)
    none = np.zeros(COUNT, dtype=np.int64)
    ids = np.arange(1, COUNT + 1)
    cost = (listed * rng.uniform(0.3, 0.9, COUNT)).astype(np.int64)
    shelf = Shelf(ids, 1 + ids % 3, np.ones_like(ids), listed, cost, base, none, none)
    policy = Policy(
        ceiling_over_list=draw(st.sampled_from([0.0, 0.1])),
        won_purchase_share=draw(st.sampled_from([0.0, 0.1])),
        substitution_share=draw(st.sampled_from([0.0, 0.3])),
        objective=draw(st.sampled_from(["profit", "revenue"])),
    )
    groups = rng.integers(1, 5)
    mix = mix_segments(rng.uniform(0.1, 1.0, groups), rng.uniform(0.0, 3.0, (groups, COUNT)))
    morning = Morning(
        policy=policy,
        served=make_served(rng, ids),
        is_stale=False,
        segments=mix,
        competitor_minor=None,
        stock=None,
        second=1_000_000,
        seed="market",
        week=draw(st.sampled_from([None, date(2026, 11, 23)])),
        ends_shocks=False,
    )
    return shelf, morning, {"segments": one_segment(COUNT)}


@settings(deadline=None, max_examples=60)
@given(scenes())
def test_public_prices_are_the_same_without_personal_prices(
    scene: tuple[Shelf, Morning, dict[str, Any]],
) -> None:
    shelf, morning, nobody = scene
    on, _ = draft_book(shelf, morning)
    without_cap = replace(morning, policy=replace(morning.policy, personal_cap=0.0))
    off, _ = draft_book(shelf, without_cap)
    alone, _ = draft_book(shelf, replace(morning, **nobody))
    assert on.public_minor.tolist() == off.public_minor.tolist() == alone.public_minor.tolist()
