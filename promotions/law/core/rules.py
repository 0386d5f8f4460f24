"""The rules themselves: each looks at a draft under the law of one place and says what it breaks.

A rule returns the figures of its sentence, or None. It knows no database and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from promotions.law.core.claimed import (
    hidden_conditions,
    percent_in,
    protected_word,
    urgent_word,
    was_in_name,
)
from promotions.law.core.claimed import percent_in as percent_in_name
from promotions.law.core.depth import LawRow
from promotions.law.core.drafts import BoolArray, Draft, IntArray
from promotions.law.core.words import Violation


def cut_not_reached(draft: Draft, _law: LawRow) -> Detail | None:
    """A percentage in the name that the price floor keeps the products from reaching."""
    if draft.sells_below_floor or not percent_in(draft.names):
        return None
    return of_products(
        _is_below(draft, draft.percents_minor()), percent=figure(draft.named_percent)
    )


def promise_not_reached(draft: Draft, _law: LawRow) -> Detail | None:
    """Free units, an amount or a fixed price that the floor does not let products reach."""
    if draft.sells_below_floor or not draft.goods.has_floors:
        return None
    # A percentage that the name says is the affair of `cut_not_reached`.
    unit = draft.promised_minor(is_named=bool(percent_in(draft.names)))
    return of_products(_is_below(draft, unit))


def _is_below(draft: Draft, unit_minor: IntArray) -> BoolArray:
    found: BoolArray = unit_minor < np.minimum(draft.goods.floor_minor, draft.goods.public_minor)
    return found


type Rule = Callable[[Draft, LawRow], Detail | None]

MIN_LIST_SHARE = 0.20


def was_price_too_high(draft: Draft, _law: LawRow) -> Detail | None:
    """A typed "was" above the reference price of some products (PID Art. 6a, SAMR Order 56)."""
    was = draft.claims.was_minor
    if was is None:
        return None
    wrong = draft.goods.reference_minor < was
    lowest = int(draft.goods.reference_minor.min(initial=was))
    return of_products(wrong, was=_money(was), reference=_money(lowest))


def was_price_never_paid(draft: Draft, _law: LawRow) -> Detail | None:
    """A "was" or a percentage from a list price that hardly anybody paid (CMA v Emma Sleep)."""
    is_claimed = draft.claims.was_minor is not None or draft.claims.up_to_percent is not None
    if not is_claimed:
        return None
    return of_products(np.nan_to_num(draft.goods.list_share, nan=0.0) < MIN_LIST_SHARE)


def percent_not_from_reference(draft: Draft, law: LawRow) -> Detail | None:
    """A public "-X %" off a price above the reference (CJEU C-330/23 Aldi Süd)."""
    said = max(draft.percent, percent_in_name(draft.names))
    if not said or not law.looks_at_references(draft.audience, names_was=False):
        return None
    products = draft.goods
    is_cut = draft.reduced_minor() < products.public_minor
    return of_products(
        is_cut & (products.reference_minor < products.public_minor), percent=figure(said)
    )


def raised_before_cut(draft: Draft, law: LawRow) -> Detail | None:
    """The "deal" costs as much as, or more than, the products did shortly before."""
    if draft.audience != "public" or not law.raise_days:
        return None
    products = draft.goods
    reduced = draft.reduced_minor()
    is_raised = products.public_minor > products.before_raise_minor
    is_deal = reduced < products.public_minor
    return of_products(
        is_raised & is_deal & (reduced >= products.before_raise_minor), days=law.raise_days
    )


def timer_restarts(draft: Draft, law: LawRow) -> Detail | None:
    """A clock on an offer that ran a moment ago (UCPD annex I no. 7, DMCC)."""
    return _too_soon(draft, law) if draft.claims.countdown else None


def window_without_pause(draft: Draft, law: LawRow) -> Detail | None:
    """A public offer that ends only to begin again."""
    is_clocked = draft.claims.countdown
    return None if is_clocked or draft.audience != "public" else _too_soon(draft, law)


def end_extended(draft: Draft, law: LawRow) -> Detail | None:
    """An end later than the one shoppers were told."""
    told = draft.promised_ends_at
    if told is None or draft.ends_at <= told:
        return None
    return {"told": told.date().isoformat(), "pause": law.pause_days}


def timer_not_the_end(draft: Draft, _law: LawRow) -> Detail | None:
    """A clock to another moment than the stored end."""
    moment = draft.claims.countdown_to
    return None if moment in (None, draft.ends_at) else {}


def words_of_urgency(draft: Draft, _law: LawRow) -> Detail | None:
    """ "Last chance" without a clock or a count behind it."""
    word = urgent_word(draft.names)
    is_backed = draft.claims.countdown or draft.claims.only_left == "stock"
    return {"word": word} if word and not is_backed else None


def personal_not_allowed(draft: Draft, _law: LawRow) -> Detail | None:
    """A personal offer where the place allows no personal price."""
    return {} if draft.audience == "personal" and not draft.personal_allowed else None


def personal_above_cap(draft: Draft, law: LawRow) -> Detail | None:
    """A personal cut deeper than the place's cap."""
    if draft.audience != "personal" or draft.depth <= law.personal_cap:
        return None
    return {"percent": figure(draft.depth), "cap": figure(law.personal_cap)}


def gifts_above_cap(draft: Draft, law: LawRow) -> Detail | None:
    """Gifts for chosen shoppers that come together, deeper than the place's cap."""
    return None if draft.together is None else draft.together.exceed(law.personal_cap)


def label_missing(draft: Draft, _law: LawRow) -> Detail | None:
    """A personal offer without the label that the place wants."""
    is_bare = bool(draft.label_code) and not draft.claims.is_labelled
    return {} if draft.audience == "personal" and is_bare else None


def terms_not_in_language(draft: Draft, law: LawRow) -> Detail | None:
    """Names that shoppers of the place cannot read."""
    return {} if law.terms_language == "zh" and not draft.has_zh_name else None


def below_cost(draft: Draft, law: LawRow) -> Detail | None:
    """A cut below what the products cost, where that is forbidden."""
    products = draft.goods
    is_known = products.cost_minor >= 0
    if law.below_cost_allowed:
        return None
    return of_products(is_known & (draft.sold_minor() < products.cost_minor))


def below_minimum_price(draft: Draft, law: LawRow) -> Detail | None:
    """A cut below the minimum price a place sets for a kind of products."""
    sold = draft.sold_minor()
    for kind, least in law.minimum_prices:
        found = of_products(draft.goods.of_kinds(frozenset({kind})) & (sold < least), kind=kind)
        if found:
            return found
    return None


def protected_condition(draft: Draft, law: LawRow) -> Detail | None:
    """A condition on a trait nobody's price may depend on; declared groups are another matter."""
    word = protected_word([offer.get("condition") for offer in draft.offers], law.groups_allowed)
    groups = ", ".join(sorted(law.groups_allowed)) or "–"
    return {"word": word, "groups": groups} if word else None


def restricted_gift(draft: Draft, law: LawRow) -> Detail | None:
    """Giving away products of a kind that must not be a gift."""
    given = draft.given_away()
    if draft.claims.is_free and not given.any():
        given = np.ones(len(given), dtype=np.bool_)
    return _of_kind(draft, law.gift_kinds, given)


def banned_promotion(draft: Draft, law: LawRow) -> Detail | None:
    """Promoting products of a kind that must not be promoted."""
    return _of_kind(draft, law.banned_kinds, np.ones(len(draft.goods.variant_id), dtype=np.bool_))


def scarcity_not_from_stock(draft: Draft, _law: LawRow) -> Detail | None:
    """A typed "only N left"."""
    left = draft.claims.only_left
    return {"left": left} if isinstance(left, int) else None


def bait_quantity(draft: Draft, law: LawRow) -> Detail | None:
    """Less in stock than the offer must expect to sell or announces (UCPD annex I no. 5)."""
    products = draft.goods
    wanted = np.ceil(products.daily_units * law.stock_days)
    is_known = products.stock >= 0
    too_few = is_known & (products.stock < wanted)
    if draft.claims.quantity is not None:
        too_few |= is_known & (products.stock < draft.claims.quantity)
    is_public = draft.audience == "public"
    return of_products(too_few & draft.named_products(), days=law.stock_days) if is_public else None


def free_with_hidden_conditions(draft: Draft, _law: LawRow) -> Detail | None:
    """ "Free" that takes something which is not said."""
    word = hidden_conditions(draft.names, draft.claims.is_free, draft.offers)
    return {"word": word} if word and not draft.claims.terms.strip() else None


def points_without_notice(draft: Draft, law: LawRow) -> Detail | None:
    """Points that end without, or too soon after, a notice."""
    ends, told = draft.claims.points_expire, draft.claims.points_noticed
    if ends is None:
        return None
    latest = ends - timedelta(days=law.points_notice_days)
    if told is not None and told <= latest:
        return None
    return {"days": law.points_notice_days, "date": latest.date().isoformat()}


def review_tied_to_tone(draft: Draft, _law: LawRow) -> Detail | None:
    """A reward that a bad review does not get."""
    review = draft.claims.review or {}
    return {} if review.get("min_rating") or review.get("is_positive") else None


def review_not_disclosed(draft: Draft, _law: LawRow) -> Detail | None:
    """A reward for reviews that readers are not told of."""
    review = draft.claims.review
    return {} if review is not None and not review.get("is_disclosed") else None


def percent_untrue(draft: Draft, _law: LawRow) -> Detail | None:
    """A percentage in a name that no offer gives."""
    said = percent_in_name(draft.names)
    if not said or draft.claims.up_to_percent is not None or said <= draft.named_percent:
        return None
    # What is not named is reckoned: three for two is "a third off", 8.00 instead of 10.00 "20 %".
    given = max(draft.named_percent, _everywhere(draft))
    return None if said <= given else {"said": figure(said), "percent": figure(given)}


def up_to_misleading(draft: Draft, law: LawRow) -> Detail | None:
    """ "Up to" a figure that hardly any of the products get."""
    said = draft.claims.up_to_percent
    if said is None:
        return None
    prices = draft.goods.public_minor
    cut = 100.0 * (prices - draft.deepest_minor()) / np.maximum(prices, 1)
    share = float(np.mean(cut >= said - 0.5)) if len(prices) else 0.0
    if share >= law.up_to_share:
        return None
    least = figure(100 * law.up_to_share)
    return {"said": figure(said), "share": figure(round(100 * share)), "least": least}


def price_named_in_name(draft: Draft, _law: LawRow) -> Detail | None:
    """An old price typed into a name."""
    word = was_in_name(draft.names)
    return {"word": word} if word else None


RULES: tuple[Rule, ...] = (
    *(was_price_too_high, was_price_never_paid, percent_not_from_reference, raised_before_cut),
    *(timer_restarts, window_without_pause, end_extended, timer_not_the_end, words_of_urgency),
    *(personal_not_allowed, personal_above_cap, gifts_above_cap),
    *(label_missing, terms_not_in_language),
    *(below_cost, below_minimum_price, cut_not_reached, promise_not_reached, protected_condition),
    *(restricted_gift, banned_promotion, scarcity_not_from_stock, bait_quantity),
    *(free_with_hidden_conditions, points_without_notice),
    *(review_tied_to_tone, review_not_disclosed),
    *(percent_untrue, up_to_misleading, price_named_in_name),
)


def _too_soon(draft: Draft, law: LawRow) -> Detail | None:
    begins, pause = draft.starts_at, timedelta(days=law.pause_days)
    before = [one for one in draft.windows if one.starts_at < begins < one.ends_at + pause]
    if not before:
        return None
    last = max(before, key=lambda one: one.ends_at)
    ends = last.ends_at.date().isoformat()
    first = (last.ends_at + pause).date().isoformat()
    return {"name": last.name, "ends": ends, "pause": law.pause_days, "date": first}


def _of_kind(draft: Draft, kinds: frozenset[str], among: BoolArray) -> Detail | None:
    for kind in sorted(kinds):
        found = of_products(draft.goods.of_kinds(frozenset({kind})) & among, kind=kind)
        if found:
            return found
    return None


def _everywhere(draft: Draft) -> float:
    """Return how deep all products go that are cheaper at all, percent with one decimal."""
    prices = draft.goods.public_minor
    cut = (prices - draft.deepest_minor()) / np.maximum(prices, 1)
    return round(100.0 * float(np.min(cut[cut > 0], initial=1.0)), 1) if cut.any() else 0.0


def _money(minor: int) -> str:
    return f"{minor / 100:.2f}"


def judge_draft(draft: Draft, law: LawRow) -> tuple[Violation, ...]:
    """Return every rule that `draft` breaks under `law`, in the order of RULES; none: lawful.

    >>> from promotions.law.core.drafts import example_draft
    >>> judge_draft(example_draft(percent=10), LawRow("EU"))
    ()
    >>> [one.rule for one in judge_draft(example_draft(audience="personal", percent=40),
    ...                                  LawRow("EU"))]
    ['personal_above_cap']
    """
    found: list[Violation] = []
    for rule in RULES:
        detail = rule(draft, law)
        if detail is not None:
            said = {word: value for word, value in detail.items() if word != WHERE}
            products = draft.goods.variant_id[detail[WHERE]].tolist() if WHERE in detail else ()
            found.append(Violation(rule.__name__, law.code, law.source, said, tuple(products)))
    return tuple(found)


def merge_violations(found: Iterable[Violation]) -> tuple[Violation, ...]:
    """Return each rule once, with the first place it was broken in and the products of all places.

    >>> merge_violations([Violation("a", "EU"), Violation("a", "DE")])
    (Violation(rule='a', place='EU', source='', detail={}),)
    """
    kept: dict[str, Violation] = {}
    products: dict[str, set[int]] = {}
    for one in found:
        kept.setdefault(one.rule, one)
        products.setdefault(one.rule, set()).update(one.variant_ids)
    return tuple(
        replace(one, variant_ids=tuple(sorted(products[rule]))) for rule, one in kept.items()
    )


# The figures of a sentence, and under WHERE which products are concerned, a mask (m,)
type Detail = Mapping[str, Any]
WHERE = "where"


def of_products(wrong: BoolArray, **detail: str | float) -> Detail | None:
    """Return the figures with how many products are concerned; None for none."""
    count = int(np.count_nonzero(wrong))
    return {"goods": count, WHERE: wrong, **detail} if count else None


def figure(value: float) -> str:
    """Return a number as a sentence has it.

    >>> figure(12.5), figure(30.0)
    ('12.5', '30')
    """
    return f"{value:g}"
