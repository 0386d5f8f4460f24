"""Names of tables, columns and choices in the reader's language.

Models carry plain English names; where a column's own name is no word of the trade ("budget
minor", "name zh"), the glossary says what English readers see, too. Bare words ("order", "held",
"view") mean one thing in a staff table and another on a shopper's page, so they have a glossary of
their own (`labels.csv`) instead of sharing gettext's catalog with the storefront.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db.models import Field, Model
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language

GLOSSARY = Path(__file__).with_name("labels.csv")
OUR_APPS = frozenset({"shop", "profiles", "pricing", "promotions", "orders"})


@lru_cache(maxsize=1)
def read_glossary() -> dict[str, str]:
    """Return Chinese by English."""
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return {row["en"]: row["zh"] for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def read_names() -> dict[str, str]:
    """Return what English readers see by what a model says, where that differs."""
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        return {row["en"]: row["shown"] for row in csv.DictReader(file) if row["shown"]}


def _say(text: str, singular: str = "") -> str:
    """Chinese has no plural: where the glossary names only the singular, that is the word."""
    language = get_language() or ""
    if not language:  # a migration is written: what the model says
        return text
    if not language.startswith("zh"):
        return read_names().get(text, text)
    glossary = read_glossary()
    return glossary.get(text) or glossary.get(singular, text)


say = lazy(_say, str)


def translate_labels(rooms: Iterable[AppConfig]) -> None:
    """Make the names of our rooms and their models follow the reader's language. Run at start.

    What migrations compare is not touched: they read the names models were declared with.
    """
    for room in rooms:
        if room.label in OUR_APPS:
            room.verbose_name = _translated(room.verbose_name)
            _translate_models(room.get_models())


def _translate_models(models: Iterable[type[Model]]) -> None:
    for model in models:
        meta: Any = model._meta
        if not isinstance(meta.verbose_name, Promise):
            meta.verbose_name_plural = say(str(meta.verbose_name_plural), meta.verbose_name)
            meta.verbose_name = say(meta.verbose_name)
        for field in meta.local_fields:
            _translate_field(field)


def _translate_field(field: Field[Any, Any]) -> None:
    field.verbose_name = _translated(field.verbose_name)
    field.help_text = _translated(field.help_text)
    if field.choices:
        field.choices = [(value, _translated(name)) for value, name in field.flatchoices]


def _translated(text: Any) -> Any:
    return text if not text or isinstance(text, Promise) else say(text)
