"""Names and terms of what staff fill in, in the words of shoppers: English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any as Json

from promotions.core.builder.benefits import say_bounds
from promotions.core.builder.conditions import list_clauses
from promotions.core.builder.names import name_promotion
from promotions.core.builder.plans import Answers, Template
from promotions.core.builder.words import Lexicon, list_ids
from promotions.core.carts import Scope
from promotions.core.conditions import All, Condition, list_scopes, needed_facts
from promotions.core.parse import parse_scope
from promotions.core.parse_conditions import parse_condition
from promotions.selectors.builder_drafts import compile_campaign
from shop.catalog.selectors import get_market
from shop.catalog.selectors.naming import name_goods

LANGUAGES = ("en", "zh-hans")
INFERRED = frozenset({"segment", "tags"})


def name_filled(template: Template, answers: Answers, *, market_code: str) -> tuple[str, str]:
    """Return what shoppers read of a filled-in sentence, in English and in Chinese.

    Two queries for each kind of goods it names.
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

    Two queries for each kind of goods that conditions name.
    """
    conditions = [parse_condition(offer.get("condition") or {}) for offer in offers]
    coded = any(offer.get("requires_coupon") for offer in offers)
    scopes = [scope for one in conditions for scope in list_scopes(one)]
    said = (_say_taken(conditions, words, coded=coded) for words in speak(scopes, market_code))
    return " / ".join(filter(None, said))


def list_offer_terms(*, campaign_id: int, offer_id: int, language: str) -> tuple[str, ...]:
    """Return what an offer asks and of how many units, clause by clause, as shoppers read it.

    What the shop inferred of somebody (segment, tags) is told by the reason beside the offer, not
    here: those clauses are in the words of staff. Two queries, and one for each kind of goods that
    conditions name.
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
        taken.append(words.pick(("a code is entered", "需输入优惠码")))
    return words.pick((", ", "，")).join(dict.fromkeys(taken))


def speak(scopes: Iterable[Scope], market_code: str) -> list[Lexicon]:
    """Return English and Chinese with what the scopes name.

    Two queries for each kind of goods.
    """
    ids, currency = list_ids(scopes), get_market(market_code).currency if market_code else "USD"
    return [
        Lexicon(
            language,
            "zh_Hans_CN" if language.startswith("zh") else "en_US",
            currency,
            dict(name_goods(ids, language, with_sku=False).items()),
        )
        for language in LANGUAGES
    ]
