"""A basket tried with a draft: what would apply, what would not and why, as a page lists it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from orders.cart.api import Rehearsed, rehearse_cart
from orders.terms.api import load_terms
from pricing.base.core.values import QuoteContext
from profiles.shoppers.api import ShopperNotFound, get_shopper_by_id
from profiles.values import ShopperValue
from promotions.campaigns.api import compile_campaign, rehearse
from promotions.engine.api import OfferValue, explain
from shop.doors.backoffice.campaigns.sentences import MOMENT
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.naming import find_goods, name_goods
from shop.ground.catalog.selectors.search import search_variants
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import locale_of

MOST_GOODS = 20


@dataclass(frozen=True, slots=True)
class Verdict:
    """An offer in a preview: whether it applied, what it gave, or why not."""

    offer_id: int
    campaign_id: int
    name: str
    is_applied: bool
    text: str
    is_draft: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A tried basket: its lines with price before and after, and a verdict on every offer.

    `refused` are codes that were typed and belong to no offer, each with the reason.
    """

    rehearsed: Rehearsed
    lines: tuple[tuple[str, int, str, str], ...]
    subtotal: str
    total: str
    discount: str
    extras: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    verdicts: tuple[Verdict, ...]


class PreviewForm(forms.Form):
    """Which basket, for whom, where and when, through which channel, with which codes.

    `places` are (market, place) to choose from; without any it is the market's own.
    """

    basket = forms.CharField(label=gettext_lazy("Basket"), max_length=400)
    shopper = forms.IntegerField(label=gettext_lazy("Shopper number"), required=False, min_value=1)
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        input_formats=[MOMENT, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(format=MOMENT, attrs={"type": "datetime-local"}),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        choices=[
            ("online", gettext_lazy("online")),
            ("app", gettext_lazy("app")),
            ("store", gettext_lazy("store")),
        ],
        required=False,
    )
    codes = forms.CharField(label=gettext_lazy("Coupon codes"), max_length=200, required=False)
    with_code = forms.BooleanField(
        label=gettext_lazy("as if its code had been entered"), required=False
    )

    def __init__(self, *args: Any, places: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_one = len({market for market, _place in places}) == 1
        said = [
            (f"{market}:{place}", place if is_one else f"{market} · {place}")
            for market, place in places
        ]
        self.fields["place"] = forms.ChoiceField(
            label=gettext_lazy("Place"), choices=said, required=False
        )
        self.order_fields(["basket", "shopper", "at", "channel", "place", "codes", "with_code"])
        for name in ("shopper", "at", "channel", "place", "codes"):
            self.fields[name].widget.attrs["class"] = "ft-input"

    def clean_basket(self) -> dict[int, int]:
        """Return pieces by variant of "SKU x 2, SKU"."""
        basket: dict[int, int] = {}
        for part in filter(None, (one.strip() for one in self.cleaned_data["basket"].split(","))):
            sku, _sign, pieces = part.replace("×", "x").partition(" x")
            found = find_product(sku)
            if not found:
                raise forms.ValidationError(
                    _("There is no product “%(sku)s”.") % {"sku": sku.strip()}
                )
            if pieces.strip() and not pieces.strip().isdecimal():
                raise forms.ValidationError(_("Write pieces as a number: SKU x 2."))
            basket[found[0]] = basket.get(found[0], 0) + min(int(pieces.strip() or 1), 999)
        if not 0 < len(basket) <= MOST_GOODS:
            raise forms.ValidationError(_("Enter one to twenty SKUs."))
        return basket

    def clean_shopper(self) -> ShopperValue | None:
        """Return the shopper of that number; nobody means a guest."""
        number = self.cleaned_data["shopper"]
        if number is None:
            return None
        try:
            return get_shopper_by_id(shopper_id=number)
        except ShopperNotFound as unknown:
            raise forms.ValidationError(_("There is no shopper of this number.")) from unknown


def context_of_form(
    said: Mapping[str, Any], *, market_code: str, language: str, now: datetime
) -> QuoteContext:
    """Return who asks, where and when, as a valid form says it; a guest, now, by default."""
    market_code, _colon, place = (said.get("place") or f"{market_code}:").partition(":")
    market = get_market(market_code)
    at: datetime | None = said.get("at")
    shopper = said.get("shopper")
    return QuoteContext(
        shopper_pseudonym=None if shopper is None else shopper.pseudonym,
        market=market_code,
        channel=said.get("channel") or "online",
        jurisdiction_code=place or market.jurisdiction_code,
        language=language,
        gpc=False,
        now=now if at is None else at.replace(tzinfo=ZoneInfo(market.time_zone)),
        purpose="preview",
    )


def find_product(text: str) -> list[int]:
    """Return the variant of a SKU, else what a search finds first of a name. Three queries."""
    found = [key for kind, key in find_goods(text) if kind == "variant"]
    return found or search_variants(text, get_language() or "en", 1).variant_ids.tolist()


def try_basket(
    form: PreviewForm, *, campaign_id: int, market_code: str, language: str, now: datetime
) -> Preview:
    """Return what the basket of a valid form would come to with the campaign as if live."""
    said = form.cleaned_data
    context = context_of_form(said, market_code=market_code, language=language, now=now)
    book = rehearse([campaign_id], with_codes=said["with_code"])
    rehearsed = rehearse_cart(
        basket=said["basket"],
        codes=tuple(filter(None, said["codes"].replace("，", ",").split(","))),
        shopper=said["shopper"],
        context=context,
        book=book,
    )
    # With a code of its own that was not entered, the campaign has its say all the same
    own = (one for one in compile_campaign(campaign_id) if one.requires_coupon)
    offers = [*book.offers, *own]
    return _describe(rehearsed, offers, campaign_id, context)


def judge_offers(
    rehearsed: Rehearsed, offers: Sequence[OfferValue], campaign_id: int, context: QuoteContext
) -> tuple[Verdict, ...]:
    """Return a verdict on every offer: what it gave, or the evaluator's own reason why not.

    Offers outside their dates, market or products never come to the evaluator; their reason is said
    here in its words.
    """
    found, currency = rehearsed.evaluation, rehearsed.cart.currency
    refused = {one.offer_id: one.message for one in found.rejected if one.offer_id is not None}
    applied = {one.offer_id for one in found.applied}
    points = {one.offer_id: _("%(points)d points") % {"points": one.points} for one in found.points}
    # Of what applied the evaluator names all, offers of codes that were typed among them
    verdicts = [
        Verdict(
            one.offer_id,
            one.campaign_id,
            one.label,
            is_applied=True,
            text=points.get(one.offer_id)
            or format_money(one.amount_minor, currency, locale_of(context.language)),
            is_draft=one.campaign_id == campaign_id,
        )
        for one in found.applied
    ]
    verdicts += [
        Verdict(
            offer.offer_id,
            offer.campaign_id,
            offer.label(context.language),
            is_applied=False,
            text=refused.get(offer.offer_id) or _why_left_out(offer, rehearsed, context),
            is_draft=offer.campaign_id == campaign_id,
        )
        for offer in offers
        if offer.offer_id not in applied
    ]
    return tuple(sorted(verdicts, key=lambda one: (not one.is_draft, not one.is_applied, one.name)))


def _why_left_out(offer: OfferValue, rehearsed: Rehearsed, context: QuoteContext) -> str:
    reason, day = "nothing_in_scope", ""
    if context.now < offer.starts_at:
        reason, day = "not_started", f"{localtime(offer.starts_at):%Y-%m-%d}"
    elif context.now >= offer.ends_at:
        reason, day = "ended", f"{localtime(offer.ends_at):%Y-%m-%d}"
    elif offer.market_code not in ("", context.market):
        reason = "wrong_market"
    elif offer.requires_coupon:
        reason = "code_missing"
    return explain(
        reason,
        language=context.language,
        locale=locale_of(context.language),
        currency=rehearsed.cart.currency,
        name=offer.label(context.language),
        date=day,
    )


def _describe(
    rehearsed: Rehearsed, offers: Sequence[OfferValue], campaign_id: int, context: QuoteContext
) -> Preview:
    cart, found = rehearsed.cart, rehearsed.evaluation
    locale = locale_of(context.language)

    def money(minor: int) -> str:
        return format_money(minor, cart.currency, locale)

    return Preview(
        rehearsed=rehearsed,
        lines=tuple(
            (
                line.line_id,
                line.quantity,
                money(line.value_minor),
                money(found.totals[line.line_id]),
            )
            for line in cart.lines
        ),
        subtotal=money(cart.value_minor),
        total=money(sum(found.totals.values())),
        discount=money(found.discount_minor),
        extras=_say_extras(rehearsed, money, context),
        refused=tuple(
            (one.code or "", one.message) for one in found.rejected if one.offer_id is None
        ),
        verdicts=judge_offers(rehearsed, offers, campaign_id, context),
    )


def _say_extras(
    rehearsed: Rehearsed, show: Callable[[int], str], context: QuoteContext
) -> tuple[str, ...]:
    """Return what offers give beside lower lines: gifts, cheaper delivery, points. One query for
    the names of gifts."""
    found = rehearsed.evaluation
    ids = {"variant": [one.variant_id for one in found.gifts]}
    names = name_goods(ids, context.language)
    gifts = [
        _("%(pieces)d × %(name)s as a gift, worth %(worth)s")
        % {
            "pieces": one.quantity,
            "name": names.get(("variant", one.variant_id), str(one.variant_id)),
            "worth": show(one.value_minor),
        }
        for one in found.gifts
    ]
    methods = load_terms(market_code=context.market, day=context.now.date()).methods
    is_chinese = context.language.startswith("zh")
    called = {one.code: (is_chinese and one.name_zh) or one.name for one in methods}
    deliveries = [
        _("%(amount)s off delivery by %(method)s")
        % {
            "amount": show(-one.amount_minor),
            "method": called.get(one.method_code, one.method_code),
        }
        for one in found.deliveries
    ]
    points = [_("%(points)d points") % {"points": one.points} for one in found.points]
    return (*gifts, *deliveries, *points)


FOLDED_FROM = 4


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A row of the list: one verdict, or all that say the same of offers that did not apply."""

    verdicts: tuple[Verdict, ...]

    @property
    def first(self) -> Verdict:
        """Return the verdict whose words stand in the row."""
        return self.verdicts[0]

    @property
    def is_folded(self) -> bool:
        """Return whether the row stands for several offers."""
        return len(self.verdicts) > 1


def fold_verdicts(verdicts: Iterable[Verdict]) -> list[VerdictRow]:
    """Return a row for each verdict, and one at the end for each reason of four offers or more.

    What applied and what belongs to the campaign that is tried always has a row of its own; the
    reason of most offers comes last.
    """
    given = list(verdicts)
    alike = Counter(one.text for one in given if _may_fold(one))
    often = {text for text, count in alike.items() if count >= FOLDED_FROM}
    rows: list[VerdictRow] = []
    folded: dict[str, list[Verdict]] = {text: [] for text in often}
    for one in given:
        if _may_fold(one) and one.text in often:
            folded[one.text].append(one)
        else:
            rows.append(VerdictRow((one,)))
    ranked = sorted(folded.values(), key=lambda some: (len(some), some[0].text))
    return [*rows, *(VerdictRow(tuple(some)) for some in ranked)]


def _may_fold(one: Verdict) -> bool:
    return not one.is_applied and not one.is_draft
