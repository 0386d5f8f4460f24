"""Every seeded law, and the places that have none."""

from __future__ import annotations

import importlib
from datetime import date, timedelta
from typing import Any

import pytest

from pricing.base.core.values import STRICTEST, JurisdictionRule, find_rule

SEEDS = importlib.import_module("pricing.migrations.0004_seeds").ROWS
TODAY = date(2026, 11, 25)


def rule_of(seed: tuple[Any, ...]) -> JurisdictionRule:
    code, begins, label, opt_in, strategy, unit_price, _ = seed
    return JurisdictionRule(
        code=code,
        personal_allowed=True,
        label_code=label[0],
        label_en=label[1],
        label_zh=label[2],
        reference_strategy=strategy,
        opt_in_required=opt_in,
        unit_price_required=unit_price,
        valid_from=date(*begins),
    )


RULES = [rule_of(seed) for seed in SEEDS]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_law_holds_from_its_first_day(rule: JurisdictionRule) -> None:
    assert find_rule(RULES, rule.code, rule.valid_from) == rule
    assert find_rule(RULES, rule.code, TODAY) == rule
    assert find_rule(RULES, rule.code, rule.valid_from - timedelta(days=1)) == STRICTEST


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_law_has_its_words_in_both_languages(rule: JurisdictionRule) -> None:
    assert rule.label("en")
    assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.label("zh-hans"))


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("US-TX", "US-other"),
        ("US", "US-other"),
        ("US-NY", "US-NY"),
        ("FR", "EU"),
        ("NO", "EU"),
        ("DE", "DE"),
        ("GB", "UK"),
        ("CN", "CN"),
        ("BR", "unknown"),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("us-ny", "unknown"),
    ],
)
def test_each_place_finds_its_row(place: str, code: str) -> None:
    assert find_rule(RULES, place, TODAY).code == code


def test_an_ended_row_is_followed_by_the_next_or_strictest() -> None:
    first, second = RULES[4], RULES[4]
    ended = JurisdictionRule(
        **{n: getattr(first, n) for n in first.__slots__ if n != "valid_to"},
        valid_to=date(2026, 6, 1),
    )
    banned = JurisdictionRule(
        **{
            **{n: getattr(second, n) for n in second.__slots__},
            "personal_allowed": False,
            "valid_from": date(2026, 6, 1),
        }
    )
    assert find_rule([banned, ended], "US-NY", date(2026, 5, 31)).personal_allowed
    assert not find_rule([banned, ended], "US-NY", date(2026, 6, 1)).personal_allowed
    assert find_rule([ended], "US-NY", TODAY) == STRICTEST
