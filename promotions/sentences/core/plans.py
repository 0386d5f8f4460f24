"""Campaign snapshots made from filled-in sentences: offers, codes and limits as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any as Json

from promotions.campaigns.core.revisions import FORMAT, OFFERS
from shop.ground.kernel.translation import gettext_noop, translate

# Where offers on products choose the best for each unit, until staff name another group
PRODUCT_GROUP = "weekly"

_WINDOW_OF = gettext_noop(
    " from {starts_at} to {ends_at}, at most {budget} in all. Its goal: {goal}."
)

type Answers = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank of a sentence. `kind` says what may stand in it, `example` what stands at first.

    Kinds: percent, money, count, products, moment, word, words, code, pattern, choice, gift,
    partner, segments, tags, tiers, groups, weekdays, clock, box. `choices` are (value, name).
    """

    name: str
    kind: str
    label: str
    example: str = ""
    is_needed: bool = True
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sentence becomes before it has a name: fields of a campaign and of its one offer.

    `coupon` (code, uses of a shopper), `batch` (pattern, amount), `limit` (most pieces) and
    `partner` (code, percent) are rows beside it, None where the sentence has none.
    """

    campaign: dict[str, Json]
    offer: dict[str, Json]
    coupon: dict[str, Json] | None = None
    batch: dict[str, Json] | None = None
    limit: dict[str, Json] | None = None
    partner: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with blanks for one kind of promotion, and what it comes to when filled in.

    `sentence` has the blanks in braces.
    `is_of_products`: it lowers products, and not the order as a whole; `is_of_units`: each of
    their units for itself, no sets; `is_of_campaign`: it says something of the campaign, too, or
    has codes, a partner or a number of pieces beside the offer; `is_for_members`: nobody else gets
    it.
    """

    code: str
    title: str
    hint: str
    sentence: str
    blanks: tuple[Blank, ...]
    build: Callable[[Answers], Plan] = field(repr=False)
    is_of_products: bool = True
    is_of_units: bool = False
    is_of_campaign: bool = False
    is_for_members: bool = False

    @property
    def may_hold_out(self) -> bool:
        """Return whether shoppers may be left without it: it is not always for everybody."""
        return self.is_for_members or any(blank.name == "audience" for blank in self.blanks)

    def say(self, language: str) -> str:
        """Return the sentence with its blanks in braces; one with a budget ends in its window."""
        said = translate(self.sentence, language)
        has_window = any(blank.name == "budget" for blank in self.blanks)
        return said + translate(_WINDOW_OF, language) if has_window else said

    @property
    def has_scope(self) -> bool:
        """Return whether it means the products of one blank, which prices may narrow."""
        return [blank.name for blank in self.blanks if blank.kind == "goods"] == ["goods"]

    @property
    def stacking(self) -> Mapping[str, str]:
        """Return how it goes with others until staff choose: no two of one group on one unit."""
        if not self.is_of_products:
            return {"stacking": "stack", "stacking_group": ""}
        return {"stacking": "best_unit", "stacking_group": PRODUCT_GROUP}


def make_snapshot(
    plan: Plan,
    answers: Answers,
    conditions: list[dict[str, Json]],
    bounds: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Return the campaign's snapshot: the plan with name, code, window, market, budget, clauses,
    and how it combines.

    `conditions` are JSON conditions that must hold besides the plan's own, `bounds` fields of the
    offer that narrow it.
    """
    named = {key: answers.get(key) or "" for key in _NAMED}
    window = {key: write_moment(answers[key]) for key in ("starts_at", "ends_at")}
    return {
        "format": FORMAT,
        "market_code": answers.get("market_code") or "",
        "budget_minor": answers.get("budget"),
        "holdout_percent": answers.get("holdout_percent") or 0,
        "goal": answers.get("goal") or GOAL_OF.get(plan.campaign.get("kind", ""), "sales"),
        **plan.campaign,
        **named,
        **window,
        OFFERS: [make_offer(plan, answers, conditions, bounds)],
    }


def make_offer(
    plan: Plan,
    answers: Answers,
    conditions: list[dict[str, Json]],
    bounds: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Return the plan's offer as snapshots have it, with its name, code and how it combines."""
    offer = {**plan.offer, **(bounds or {})}
    own = offer.pop("condition", {})
    offer["condition"] = join_conditions([*([own] if own else []), *conditions])
    said = {key: answers[key] for key in _STACKING if key in answers}
    return {**BARE_OFFER, **offer, **said, **{key: answers.get(key) or "" for key in _NAMED}}


# What a kind of campaign is for until staff choose another goal
GOAL_OF: Mapping[str, str] = {
    "welcome": "newcomers",
    "referral": "newcomers",
    "win_back": "loyalty",
    "loyalty": "loyalty",
}
_NAMED = ("name", "name_zh", "code")
_STACKING = ("stacking", "stacking_group", "group")
BARE_OFFER: Mapping[str, Json] = {
    "target": "cart",
    "percent": None,
    "amount_minor": None,
    "max_discount_minor": None,
    "max_line_units": None,
    "max_order_units": None,
    "cheapest_first": False,
    "terms": {},
    "scope": {},
    "requires_coupon": False,
    "is_active": True,
}


def join_conditions(conditions: list[dict[str, Json]]) -> dict[str, Json]:
    """Return one condition that holds when all do; parts of an "all" stand beside the others.

    >>> join_conditions([{"all": [{"member": True}, {"cart_value": 5}]}, {"first_order": True}])
    {'all': [{'member': True}, {'cart_value': 5}, {'first_order': True}]}
    """
    parts: list[dict[str, Json]] = []
    for one in conditions:
        for part in one["all"] if set(one) == {"all"} else [one]:
            if part and part not in parts:
                parts.append(part)
    if not parts:
        return {}
    return parts[0] if len(parts) == 1 else {"all": parts}


def write_moment(moment: datetime) -> str:
    """Return a moment as snapshots have it.

    >>> write_moment(datetime(2026, 12, 1, tzinfo=UTC))
    '2026-12-01T00:00:00+00:00'
    """
    return moment.astimezone(UTC).isoformat()


def write_percent(percent: Decimal) -> str:
    """Return a percentage as snapshots have it.

    >>> write_percent(Decimal("12.50"))
    '12.5'
    """
    return f"{percent.normalize():f}"
