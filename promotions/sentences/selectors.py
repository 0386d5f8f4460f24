"""Offers in words, with the products they mean named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any as Json

from promotions.campaigns.api import compile_campaign, load_offer_book
from promotions.engine.api import (
    All,
    Condition,
    Scope,
    is_multibuy,
    list_scopes,
    needed_facts,
    parse_condition,
    parse_scope,
)
from promotions.sentences.core.benefits import say_bounds
from promotions.sentences.core.conditions import list_clauses
from promotions.sentences.core.deals import name_promotion, say_deal
from promotions.sentences.core.plans import Answers, Template
from promotions.sentences.core.words import Lexicon, list_ids
from shop.ground.catalog.selectors import catalog_version, get_market, load_variant_arrays
from shop.ground.catalog.selectors.naming import name_goods
from shop.ground.kernel.translation import locale_of

LANGUAGES = ("en", "zh-hans")
INFERRED = frozenset({"segment", "tags"})


def name_filled(template: Template, answers: Answers, *, market_code: str) -> tuple[str, str]:
    """Return what shoppers read of a filled-in sentence, in English and in Chinese.

    Two queries for each kind of products it names.
    """
    kinds = {blank.name: blank.kind for blank in template.blanks}
    scopes = [parse_scope(answers.get(name) or {}) for name in kinds if kinds[name] == "goods"]
    given = [answers[name] for name in kinds if kinds[name] == "gift" and name in answers]
    scopes += [Scope(variant_ids=frozenset(ids)) for ids in given]
    english, chinese = (
        name_promotion(template, answers, words) for words in speak(scopes, market_code)
    )
    return english, chinese


def say_terms(offers: Iterable[Mapping[str, Json]], *, market_code: str) -> str:
    """Return what offers of a snapshot take, in both languages; "" if they take nothing.

    Two queries for each kind of products that conditions name.
    """
    conditions = [parse_condition(offer.get("condition") or {}) for offer in offers]
    coded = any(offer.get("requires_coupon") for offer in offers)
    scopes = [scope for one in conditions for scope in list_scopes(one)]
    said = (_say_taken(conditions, words, coded=coded) for words in speak(scopes, market_code))
    return " / ".join(filter(None, said))


def list_offer_terms(*, campaign_id: int, offer_id: int, language: str) -> tuple[str, ...]:
    """Return what an offer asks and of how many units, clause by clause, as shoppers read it.

    What the shop inferred of somebody (segment, tags) is told by the reason beside the offer, not
    here: those clauses are in the words of staff. Two queries, and one for each kind of products
    that conditions name.
    """
    offer = next((o for o in compile_campaign(campaign_id) if o.offer_id == offer_id), None)
    if offer is None:
        return ()
    parts = offer.condition.parts if isinstance(offer.condition, All) else (offer.condition,)
    told = [one for one in parts if not needed_facts(one) & INFERRED]
    scopes = [scope for one in told for scope in list_scopes(one)]
    english, chinese = speak(scopes, offer.market_code)
    words = chinese if language.startswith("zh") else english
    asked = [text for one in told for text in list_clauses(one, words)]
    return (*asked, *say_bounds(offer.benefit, words))


def _say_taken(conditions: Iterable[Condition], words: Lexicon, *, coded: bool) -> str:
    taken = [text for one in conditions for text in list_clauses(one, words)]
    if coded:
        taken.append(words.translate("a code is entered"))
    return words.translate(", ").join(dict.fromkeys(taken))


def speak(scopes: Iterable[Scope], market_code: str) -> list[Lexicon]:
    """Return English and Chinese with what the scopes name.

    Two queries for each kind of products.
    """
    ids, currency = list_ids(scopes), get_market(market_code).currency if market_code else "USD"
    product_of = load_variant_arrays().list_products(ids["variant"])
    return [
        Lexicon(
            language,
            locale_of(language),
            currency,
            dict(name_goods(ids, language, with_sku=False).items()),
            product_of,
        )
        for language in LANGUAGES
    ]


def name_deals(language: str) -> Mapping[int, str]:
    """Return what each offer on several units gives, by offer id, with its products named.

    No query, but two for each kind of products they name once offers or the catalogue changed.
    """
    return _name_deals(load_offer_book().version, catalog_version(), language)


@lru_cache(maxsize=4)
def _name_deals(book_version: int, catalogue: int, language: str) -> dict[int, str]:
    """Return the texts; the versions key the memory."""
    named = {}
    for offer in filter(is_multibuy, load_offer_book().offers):
        english, chinese = speak((*offer.scopes, *list_scopes(offer.condition)), offer.market_code)
        named[offer.offer_id] = say_deal(offer, chinese if language.startswith("zh") else english)
    return named
