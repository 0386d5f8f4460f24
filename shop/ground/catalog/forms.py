"""Staff forms of the catalogue's tables."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.postgres.forms import SimpleArrayField
from django.db import models
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from shop.ground.catalog.core.queries import has_chinese, list_latin
from shop.ground.catalog.core.slugs import make_slug
from shop.ground.catalog.models import Category, Market, SearchSynonym
from shop.ground.catalog.selectors.vocabulary import key_terms
from shop.ground.kernel.hashing import fingerprint

DEEPEST = 2


def perishable_field() -> forms.TypedChoiceField:
    """Return the field of what goes bad soon: yes, no, or None, as a category above says."""
    return forms.TypedChoiceField(
        label=_("Perishable"),
        required=False,
        choices=[("", _("as the category above says")), ("yes", _("yes")), ("no", _("no"))],
        coerce=lambda said: said == "yes",
        empty_value=None,
        help_text=_("It is refunded without being sent back."),
        widget=UnfoldAdminSelectWidget(),
    )


def say_perishable(is_perishable: bool | None) -> str:
    """Return what the field shows at first."""
    return {True: "yes", False: "no", None: ""}[is_perishable]


class MarketForm(forms.ModelForm):
    """Languages are chosen from those the shop is written in."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget)
    languages = forms.MultipleChoiceField(
        choices=settings.LANGUAGES, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    regions = SimpleArrayField(
        forms.CharField(max_length=16), required=False, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("language", "languages", "regions"):
            column: models.Field[Any, Any] = getattr(Market, name).field
            self.fields[name].label = capfirst(column.verbose_name)
            self.fields[name].help_text = column.help_text


class SynonymForm(forms.ModelForm):
    """What shoppers type, small and with single spaces; meanings are typed with commas."""

    meanings = SimpleArrayField(
        forms.CharField(max_length=80), required=False, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        column: models.Field[Any, Any] = SearchSynonym.meanings.field
        self.fields["meanings"].label = capfirst(column.verbose_name)
        self.fields["meanings"].help_text = column.help_text

    def clean_term(self) -> str:
        """Refuse what no query can hold, and what search knows as another term."""
        term = " ".join(self.cleaned_data["term"].lower().split())
        if has_chinese(term) and list_latin(term):
            raise forms.ValidationError(_("Write Chinese or Latin words, not both in one term."))
        others = SearchSynonym.objects.exclude(pk=self.instance.pk)
        known = list(others.values_list("term", flat=True))
        keys = key_terms([term, *known])
        if not keys[term]:
            raise forms.ValidationError(_("Write at least one word that search looks for."))
        same = next((other for other in known if keys[other] == keys[term]), None)
        if same is not None:
            told = _("Search knows this as “%(term)s”, which is listed: add the meanings there.")
            raise forms.ValidationError(told % {"term": same})
        return term


class CategoryForm(forms.ModelForm):
    """A new category takes its path from its name and its parent's path; it keeps it."""

    is_perishable = perishable_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        facts = getattr(self.instance, "facts", None)
        if facts is not None:
            self.initial["is_perishable"] = say_perishable(facts.is_perishable)

    def clean(self) -> dict[str, Any]:
        """Place a new category in the tree."""
        cleaned: dict[str, Any] = super().clean() or {}
        row: Category = self.instance
        if row.pk or not cleaned.get("name"):
            return cleaned
        parent = cleaned.get("parent")
        row.depth = 0 if parent is None else parent.depth + 1
        if row.depth > DEEPEST:
            self.add_error("parent", _("Categories have three levels: choose one higher up."))
            return cleaned
        code = make_slug([cleaned["name"]])[:60] or f"c-{fingerprint(cleaned['name'])[:8]}"
        row.path = code if parent is None else f"{parent.path}/{code}"
        row.external_ref = row.path
        row.slug = row.path.replace("/", "-")[:120]
        if Category.objects.filter(Q(path=row.path) | Q(slug=row.slug)).exists():
            self.add_error("name", _("There is a category of this name already."))
        return cleaned
