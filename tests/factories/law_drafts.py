"""Illegal drafts, each with the rule it breaks and a legal twin a cent or a day away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from promotions.campaigns.core.claims import Claims
from promotions.law.core.depth import LawRow
from promotions.law.core.drafts import Draft, Window, example_draft
from promotions.law.core.gifts import Together

STARTS = datetime(2026, 12, 1, tzinfo=UTC)
LAW = LawRow(
    "EU",
    groups_allowed=frozenset({"student"}),
    banned_kinds=frozenset({"infant_formula"}),
    minimum_prices=(("alcohol", 700),),
    source="the law of the test",
)
CHINA = replace(LAW, code="CN", terms_language="zh")
LATER = STARTS + timedelta(days=100)
PERSONAL: Mapping[str, Any] = {"audience": "personal"}


def goods(draft: Draft, **arrays: Any) -> Draft:
    """Return the draft with other facts about its one product."""
    known: dict[str, Any] = {}
    for name, value in arrays.items():
        known[name] = value if name in ("kinds", "is_kind") else np.array([value])
    return replace(draft, goods=replace(draft.goods, **known))


def of_kind(kind: str, draft: Draft) -> Draft:
    """Return the draft about products of a kind."""
    return goods(draft, kinds=(kind,), is_kind=np.array([[True]]))


def said(name: str = "10 % off", percent: float = 10, **fields: Any) -> Draft:
    """Return a draft with one name and an offer on everything."""
    return example_draft(percent=percent, names=(name,), **fields)


def asks(condition: Mapping[str, Any], **fields: Any) -> Draft:
    """Return a draft whose offer has a condition."""
    draft = example_draft(**fields)
    return replace(draft, offers=({**draft.offers[0], "condition": condition},))


def claims(**said_of_itself: Any) -> Draft:
    """Return a draft that claims something."""
    return example_draft(claims=Claims(**said_of_itself))


def ran(days_before: int, **fields: Any) -> Draft:
    """Return a draft whose like offer ended that many days before it begins."""
    ended = STARTS - timedelta(days=days_before)
    window = Window("last-time", ended - timedelta(days=10), ended)
    return example_draft(windows=(window,), **fields)


CLOCK = Claims(countdown=True)
# rule, an illegal draft, its legal twin, and under which law
SINGLE: tuple[tuple[str, Draft, Draft, LawRow], ...] = (
    ("was_price_too_high", claims(was_minor=1_001), claims(was_minor=1_000), LAW),
    (
        "was_price_never_paid",
        goods(claims(was_minor=1_000), list_share=0.19),
        goods(claims(was_minor=1_000), list_share=0.20),
        LAW,
    ),
    (
        "percent_not_from_reference",
        goods(example_draft(), reference_minor=999),
        goods(example_draft(), reference_minor=1_000),
        LAW,
    ),
    (
        "raised_before_cut",
        goods(example_draft(), before_raise_minor=900),
        goods(example_draft(), before_raise_minor=901),
        LAW,
    ),
    ("timer_restarts", ran(29, claims=CLOCK), ran(30, claims=CLOCK), LAW),
    ("window_without_pause", ran(29), ran(30), LAW),
    (
        "end_extended",
        example_draft(promised_ends_at=STARTS + timedelta(days=9)),
        example_draft(promised_ends_at=STARTS + timedelta(days=10)),
        LAW,
    ),
    (
        "timer_not_the_end",
        claims(countdown=True, countdown_to=STARTS + timedelta(days=2)),
        claims(countdown=True, countdown_to=STARTS + timedelta(days=10)),
        LAW,
    ),
    (
        "words_of_urgency",
        said("Last chance for cheese"),
        said("Last chance for cheese", claims=CLOCK),
        LAW,
    ),
    (
        "personal_not_allowed",
        example_draft(**PERSONAL, personal_allowed=False),
        example_draft(audience="members", personal_allowed=False),
        LAW,
    ),
    (
        "personal_above_cap",
        example_draft(**PERSONAL, percent=30.5),
        example_draft(**PERSONAL, percent=30),
        LAW,
    ),
    (
        "gifts_above_cap",
        example_draft(**PERSONAL, together=Together(("bag", "mug"), 30.1)),
        example_draft(**PERSONAL, together=Together(("bag", "mug"), 30.0)),
        LAW,
    ),
    (
        "label_missing",
        example_draft(**PERSONAL, label_code="eu", claims=Claims(is_labelled=False)),
        example_draft(**PERSONAL, label_code="eu"),
        LAW,
    ),
    ("terms_not_in_language", example_draft(has_zh_name=False), example_draft(), CHINA),
    (
        "below_cost",
        goods(example_draft(), cost_minor=901, floor_minor=0),
        goods(example_draft(), cost_minor=900, floor_minor=0),
        LAW,
    ),
    (
        "below_minimum_price",
        of_kind("alcohol", example_draft(percent=31)),
        of_kind("alcohol", example_draft(percent=30)),
        LAW,
    ),
    (
        "cut_not_reached",
        goods(example_draft(), floor_minor=901),
        goods(example_draft(), floor_minor=900),
        LAW,
    ),
    (
        "protected_condition",
        asks({"all": [{"cart_value": 100}, {"tags": ["women-30"]}]}),
        asks({"all": [{"cart_value": 100}, {"tags": ["cheese-lovers"]}]}),
        LAW,
    ),
    ("protected_condition", asks({"groups": ["senior"]}), asks({"groups": ["student"]}), LAW),
    ("protected_condition", asks({"age": 60}), asks({"first_order": True}), LAW),
    (
        "restricted_gift",
        of_kind("restricted", goods(example_draft(percent=100), cost_minor=-1, floor_minor=0)),
        of_kind("fresh", goods(example_draft(percent=100), cost_minor=-1, floor_minor=0)),
        LAW,
    ),
    (
        "banned_promotion",
        of_kind("infant_formula", example_draft(percent=1)),
        of_kind("baby_food", example_draft(percent=1)),
        LAW,
    ),
    ("scarcity_not_from_stock", claims(only_left=3), claims(only_left="stock"), LAW),
    (
        "bait_quantity",
        goods(example_draft(), stock=5, daily_units=3.0),
        goods(example_draft(), stock=6, daily_units=3.0),
        LAW,
    ),
    (
        "bait_quantity",
        goods(claims(quantity=501), stock=500),
        goods(claims(quantity=500), stock=500),
        LAW,
    ),
    (
        "free_with_hidden_conditions",
        asks({"cart_value": 2_000}, names=("Free tea",)),
        asks({"cart_value": 2_000}, names=("Free tea",), claims=Claims(terms="from 20.00")),
        LAW,
    ),
    (
        "points_without_notice",
        claims(points_expire=LATER, points_noticed=LATER - timedelta(days=29)),
        claims(points_expire=LATER, points_noticed=LATER - timedelta(days=30)),
        LAW,
    ),
    (
        "review_tied_to_tone",
        claims(review={"min_rating": 4, "is_disclosed": True}),
        claims(review={"is_disclosed": True}),
        LAW,
    ),
    ("review_not_disclosed", claims(review={}), claims(review={"is_disclosed": True}), LAW),
    ("percent_untrue", said("11 % off"), said("10 % off"), LAW),
    ("percent_untrue", said("全场八折 8折"), said("全场九折 9折"), LAW),
    ("up_to_misleading", claims(up_to_percent=11), claims(up_to_percent=10), LAW),
    ("price_named_in_name", said("Cheddar, was $12"), said("Cheddar, aged 12 months"), LAW),
)
