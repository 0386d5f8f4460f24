"""What conditions may name, to be picked by name with a count: segments, tags, tiers, markets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from profiles.segments.api import TAG_NAMES, count_tags, list_segments
from promotions.planning.api import list_groups, list_tiers, name_market
from promotions.sentences.api import Blank
from shop.doors.backoffice.campaigns.product_picker import Pick
from shop.doors.backoffice.memory import remember
from shop.ground.catalog.selectors import list_markets
from shop.ground.kernel.translation import is_chinese, translate
from shop.ground.staff.numbers import show_count

KEPT_SECONDS = 300.0


def list_options(blank: Blank, language: str, *, is_counted: bool = True) -> list[Pick]:
    """Return what a blank offers. Two queries at most."""
    if blank.kind == "tags":
        counts = remember("tag counts", KEPT_SECONDS, count_tags) if is_counted else {}
        notes = {code: say_shoppers(counts.get(code, 0)) for code in TAG_NAMES}
        return [Pick(code, translate(TAG_NAMES[code], language), notes[code]) for code in TAG_NAMES]
    if blank.kind in _LISTS:
        return _LISTS[blank.kind](language)
    return [Pick(value, translate(said, language), "") for value, said in blank.choices]


class OptionPicker(forms.Widget):
    """Boxes to tick, each with a name and a count."""

    template_name = "admin/campaign/options.html"
    use_fieldset = True

    def __init__(self, options: Callable[[], Iterable[Pick]]) -> None:
        super().__init__()
        self.options = options

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the boxes; those of `value` are ticked and stand first."""
        listed = value.split(",") if isinstance(value, str) else value or ()
        ticked = {str(one) for one in listed}
        options = sorted(self.options(), key=lambda one: one.token not in ticked)
        context = {"name": name, "id": (attrs or {}).get("id", ""), "options": options}
        return render_to_string(self.template_name, {**context, "ticked": ticked})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what is ticked; somebody may also list it with commas."""
        given = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or ()
        return [word for one in given for part in one.split(",") if (word := part.strip())]


class OptionsField(forms.Field):
    """Some of what is offered, cleaned to a list; numbers where the blank holds such."""

    def __init__(self, blank: Blank, language: str, **rest: Any) -> None:
        super().__init__(widget=OptionPicker(partial(list_options, blank, language)), **rest)
        self.blank = blank
        self._list = partial(list_options, blank, language)

    def clean(self, value: Any) -> Any:
        """Refuse what is not offered."""
        given = [str(one) for one in super().clean(value) or ()]
        known = {one.token for one in self._list(is_counted=False)}
        if unknown := [one for one in given if one not in known]:
            refusal = forms.MultipleChoiceField.default_error_messages["invalid_choice"]
            raise forms.ValidationError(refusal, params={"value": ", ".join(unknown)})
        chosen = list(dict.fromkeys(given))
        return [int(one) for one in chosen] if self.blank.kind == "weekdays" else chosen


def _list_segments(language: str) -> list[Pick]:
    in_chinese = is_chinese(language)
    return [
        Pick(one.code, (in_chinese and one.name_zh) or one.name, say_shoppers(one.shopper_count))
        for one in list_segments()
        if one.is_active
    ]


def _name(rows: Iterable[tuple[str, str, str]], language: str) -> list[Pick]:
    return [Pick(code, (is_chinese(language) and zh) or name, "") for code, name, zh in rows]


def say_shoppers(count: int) -> str:
    """Return a number of shoppers in words."""
    return ngettext("%(n)s shopper", "%(n)s shoppers", count) % {"n": show_count(count)}


_LISTS: Mapping[str, Callable[[str], list[Pick]]] = {
    "segments": _list_segments,
    "tiers": lambda language: _name(list_tiers(), language),
    "groups": lambda language: _name(list_groups(), language),
    "markets": lambda language: [
        Pick(one.code, name_market(one.code, language), one.currency) for one in list_markets()
    ],
}
