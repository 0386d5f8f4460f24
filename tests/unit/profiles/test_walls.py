"""Walls: audit traits reach no model, and every model input is on the allow-list."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from profiles.features.core.registry import FEATURES, require_features
from profiles.segments.core.predictions import CHANCE_FEATURES
from profiles.segments.core.rules import TAG_FEATURES
from profiles.segments.core.segmentation import SEGMENT_FEATURES

ROOT = Path(__file__).resolve().parents[3]
# Who may touch traits: those who declare, load, export, erase and audit them.
MAY_TOUCH = {
    "profiles/models/__init__.py",
    "profiles/shoppers/api.py",
    "profiles/accounts/api.py",
    "profiles/shoppers/models/audit.py",
    "profiles/admin/shoppers.py",
    "profiles/privacy/services.py",
    "profiles/privacy/selectors.py",
    "profiles/shoppers/selectors/traits.py",
    "profiles/accounts/services/bulk.py",
    "profiles/shoppers/services/traits.py",
}
# The one place of the rooms that price: it measures what models charge whom, and stops them.
MAY_AUDIT = {"pricing/fairness/services/fairness.py"}
# Who asks for audits or about them; nothing of the path that makes prices.
MAY_ASK = {
    *("pricing/api.py", "pricing/rollout/services/refits.py"),
    *("pricing/rollout/services/approvals.py", "pricing/admin/audits.py", "pricing/tasks.py"),
    *("pricing/management/commands/audit_fairness.py", "pricing/rollout/services/rollouts.py"),
    "pricing/rollout/services/rollback.py",
}


def python_files(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    )


def names_in(path: Path) -> set[str]:
    """Return every name, attribute, imported module and imported name in a file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= {"profiles_audittrait"} & set(node.value.lower().replace(",", " ").split())
    return names


TRAIT_NAMES = {
    "AuditTrait",
    "profiles_audittrait",
    "profiles.shoppers.models.audit",
    "audittrait_set",
}


def test_nothing_else_in_the_room_touches_audit_traits() -> None:
    touching = {
        str(path.relative_to(ROOT))
        for path in python_files("profiles")
        if names_in(path) & TRAIT_NAMES
    }
    assert touching <= MAY_TOUCH


@pytest.mark.parametrize("room", ["pricing", "promotions", "orders"])
def test_no_room_that_prices_or_offers_touches_audit_traits(room: str) -> None:
    readers = TRAIT_NAMES | {
        "list_audit_traits",
        "profiles.shoppers.selectors.traits",
        "load_traits_bulk",
    }
    readers |= {"load_audit_traits", "profiles.shoppers.services.traits", "exchange_traits"}
    touching = {
        str(path.relative_to(ROOT)) for path in python_files(room) if names_in(path) & readers
    }
    assert touching == (MAY_AUDIT if room == "pricing" else set())


def test_nothing_that_makes_a_price_knows_the_audit() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in python_files("pricing", "promotions", "orders")
        if "pricing.fairness.services.fairness" in names_in(path)
    }
    assert asking <= MAY_ASK


def test_no_core_touches_audit_traits() -> None:
    rooms = python_files("profiles", "pricing", "promotions")
    cores = [path for path in rooms if "core" in path.parts]
    assert cores
    assert [path for path in cores if names_in(path) & TRAIT_NAMES] == []


def test_every_input_of_segments_and_tags_is_listed() -> None:
    require_features((*SEGMENT_FEATURES, *TAG_FEATURES, *CHANCE_FEATURES), purpose="analytics")


def test_every_feature_says_why_whence_and_how_sensitive() -> None:
    for feature in FEATURES.values():
        assert feature.purposes
        assert feature.source
        assert feature.meaning
        assert feature.sensitivity == "low"
