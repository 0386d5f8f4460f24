"""Offers as sentences: names looked up for what is stored, and products for what staff type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from typing import Any as Json

from babel import Locale
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from profiles.segments.api import TAG_NAMES, list_segments
from promotions.campaigns.api import CampaignRows, compile_rows, load_rows
from promotions.campaigns.models import Campaign, Offer, StackingGroup
from promotions.coupons.models import CodeBatch, Coupon, UseLimit, VerifiedGroup
from promotions.engine.api import (
    Counted,
    Entity,
    Gift,
    OfferValue,
    Period,
    Scope,
    extra_scopes,
    list_scopes,
    needed_facts,
    parse_condition,
    parse_scope,
)
from promotions.loyalty.models import MembershipTier
from promotions.partners.models import Partner, PartnerShare
from promotions.sentences.api import (
    Lexicon,
    list_ids,
    say_condition,
    say_offer,
    write_percent,
)
from shop.ground.catalog.selectors import get_market, list_markets, load_variant_arrays
from shop.ground.catalog.selectors.naming import (
    find_goods,
    list_paths,
    name_goods,
    suggest_products,
)
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, locale_of, pgettext_noop, translate


def list_tiers() -> list[tuple[str, str, str]]:
    """Return (code, name, Chinese name) of each tier, the lowest first. One query."""
    rows = MembershipTier.objects.order_by("threshold_minor", "-terms_id")
    named = {code: (code, name, zh) for code, name, zh in _name(rows)}
    return list(named.values())


def list_groups() -> list[tuple[str, str, str]]:
    """Return (code, name, Chinese name) of each group in use. One query."""
    return _name(VerifiedGroup.objects.filter(is_active=True))


def _name(rows: Any) -> list[tuple[str, str, str]]:
    return list(rows.values_list("code", "name", "name_zh"))


_BY: Mapping[str, str] = {
    Entity.GLOBAL: "",
    Entity.CODE: gettext_noop(" a code"),
    Entity.SHOPPER: gettext_noop(" a shopper"),
    Entity.ORDER: gettext_noop(" an order"),
    Entity.CHANNEL: gettext_noop(" a channel"),
}
_PER: Mapping[str, str] = {
    Period.NONE: "",
    Period.DAY: gettext_noop(" each day"),
    Period.WEEK: gettext_noop(" each week"),
    Period.MONTH: gettext_noop(" each month"),
}
_WHAT: Mapping[str, str] = {
    Counted.UNITS: pgettext_noop("limit", "pieces"),
    Counted.USES: gettext_noop("uses"),
}


def say_extras(
    campaign: Campaign, words: Lexicon, *, has_codes: bool
) -> dict[int, tuple[str, ...]]:
    """Return the clauses by offer; 0 stands for all offers of the campaign.

    Three queries, one where no offer asks for a code; the partner's share is in the campaign's own.
    """
    said: dict[int, list[str]] = defaultdict(list)
    codes = _say_codes(campaign, words) if has_codes else ()
    for key, clause in (*codes, *_say_limits(campaign, words)):
        said[key].append(clause)
    share: PartnerShare | None = getattr(campaign, "partner_share", None)
    if share is not None:
        said[0].append(_say_share(share, words))
    return {key: tuple(clauses) for key, clauses in said.items()}


def _say_codes(campaign: Campaign, words: Lexicon) -> Iterator[tuple[int, str]]:
    single = Coupon.objects.filter(offer__campaign=campaign, batch__isnull=True).order_by("offer")
    counted = single.values_list("offer_id").annotate(Count("pk"), Min("code"))
    for offer_id, count, code in counted:
        if count == 1:
            yield offer_id, words.translate("the code is {code}", code=code)
        else:
            said = gettext_noop("with one of {count} codes such as {code}")
            yield offer_id, words.translate(said, count=f"{count:,}", code=code)
    for batch in CodeBatch.objects.filter(offer__campaign=campaign).order_by("pk"):
        said = gettext_noop("with one of {count} codes like {pattern}")
        amount = f"{batch.amount:,}"
        yield batch.offer_id, words.translate(said, count=amount, pattern=batch.pattern)


def _say_limits(campaign: Campaign, words: Lexicon) -> Iterator[tuple[int, str]]:
    of = Q(offer__campaign=campaign) | Q(campaign=campaign)
    for limit in UseLimit.objects.filter(of, is_active=True):
        by, per = words.translate(_BY[limit.entity]), words.translate(_PER[limit.period])
        own = words.translate("{by}{per}", by=by, per=per)
        if limit.max_uses is not None:
            yield (
                limit.offer_id or 0,
                words.translate(
                    "{count} {what}{own} only",
                    count=limit.max_uses,
                    what=words.translate(_WHAT[limit.counted]),
                    own=own,
                ),
            )
        if limit.max_minor is not None:
            money = words.money(limit.max_minor)
            yield limit.offer_id or 0, words.translate("at most {money}{own}", money=money, own=own)


def _say_share(share: PartnerShare, words: Lexicon) -> str:
    name, percent = share.partner.name, write_percent(share.percent)
    said = words.translate("{name} pays {percent} % of it", name=name, percent=percent)
    if share.cap_minor is None:
        return said
    return words.translate("{said}, {cap} at most", said=said, cap=words.money(share.cap_minor))


_WORDS = {"category": "categories", "brand": "brands", "variant": "variants"}


class UnknownProducts(FairtagError):
    """The text names no products, or several; the sentence says which and what to write."""

    code = "unknown_goods"


@dataclass(frozen=True, slots=True)
class SaidOffer:
    """An offer in words."""

    offer_id: int
    code: str
    name: str
    sentence: str


def read_goods(text: str) -> dict[str, list[int]]:
    """Return the JSON scope of products typed as names, paths or SKUs with commas between them, or
    picked as "category:12".

    Nothing means all products. Raises UnknownProducts. At most three queries a name,
    five where it is refused.
    """
    scope: dict[str, list[int]] = {}
    for name in filter(None, (part.strip() for part in text.replace("，", ",").split(","))):
        found = _read_token(name) or find_goods(name)
        if not found:
            raise UnknownProducts(_say_unknown(name))
        if len(found) > 1:
            raise UnknownProducts(_say_ambiguous(name, found))
        kind, key = found[0]
        scope.setdefault(_WORDS[kind], []).append(key)
    if "variants" in scope and len(scope) > 1:
        raise UnknownProducts(
            _("Write SKUs alone: they cannot be mixed with categories or brands.")
        )
    parse_scope(scope)
    return scope


def _read_token(text: str) -> list[tuple[str, int]]:
    """Return what a picker names by kind and id, "category:12"; none for what somebody typed."""
    kind, _colon, key = text.partition(":")
    return [(kind, int(key))] if kind in _WORDS and key.isdecimal() else []


def _say_unknown(name: str) -> str:
    """Return that there are no such products, with what is called alike."""
    said = _("There is no category, brand or SKU “%(name)s”.") % {"name": name}
    alike = suggest_products(name)
    return (
        f"{said} {_('Similar names: %(names)s.') % {'names': ', '.join(alike)}}" if alike else said
    )


def _say_ambiguous(name: str, found: Sequence[tuple[str, int]]) -> str:
    """Return what to write instead: the paths of the categories, or SKUs."""
    paths = list_paths([key for kind, key in found if kind == "category"])
    if not paths:
        return _("Several brands are called “%(name)s”: write SKUs.") % {"name": name}
    said = _("Several categories are called “%(name)s”: write which is meant, %(paths)s.")
    return said % {"name": name, "paths": ", ".join(paths)}


def list_partners() -> list[tuple[str, str]]:
    """Return (code, name) of partners that campaigns may name. One query."""
    return list(Partner.objects.filter(is_active=True).values_list("code", "name"))


def list_stacking_groups() -> list[tuple[int, str]]:
    """Return (id, name) of the groups of the stacking tree. One query."""
    return list(StackingGroup.objects.order_by("name").values_list("pk", "name"))


def list_best_groups() -> list[str]:
    """Return the names of groups of which only the best offer applies. One query."""
    named = Offer.objects.exclude(stacking_group="").values_list("stacking_group", flat=True)
    return sorted(set(named.distinct()[:100]))


def make_lexicon(offers: Iterable[OfferValue], *, currency: str, language: str) -> Lexicon:
    """Return the words to say `offers` with. One query for each kind of products
    they name, one for segments, and one for the groups of the stacking tree."""
    offers = list(offers)
    facts = frozenset().union(*(needed_facts(offer.condition) for offer in offers))
    codes = {one.code for one in list_markets()}
    scopes = [scope for offer in offers for scope in _scopes_of(offer)]
    words = name_words(scopes, facts, codes, currency=currency, language=language)
    return replace(words, names={**words.names, **_name_groups(offers)})


def _name_groups(offers: Iterable[OfferValue]) -> dict[tuple[str, int | str], str]:
    """Return the names of the groups of the stacking tree. One query, none where no offer has
    one."""
    codes = {group.code for offer in offers for group in offer.groups}
    rows = StackingGroup.objects.filter(code__in=codes) if codes else StackingGroup.objects.none()
    return {("group of offers", code): name for code, name in rows.values_list("code", "name")}


def say_rows(conditions: Sequence[Mapping[str, Json]], words: Lexicon) -> list[str]:
    """Return each condition in words. No query."""
    return [say_condition(parse_condition(dict(one)), words) for one in conditions]


def name_words(
    scopes: Iterable[Scope],
    facts: frozenset[str],
    markets: Iterable[str],
    *,
    currency: str,
    language: str,
) -> Lexicon:
    """Return the words for scopes, facts of shoppers and markets. One query for each kind of
    products they name, and one for segments, tiers and groups each."""
    is_chinese, ids = language.startswith("zh"), list_ids(scopes)
    names: dict[tuple[str, int | str], str] = dict(name_goods(ids, language).items())
    names |= {("market", code): name_market(code, language) for code in markets}
    if "segment" in facts:
        pairs = ((one.code, (one.name, one.name_zh)) for one in list_segments())
        names |= {("segment", code): said[is_chinese] for code, said in pairs}
    if "tags" in facts:
        names |= {("tag", code): translate(said, language) for code, said in TAG_NAMES.items()}
    for kind, fact, list_named in (("tier", "tier", list_tiers), ("group", "groups", list_groups)):
        if fact in facts:
            named = ((code, (name, zh or name)) for code, name, zh in list_named())
            names |= {(kind, code): said[is_chinese] for code, said in named}
    product_of = load_variant_arrays().list_products(ids["variant"])
    return Lexicon(language, locale_of(language), currency, names, product_of)


def name_market(code: str, language: str) -> str:
    """Return the country of a market in the reader's language, or what staff call it."""
    market = get_market(code)
    called = Locale("zh" if language.startswith("zh") else "en").territories.get(market.country)
    return called or market.name


def load_said(campaign_id: int) -> CampaignRows:
    """Return the rows of a campaign with all that its sentence says. Three queries."""
    return load_rows(campaign_id, "partner_share__partner")


def speak_campaign(rows: CampaignRows, language: str) -> Lexicon:
    """Return the words to say a campaign's offers with. The queries of `make_lexicon`."""
    code = rows.campaign.market_code
    currency = get_market(code).currency if code else "USD"
    return make_lexicon(compile_rows(rows), currency=currency, language=language)


def say_campaign(
    campaign_id: int,
    *,
    language: str,
    rows: CampaignRows | None = None,
    words: Lexicon | None = None,
) -> list[SaidOffer]:
    """Return every active offer of a campaign in words, from what is stored; `rows` are those of
    `load_said` and `words` those of `speak_campaign`, for who has them.

    Three queries beside those of both.
    """
    rows = load_said(campaign_id) if rows is None else rows
    words = speak_campaign(rows, language) if words is None else words
    campaign, offers = rows.campaign, compile_rows(rows)
    market = get_market(campaign.market_code) if campaign.market_code else None
    zone = "UTC" if market is None else market.time_zone
    has_codes = any(one.requires_coupon for one in rows.offers)
    extra = say_extras(campaign, words, has_codes=has_codes)
    shared = (*extra.get(0, ()), *_say_holdout(campaign, words))
    return [
        SaidOffer(
            offer.offer_id,
            offer.code,
            offer.label(language),
            say_offer(
                offer,
                words,
                time_zone=zone,
                budget_minor=campaign.budget_minor,
                limits=(*extra.get(offer.offer_id, ()), *shared),
            ),
        )
        for offer in offers
    ]


def _say_holdout(campaign: Campaign, words: Lexicon) -> tuple[str, ...]:
    """Return that a share of shoppers is held out, if it is."""
    share = campaign.holdout_percent
    if not share:
        return ()
    said = gettext_noop("{share} % of these shoppers do not get it, to measure what it brings")
    return (words.translate(said, share=share),)


def _scopes_of(offer: OfferValue) -> list[Scope]:
    scopes = [
        offer.scope,
        *extra_scopes(offer.benefit.terms),
        *list_scopes(offer.condition),
    ]
    if isinstance(offer.benefit.terms, Gift):
        scopes.append(replace(Scope(), variant_ids=frozenset(offer.benefit.terms.variant_ids)))
    return scopes


__all__ = [
    "Json",
    "SaidOffer",
    "UnknownProducts",
    "list_best_groups",
    "list_partners",
    "list_stacking_groups",
    "make_lexicon",
    "name_market",
    "read_goods",
    "say_campaign",
    "say_rows",
]
