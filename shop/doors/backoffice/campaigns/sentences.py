"""Sentences with blanks as forms: every blank a field, every answer as the builder takes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from profiles.segments.api import TAG_NAMES, count_tags, list_segments
from promotions.planning.api import (
    UnknownProducts,
    list_groups,
    list_partners,
    list_tiers,
    name_market,
    read_goods,
)
from promotions.sentences.api import Blank
from shop.doors.backoffice.campaigns.product_picker import Pick, describe_chosen, search_products
from shop.doors.backoffice.memory import remember
from shop.ground.catalog.selectors import list_markets
from shop.ground.kernel.translation import is_chinese, translate
from shop.ground.staff.money import InlineMoneyWidget, MoneyField
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_names

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


MOMENT = "%Y-%m-%dT%H:%M"
LONGEST_TEXT = 200
LONGEST_SCOPE = 4_000
# Campaigns begin and end between these: the law's look back must not run out of the calendar
FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_AHEAD = timedelta(days=3653)
_BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class MarketContext:
    """Where the campaign runs: whose money and clock the blanks are in, and in which language.

    `picks` are products that were looked up already, by token.
    """

    market_code: str
    currency: str
    time_zone: str
    language: str
    now: datetime
    picks: Mapping[str, Pick] = field(default_factory=dict)

    def translate(self, message: str) -> str:
        """Return a message in the language."""
        return translate(message, self.language)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence on a page: plain text, or the field of a blank."""

    text: str = ""
    field: forms.BoundField | None = None


def split_sentence(sentence: str, form: forms.Form) -> Iterator[Piece]:
    """Return the pieces of a sentence whose blanks are fields of `form`."""
    for position, part in enumerate(_BLANK.split(sentence)):
        if position % 2:
            yield Piece(field=form[part])
        elif part:
            yield Piece(text=part)


class _SentenceForm(forms.Form):
    """The blanks of a sentence; a window ends after it begins."""

    def clean(self) -> dict[str, Any]:
        """Refuse an end that is not after the beginning."""
        answers = super().clean() or {}
        starts, ends = answers.get("starts_at"), answers.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It must end after it begins."))
        return answers


def make_form(blanks: tuple[Blank, ...], place: MarketContext) -> type[forms.Form]:
    """Return the form class of a sentence's blanks."""
    fields: dict[str, Any] = {blank.name: _make_field(blank, place) for blank in blanks}
    return type("SentenceForm", (_SentenceForm,), fields)


def keep_search(form: forms.Form, asked: Mapping[str, Any]) -> None:
    """Show in the pickers of a form what was searched for without a script, by its button."""
    if "find" not in asked:
        return
    for name, one in form.fields.items():
        if isinstance(one.widget, ProductPicker):
            one.widget.asked = str(asked.get(f"{name}_find", ""))[:60]


def examples(blanks: tuple[Blank, ...], place: MarketContext) -> dict[str, str]:
    """Return what stands in the blanks at first."""
    tomorrow = place.now.astimezone(ZoneInfo(place.time_zone)) + timedelta(days=1)
    tomorrow = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
    moments = {"starts_at": tomorrow, "ends_at": tomorrow + timedelta(days=7)}
    return {
        blank.name: f"{moments[blank.name]:{MOMENT}}" if blank.name in moments else blank.example
        for blank in blanks
    }


class ProductPicker(forms.Widget):
    """Chosen categories, brands and products with pictures and counts, and a search for more.

    Its value is their names or keys with commas between them, as somebody may type it, too.
    """

    template_name = "admin/campaign/goods.html"
    asked = ""  # what was searched for without a script

    def __init__(
        self, empty: str | Promise, picks: Mapping[str, Pick], *, only_products: bool = False
    ) -> None:
        super().__init__()
        self.empty, self.picks, self.only_products = empty, picks, only_products

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add what is chosen."""
        context = super().get_context(name, value, attrs)
        typed = str(value or "").replace("，", ",")
        words = [word.strip() for word in typed.split(",") if word.strip()]
        language = get_language() or "en"
        found = search_products(self.asked, language, only_products=self.only_products)
        chosen = describe_chosen(words, language, self.picks)
        taken = {one.token for one in chosen["chosen"]}
        return {
            **context,
            **chosen,
            "empty": self.empty,
            "asked": self.asked,
            "found": found,
            "picks": [one for one in found if one.token not in taken],
            "only_products": self.only_products,
        }

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return it from our own template."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def id_for_label(self, id_: str | None, index: str | None = None) -> str:
        """Return the id of its search field: boxes have labels of their own."""
        return f"{id_}_find"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what is ticked, joined by commas, else what is typed into the search."""
        given = data.getlist(name) if hasattr(data, "getlist") else [data.get(name) or ""]
        # Somebody who typed a name and picked nothing means that name, not all products
        return ",".join(filter(None, given)) or data.get(f"{name}_find", "")


class _ProductsField(forms.CharField):
    """Names of categories or brands, or SKUs, cleaned to a scope."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return read_goods(text)
        except UnknownProducts as refusal:
            raise forms.ValidationError(refusal.message) from refusal


class _Gift(_ProductsField):
    """Products to give away, cleaned to their ids."""

    def clean(self, value: Any) -> Any:
        try:
            scope = super().clean(value)
        except forms.ValidationError as refusal:
            raise forms.ValidationError(self._say_alike(value) or refusal.messages) from refusal
        if set(scope) != {"variants"}:
            raise forms.ValidationError(self._say_alike(value) or _NO_GIFT)
        return scope["variants"]

    def _say_alike(self, value: str) -> str:
        """Return which products match what was typed, "" for none."""
        alike = search_products(value or "", get_language() or "en", only_products=True)
        if not alike:
            return ""
        named = join_names(
            _("%(name)s (%(sku)s)") % {"name": one.name, "sku": one.note} for one in alike
        )
        return _("Choose the product that is given. These match: %(names)s.") % {"names": named}


_NO_GIFT = gettext_lazy("Choose the product that is given: a category or a brand is none.")


class _Words(forms.CharField):
    """Words with commas between them, cleaned to a list."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value).replace("，", ",")
        return list(dict.fromkeys(filter(None, (word.strip() for word in text.split(",")))))


class _Moment(forms.DateTimeField):
    """A moment on the market's clock, cleaned to one with its zone; not in a far year."""

    def __init__(self, place: MarketContext, **options: Any) -> None:
        self.zone = ZoneInfo(place.time_zone)
        self.first = FIRST_DAY.replace(tzinfo=self.zone)
        self.last = place.now.astimezone(self.zone) + LONGEST_AHEAD
        widget = forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"})
        super().__init__(widget=widget, input_formats=[MOMENT, "%Y-%m-%d %H:%M"], **options)

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        if moment is None:
            return None
        moment = moment.replace(tzinfo=self.zone)
        if not self.first <= moment <= self.last:
            days = {"first": self.first.date().isoformat(), "last": self.last.date().isoformat()}
            raise forms.ValidationError(_("Choose a day from %(first)s to %(last)s.") % days)
        return moment


class _Clock(forms.TimeField):
    """A time of day, cleaned to HH:MM."""

    widget = forms.TimeInput(attrs={"type": "time"})

    def clean(self, value: Any) -> Any:
        return f"{super().clean(value):%H:%M}"


def _make_field(blank: Blank, place: MarketContext) -> forms.Field:
    options = {"label": place.translate(blank.label), "required": blank.is_needed}
    field = _FIELDS[blank.kind](blank, place, options)
    widget = field.widget
    if blank.kind == "box":
        return field
    widget.attrs |= {"class": f"ft-input ft-in-{_WIDTHS.get(blank.kind, 'word')}"}
    if blank.kind == "count" and not blank.is_needed:
        widget.attrs |= {"placeholder": "–"}
    if blank.name == "budget":
        widget.attrs |= {"placeholder": gettext_lazy("no limit")}
    return field


def _percent(blank: Blank, place: MarketContext, options: Any) -> forms.Field:
    least = Decimal("0.01")
    return forms.DecimalField(min_value=least, max_value=100, decimal_places=2, **options)


def _choice(blank: Blank, place: MarketContext, options: Any) -> forms.Field:
    choices = [(value, place.translate(said)) for value, said in blank.choices]
    return forms.ChoiceField(choices=choices, **options)


def _options(blank: Blank, place: MarketContext, options: Any) -> forms.Field:
    return OptionsField(blank, place.language, **options)


def _partner(blank: Blank, place: MarketContext, options: Any) -> forms.Field:
    return forms.ChoiceField(choices=list_partners(), **options)


def _goods(blank: Blank, place: MarketContext, options: Any) -> forms.Field:
    empty = _NOTHING if blank.is_needed else _EMPTY.get(blank.name, _NOTHING)
    widget = ProductPicker(_EMPTY.get(blank.example, empty), place.picks)
    return _ProductsField(max_length=LONGEST_SCOPE, widget=widget, **options)


def _gift(blank: Blank, place: MarketContext, options: Any) -> forms.Field:
    widget = ProductPicker(_NOTHING, place.picks, only_products=True)
    return _Gift(max_length=LONGEST_SCOPE, widget=widget, **options)


# What a picker says where nothing is picked, by the name of its blank or its example
_NOTHING = gettext_lazy("Nothing is chosen yet.")
_EMPTY: Mapping[str, Promise] = {
    "goods": gettext_lazy("All products"),
    "same": gettext_lazy("The same products"),
}


def _text(length: int) -> Callable[[Blank, MarketContext, Any], forms.Field]:
    return lambda blank, place, options: forms.CharField(max_length=length, **options)


_FIELDS: Mapping[str, Callable[[Blank, MarketContext, Any], forms.Field]] = {
    "percent": _percent,
    "money": lambda blank, place, options: MoneyField(
        currency=place.currency,
        least=1,
        largest=10_000_000,
        widget=InlineMoneyWidget(),
        **options,
    ),
    "count": lambda blank, place, options: forms.IntegerField(
        min_value=1, max_value=5_000_000, **options
    ),
    "goods": _goods,
    "gift": _gift,
    "box": lambda blank, place, options: forms.BooleanField(**options),
    "words": lambda blank, place, options: _Words(max_length=LONGEST_TEXT, **options),
    "moment": lambda blank, place, options: _Moment(place, **options),
    "clock": lambda blank, place, options: _Clock(**options),
    "code": _text(40),
    "pattern": _text(40),
    "choice": _choice,
    **dict.fromkeys(("segments", "tags", "tiers", "groups", "markets"), _options),
    **dict.fromkeys(("weekdays", "several"), _options),
    "partner": _partner,
    "name": _text(120),
    "share": lambda blank, place, options: forms.IntegerField(min_value=0, max_value=50, **options),
}
_WIDTHS = {
    "percent": "number",
    "count": "number",
    "share": "number",
    "name": "goods",
    "money": "money",
    "moment": "moment",
    "goods": "goods",
    "gift": "goods",
    "clock": "money",
    "pattern": "goods",
}
