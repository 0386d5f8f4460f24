"""Names of tables, columns and choices in the reader's language.

Models carry plain English names, which migrations compare; the catalogue translates them. Bare
words ("order", "held", "view") mean one thing in a staff table and another on a shopper's page, so
their messages have a context. Where a column's own name is no word of the trade ("budget minor",
"name zh"), the English catalogue says what English readers see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Field, Model
from django.utils.functional import Promise
from django.utils.translation import override, pgettext_lazy

CONTEXT = "staff"
OUR_APPS = frozenset({"shop", "profiles", "pricing", "promotions", "orders"})


def say(text: str) -> Promise:
    """Return a name in the reader's language, whoever that is when it is read."""
    return pgettext_lazy(CONTEXT, text)


def name_choice(column: str, value: str) -> str:
    """Return what a stored choice is called; `column` as in "pricing.quote.arm"."""
    table, _dot, name = column.rpartition(".")
    field: Any = apps.get_model(table)._meta.get_field(name)
    return str(dict(field.flatchoices).get(value, value))


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
            meta.verbose_name_plural = say(str(meta.verbose_name_plural))  # Django's is lazy
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


def list_names() -> list[str]:
    """Return all names that staff tables show, as the models say them: what is to translate."""
    with override(None):
        return sorted(set(_list_names()))


def _list_names() -> Iterator[str]:
    yield from (str(apps.get_app_config(label).verbose_name) for label in OUR_APPS)
    inlines = {one.model for table in admin.site._registry.values() for one in table.inlines}
    for model in {*admin.site._registry, *inlines}:
        if model._meta.app_label in OUR_APPS:
            yield str(model._meta.verbose_name)
            yield str(model._meta.verbose_name_plural)
            for field in model._meta.local_fields:
                if (
                    model is not get_user_model() or field.name == "email"
                ):  # the others are Django's own
                    yield from _names_of(field)


def _names_of(field: Field[Any, Any]) -> Iterator[str]:
    yield str(field.verbose_name)
    if field.help_text:
        yield str(field.help_text)
    for _value, name in field.flatchoices:
        yield str(name)
