"""A posted sentence: its form, the clauses added to it, and the draft they become."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from pricing.api import home_place
from promotions.campaigns.api import CampaignRefused
from promotions.engine.api import BadOffer, parse_scope
from promotions.law.api import find_forbidden
from promotions.planning.api import (
    CUTS,
    PRICES,
    SETS,
    Bound,
    build_campaign,
    list_bounds,
    list_stacking_groups,
    say_faults,
)
from promotions.release.api import say_why_taken_out, take_out_products
from promotions.sentences.api import GOAL_OF, Template, name_filled
from shop.doors.backoffice.campaigns.clauses import (
    FilledClause,
    ShownClause,
    join_clauses,
    read_clauses,
    show_clauses,
)
from shop.doors.backoffice.campaigns.sentences import (
    MarketContext,
    Piece,
    examples,
    keep_search,
    make_form,
    split_sentence,
)
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.reasons import account_id

# Buttons that change the form, and save nothing
EDITS = frozenset({"add", "remove", "find"})
# What most promotions are: shown first, the others under "more"
COMMON = (
    *("price_cut", "cart_amount", "coupon", "buy_get"),
    *("quantity_tiers", "bundle", "gift", "free_delivery"),
)
TEMPLATES: Mapping[str, Template] = {one.code: one for one in (*CUTS, *PRICES, *SETS)}


def list_places() -> list[tuple[Any, Any]]:
    """Return the groups of the stacking tree as choices, none of them first. One query."""
    return [("", _("none")), *list_stacking_groups()]


class StackingForm(forms.Form):
    """How the offer goes with others: a choice, the group the best is chosen from, the tree."""

    stacking = forms.ChoiceField(
        label=_("with other offers"),
        choices=[
            ("stack", _("it combines with other offers")),
            ("best_unit", _("each piece gets the best offer of a group:")),
            ("best", _("only the best offer of a group applies:")),
            ("exclusive", _("it never combines with another offer")),
        ],
        required=False,
    )
    stacking_group = forms.SlugField(label=_("group"), max_length=40, required=False)
    # The places are asked for as the form is made. One query.
    group = forms.TypedChoiceField(
        label=_("place in the tree"),
        choices=list_places,
        required=False,
        coerce=int,
        empty_value=None,
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the group where only its best offer applies; what was not asked stays."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("stacking"):
            cleaned |= self.initial
        if cleaned["stacking"] not in ("best_unit", "best"):
            cleaned["stacking_group"] = ""
        elif not cleaned.get("stacking_group") and "stacking_group" not in self.errors:
            self.add_error("stacking_group", _("Enter a name for the group, such as “weekly”."))
        return cleaned


class ProofForm(forms.Form):
    """The share of shoppers who do not get it, so that what it brings can be measured."""

    holdout_percent = forms.IntegerField(
        label=_("percent held out"), min_value=0, max_value=50, initial=0, required=False
    )


class NameForm(forms.Form):
    """What the campaign is called; empty: what it gives, as shoppers read it."""

    name = forms.CharField(max_length=120, required=False)
    name_zh = forms.CharField(max_length=120, required=False)
    code = forms.SlugField(max_length=60, required=False)


class LegalForm(forms.Form):
    """Whether products that may not be promoted are left out from the start: proposed so."""

    leave_out = forms.BooleanField(
        label=_("Leave out what may not be promoted"), initial=True, required=False
    )


@dataclass(slots=True)
class FilledBound:
    """What narrows the offer, with the form of its blanks."""

    bound: Bound
    form: forms.Form
    place: MarketContext

    @property
    def pieces(self) -> list[Piece]:
        """Return its sentence as text and fields."""
        return list(split_sentence(self.place.translate(self.bound.sentence), self.form))


@dataclass(slots=True)
class FilledSentence:
    """A template with its form, its clauses and the form of its name."""

    template: Template
    place: MarketContext
    form: forms.Form
    names: forms.Form
    stacking: forms.Form
    proof: forms.Form
    clauses: list[FilledClause]
    legal: forms.Form = field(default_factory=LegalForm)
    bounds: list[FilledBound] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        """Return the sentence as text and fields."""
        return list(split_sentence(self.template.say(self.place.language), self.form))

    @property
    def said_clauses(self) -> list[ShownClause]:
        """Return every clause with its pieces and those that stand in it."""
        return show_clauses(self.clauses, self.place)

    def is_valid(self) -> bool:
        """Return whether every blank holds what it may."""
        return sum(len(form.errors) for form in self.forms) == 0

    @property
    def forms(self) -> list[forms.Form]:
        """Return every form of the sentence."""
        return [
            self.form,
            self.names,
            self.stacking,
            self.proof,
            self.legal,
            *(one.form for one in self.bounds),
            *(one.form for one in self.clauses),
        ]


def read_place() -> MarketContext:
    """Return where campaigns of this shop run by default. No query while fresh."""
    market = get_market(home_place()[0])
    language = get_language() or "en"
    return MarketContext(market.code, market.currency, market.time_zone, language, utc_now())


def open_sentence(template: Template, place: MarketContext) -> FilledSentence:
    """Return the sentence with examples in its blanks."""
    at_first = examples(template.blanks, place) | {"goal": GOAL_OF.get(template.code, "sales")}
    form = make_form(template.blanks, place)(initial=at_first)
    stacking = StackingForm(initial=dict(template.stacking))
    around = NameForm(), stacking, ProofForm()
    bounds = _make_bounds(template, place, {})
    return FilledSentence(template, place, form, *around, [], bounds=bounds)


def _make_bounds(template: Template, place: MarketContext, options: Any) -> list[FilledBound]:
    return [
        FilledBound(bound, make_form(bound.blanks, place)(**options), place)
        for bound in list_bounds(template)
    ]


def read_sentence(template: Template, place: MarketContext, posted: QueryDict) -> FilledSentence:
    """Return the sentence as posted, with a clause added or taken away if that was pressed.

    Then nothing is judged yet: what was typed stands in the blanks as it was typed.
    """
    is_edit = not EDITS.isdisjoint(posted)
    picked = [one.name for one in template.blanks if one.kind in ("goods", "gift")]
    kept = {**posted.dict(), **{name: ",".join(posted.getlist(name)) for name in picked}}
    options: Any = {"initial": kept} if is_edit else {"data": posted}
    form = make_form(template.blanks, place)(**options)
    keep_search(form, posted)
    clauses = read_clauses(posted, place, is_edit)
    # A box that is not ticked is not posted at all
    legal = (
        LegalForm(initial={"leave_out": "leave_out" in posted}) if is_edit else LegalForm(posted)
    )
    own = {"initial": {**template.stacking, **options.get("initial", {})}}
    stacking = StackingForm(**{**options, **own})
    around = NameForm(**options), stacking, ProofForm(**options)
    bounds = _make_bounds(template, place, options)
    return FilledSentence(template, place, form, *around, clauses, legal, bounds)


def save_sentence(filled: FilledSentence, request: HttpRequest) -> int | None:
    """Save the draft and return its campaign's id; None with errors in words at their blanks."""
    if not filled.is_valid():
        return None
    names, answers = filled.names.cleaned_data, filled.form.cleaned_data
    narrow = _join_bounds(filled.bounds, is_of_goods=True)
    if not _may_mean(narrow, filled):
        return None
    if narrow:
        answers = {**answers, "goods": {**(answers.get("goods") or {}), **narrow}}
    market_code = filled.place.market_code
    made = name_filled(filled.template, answers, market_code=market_code)
    named = {
        "name": names["name"] or made[0],
        "name_zh": names["name_zh"] or ("" if names["name"] else made[1]),
        "code": names["code"],
        "market_code": market_code,
    }
    around = {**filled.stacking.cleaned_data, **filled.proof.cleaned_data}
    try:
        made_id = build_campaign(
            template=filled.template,
            answers={**answers, **named, **around},
            conditions=join_clauses(filled.clauses),
            bounds=_join_bounds(filled.bounds, is_of_goods=False),
            by_id=account_id(request),
            now=filled.place.now,
        )
    except CampaignRefused as refusal:
        place = str(refusal.detail.get("place", ""))
        own = (one for one in (filled.names, filled.proof) if place in one.fields)
        target = next(own, filled.form)
        told = " ".join(say_faults(refusal, {}, language=filled.place.language))
        target.add_error(place if place in target.fields else None, told)
        return None
    if filled.legal.cleaned_data["leave_out"]:
        _leave_out(made_id, filled.place, account_id(request))
    return made_id


def _may_mean(narrow: dict[str, Any], filled: FilledSentence) -> bool:
    """Return whether products may be narrowed like that; if not, the reason is at its blank."""
    try:
        parse_scope(narrow)
    except BadOffer as refusal:
        name = str(refusal.detail["place"]).rpartition(".")[2]
        form = next(one.form for one in filled.bounds if name in one.form.fields)
        said = _("This is below the lowest price: nothing is priced so.")
        form.add_error(name, said if name == "price_to" else refusal.message)
        return False
    return True


def _join_bounds(bounds: list[FilledBound], *, is_of_goods: bool) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for one in bounds:
        if one.bound.is_of_goods is is_of_goods:
            joined |= one.bound.build(one.form.cleaned_data)
    return joined


def _leave_out(campaign_id: int, place: MarketContext, by_id: int) -> None:
    """Leave out of a new draft what may not be promoted; one of nothing else stays as it is."""
    forbidden = find_forbidden(market_code=place.market_code, now=place.now)
    if forbidden.variant_ids:
        with suppress(CampaignRefused):
            take_out_products(
                campaign_id=campaign_id,
                variant_ids=forbidden.variant_ids,
                reason=say_why_taken_out("banned_promotion"),
                by_id=by_id,
                now=place.now,
            )


def say_kind(template: Template, place: MarketContext) -> dict[str, str]:
    """Return what the list of sentences shows of one."""
    return {
        "code": template.code,
        "title": place.translate(template.title),
        "hint": place.translate(template.hint),
        "sentence": template_text(template, place),
    }


def template_text(template: Template, place: MarketContext) -> str:
    """Return the sentence with a dash in every blank."""
    dashes = {blank.name: "___" for blank in template.blanks}
    return template.say(place.language).format(**dashes)
