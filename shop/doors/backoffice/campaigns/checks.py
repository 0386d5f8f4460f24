"""Answers to what staff ask of a campaign, made by a worker: told how far, kept as it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import override

from orders.reports.api import load_recorded_orders
from pricing.api import home_place
from promotions.campaigns.api import (
    CampaignRefused,
    CampaignView,
    find_campaign,
    find_costs,
    load_limits,
)
from promotions.engine.api import CartValue
from promotions.law.api import RULES, Violation, explain_rule, list_violations, title_rule
from promotions.release.api import (
    BROKEN,
    GOODS,
    REFUSED,
    TOO_LONG,
    CheckStopped,
    CheckTask,
    Conflict,
    advance_check,
    begin_next_check,
    fail_check,
    find_worst_stack,
    finish_check,
    list_conflicts,
    list_neighbours,
    name_campaigns,
    take_out_asked,
)
from shop.doors.backoffice.campaigns.audiences import Audience, count_audience
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.rehearsals.prospects import (
    describe_burn,
    describe_conflicts,
    describe_forecast,
    describe_prospect,
    foresee,
    list_bands,
    list_daily,
    show_amount,
)
from shop.doors.backoffice.rehearsals.rehearsals import Rehearsal, make_carts, rehearse_campaign
from shop.ground.catalog.selectors.naming import name_goods
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.numbers import show_count, show_units
from shop.ground.staff.phrases import join_names
from shop.ground.staff.reasons import say_refusal

MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Case:
    """A rule broken in some places: where, what is wrong, what to do, and where the rule stands."""

    places: str
    sentence: str
    remedy: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that is broken, with the products concerned: some by name, and how many are `more`.

    `may_take_out`: there are any, so that offers can leave them out.
    """

    rule: str
    title: str
    cases: tuple[Case, ...]
    goods: tuple[str, ...]
    more: int
    may_take_out: bool = False


@dataclass(frozen=True, slots=True)
class LawReport:
    """All rules: the broken ones in full, the others by title; `places` are those asked."""

    places: tuple[str, ...]
    broken: tuple[BrokenRule, ...]
    kept: tuple[str, ...]

    @property
    def is_lawful(self) -> bool:
        """Return whether the campaign may be released as it is."""
        return not self.broken


def describe_law(places: Sequence[str], found: Sequence[Violation], language: str) -> LawReport:
    """Return what `list_violations` found in words. One query for the names of products."""
    by_rule: dict[str, list[Violation]] = {}
    for one in found:
        by_rule.setdefault(one.rule, []).append(one)
    named = {v for some in by_rule.values() for one in some for v in one.variant_ids[:MOST_NAMED]}
    names = name_goods({"variant": named}, language)
    names_of = {key: said for (_kind, key), said in names.items()}
    return LawReport(
        places=tuple(places),
        broken=tuple(_say_rule(rule, some, names_of, language) for rule, some in by_rule.items()),
        kept=tuple(
            title_rule(rule.__name__, language) for rule in RULES if rule.__name__ not in by_rule
        ),
    )


def list_products_of_rules(found: Iterable[Violation]) -> dict[str, list[int]]:
    """Return the products each broken rule names, ascending; no row for one that names none."""
    products: dict[str, set[int]] = {}
    for one in found:
        products.setdefault(one.rule, set()).update(one.variant_ids)
    return {rule: sorted(ids) for rule, ids in products.items() if ids}


def _say_rule(
    rule: str, found: list[Violation], names: dict[int, str], language: str
) -> BrokenRule:
    products = sorted({variant for one in found for variant in one.variant_ids})
    may_take_out = rule in list_products_of_rules(found)
    said = [names[one] for one in products if one in names][:MOST_NAMED]
    cases = tuple(_group(found, language))
    more = len(products) - len(said)
    return BrokenRule(rule, title_rule(rule, language), cases, tuple(said), more, may_take_out)


def _group(found: Iterable[Violation], language: str) -> Iterable[Case]:
    """Return one case for all places of which the same is said."""
    alike: dict[tuple[str, str], list[Violation]] = {}
    for one in found:
        alike.setdefault(explain_rule(one, language), []).append(one)
    for (sentence, remedy), some in alike.items():
        places = join_names(dict.fromkeys(one.place for one in some))
        sources = tuple(dict.fromkeys(one.source for one in some if one.source))
        yield Case(places, sentence, remedy, sources)


type Progress = Callable[[int, int], None]

WHOLE = 100
PAUSE = timedelta(milliseconds=500)
# The recorded carts that a release is checked on
RECENT, MOST_ORDERS = timedelta(days=28), 500
CARTS_SECONDS = 60.0
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(slots=True)
class Telling:
    """Tells staff and the run of the job how far a check is, twice a second at most."""

    check_id: int
    on_progress: Progress
    told_at: datetime | None = None

    def between(self, step: str, first: int, last: int) -> Progress:
        """Return what counts a step that takes the answer from `first` to `last` percent."""

        def tell(done: int, of: int) -> None:
            now = utc_now()
            if self.told_at is None or done == 0 or now - self.told_at >= PAUSE:
                self.told_at = now
                percent = first + (last - first) * done // max(of, 1)
                advance_check(check_id=self.check_id, step=step, percent=percent)
                self.on_progress(percent, WHOLE)

        return tell


def answer_checks(
    *,
    on_progress: Progress = lambda done, of: None,
    gives_way: Callable[[], bool] = lambda: False,
    ask_another: Callable[[], None] = lambda: None,
) -> int:
    """Answer every open question that nobody answers, those about the law first, until it
    `gives_way`; return how many were answered.

    One that is stopped is left where it is. What goes wrong is kept as the reason why there is no
    answer, and raised so that the run says it too; the next run goes on with the others. With each
    question that is begun, `ask_another` worker to look for more.
    """
    answered = 0
    while not gives_way():
        with begin_next_check(now=utc_now()) as task:
            if task is None:
                break
            ask_another()
            answered += _answer(task, Telling(task.check_id, on_progress))
    return answered


def _answer(task: CheckTask, telling: Telling) -> bool:
    """Keep the answer to a question, or why there is none; return whether it was answered."""
    try:
        answer = ANSWERS[task.kind](task, telling)
    except CheckStopped:
        return False
    except CampaignRefused:
        told = _in_languages(partial(_say_refusal, task))
        fail_check(check_id=task.check_id, failure=REFUSED, now=utc_now(), answer=told)
        return False
    except SoftTimeLimitExceeded:
        fail_check(check_id=task.check_id, failure=TOO_LONG, now=utc_now())
        raise
    except Exception:
        fail_check(check_id=task.check_id, failure=BROKEN, now=utc_now())
        raise
    finish_check(check_id=task.check_id, answer=answer, now=utc_now())
    return True


def answer_law(task: CheckTask, telling: Telling) -> dict[str, Any]:
    """Return what the law says of a campaign, by language, and the products each broken rule names.

    Products that are to be taken out of it are taken out before.
    """
    if task.rule:
        telling.between("goods", 0, 30)(0, 1)
        take_out_asked(check_id=task.check_id, now=utc_now())
    tell = telling.between("law", 30 if task.rule else 0, 80)
    tell(0, 1)
    places, found = list_violations(campaign_id=task.campaign_id, now=utc_now(), on_progress=tell)

    worst = _find_worst(task, telling.between("overlaps", 80, 98))

    def describe(language: str) -> dict[str, Any]:
        report = describe_law(places, found, language)
        stack = describe_stack(worst, language)
        return {**asdict(report), "is_lawful": report.is_lawful, "stack": stack}

    return {**_in_languages(describe), GOODS: list_products_of_rules(found)}


def _find_worst(task: CheckTask, tell: Progress) -> Conflict | None:
    """Return its worst stack with others on products and recent recorded carts."""
    now = utc_now()
    campaign = find_campaign(task.campaign_id, now=now)
    if campaign is None:
        raise CheckStopped
    market = market_of(campaign)

    def load() -> list[CartValue]:
        orders = load_recorded_orders(
            market_code=market, since=now - RECENT, until=now, limit=MOST_ORDERS
        )
        return make_carts(orders, now=now)

    # Drafts that are saved together are checked on the same carts.
    carts = remember(("recent carts", market), CARTS_SECONDS, load)
    return find_worst_stack(campaign_id=task.campaign_id, now=now, carts=carts, on_progress=tell)


def _say_refusal(task: CheckTask, _language: str) -> str:
    """Return why products cannot be taken out, in the language that is spoken now: asked once more,
    in a transaction that is taken back."""
    try:
        with transaction.atomic():
            take_out_asked(check_id=task.check_id, now=utc_now())
            transaction.set_rollback(True)
    except CampaignRefused as refusal:
        return say_refusal(refusal)
    return ""


def answer_rehearsal(task: CheckTask, telling: Telling) -> dict[str, Any]:
    """Return audience, overlaps, and what recorded carts say of a campaign, by language."""
    now = utc_now()
    campaign = find_campaign(task.campaign_id, now=now)
    if campaign is None:
        raise CheckStopped
    market = market_of(campaign)
    tried, audience = _try_carts(campaign, market, now, telling)
    neighbours = list_neighbours(
        market_code=market, since=max(campaign.starts_at, now), until=campaign.ends_at
    )
    tell = telling.between("overlaps", 60, 95)
    tell(0, 1)
    conflicts = list_conflicts(
        campaign,
        market_code=market,
        neighbours=list(neighbours),
        carts=tried.carts,
        threshold=float(task.depth),
        now=now,
        on_progress=tell,
    )
    telling.between("stock", 95, WHOLE)(0, 1)
    prospect = foresee(campaign, tried, market_code=market, now=now)
    plain = {
        "depth": task.depth,
        "audience": {**asdict(audience), "cart_share_percent": audience.cart_share_percent},
        **_describe_carts(tried, neighbours),
        "daily": list_daily(tried, campaign.campaign_id),
        "bands": list_bands(tried),
        "has_budget": campaign.budget_minor is not None,
    }
    return _in_languages(
        lambda language: {
            **plain,
            "conflicts": describe_conflicts(conflicts, neighbours, market, language),
            "figures": describe_forecast(tried, market, language),
            "burn": describe_burn(tried, market, language),
            "prospect": describe_prospect(prospect, market, language),
        }
    )


def _try_carts(
    campaign: CampaignView, market: str, now: datetime, telling: Telling
) -> tuple[Rehearsal, Audience]:
    """Return what recorded carts say, and whom of all shoppers it could reach."""
    tell = telling.between("carts", 0, 55)
    tell(0, 1)
    tried = rehearse_campaign(campaign, market_code=market, now=now, on_progress=tell)
    telling.between("audience", 55, 60)(0, 1)
    return tried, count_audience(
        campaign_id=campaign.campaign_id, market_code=market, carts=tried.carts, now=now
    )


ANSWERS: dict[str, Callable[[CheckTask, Telling], dict[str, Any]]] = {
    "law": answer_law,
    "rehearsal": answer_rehearsal,
}


def market_of(campaign: CampaignView) -> str:
    """Return the market a campaign is tried in: its own, or the home market."""
    return campaign.market_code or home_place()[0]


def _describe_carts(tried: Rehearsal, names: Mapping[int, str]) -> dict[str, Any]:
    """Return what recorded carts say in numbers, and the campaigns whose place is taken."""
    found = tried.forecast
    said = {
        "since": f"{localtime(tried.since):%Y-%m-%d}",
        "until": f"{localtime(tried.until):%Y-%m-%d}",
        "carts": len(tried.outcomes),
        "refused": tried.refused,
        "is_cut": tried.is_cut,
        "people": 0 if found is None else found.people,
        "spent_out_day": None if found is None else found.spent_out_day,
        "at_floor": 0 if found is None else found.at_floor,
    }
    return {"tried": said, "displaced": [names.get(one, str(one)) for one in tried.displaced]}


def _in_languages(describe: Callable[[str], Any]) -> dict[str, Any]:
    """Return what is shown by language: names of products and amounts are written as readers do."""
    answer = {}
    for language in LANGUAGES:
        with override(language):
            answer[language] = describe(language)
    return answer


def describe_stack(worst: Conflict | None, language: str) -> dict[str, Any] | None:
    """Return the worst stack as the page shows it, with the policy's bound; None for none.

    Three queries.
    """
    if worst is None:
        return None
    names = name_goods({"variant": {worst.variant_id}}, language)
    bound = load_limits().stack
    market = worst.market_code
    cost = find_costs([worst.variant_id], market).get(worst.variant_id, -1)
    left = worst.combined_minor - cost * worst.quantity
    return {
        "percent": show_count(worst.depth),
        "bound": show_units(bound),
        "is_above": worst.depth > bound,
        "campaigns": name_campaigns(worst.campaign_ids),
        "product": names.get(("variant", worst.variant_id), f"#{worst.variant_id}"),
        "quantity": worst.quantity,
        "before": show_amount(market, language, worst.quoted_minor),
        "after": show_amount(market, language, worst.combined_minor),
        "margin": "" if cost < 0 else show_amount(market, language, left),
        "is_loss": cost >= 0 and left < 0,
    }
