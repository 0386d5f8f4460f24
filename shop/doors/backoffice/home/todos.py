"""What waits for the reader: a count, a sentence and one button each, failures first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from orders.fulfilment.api import count_packed, orders_to_pack
from orders.payments.api import count_troubled
from orders.reports.api import list_running_out
from orders.returns.api import count_returns
from pricing.api import (
    home_place,
    list_model_versions,
    list_quality,
    name_family,
    read_open_contests,
    read_seals,
)
from pricing.optimum.core.explain import say_rule
from profiles.experiments.api import list_experiments
from profiles.reviews.api import count_open_questions
from promotions.campaigns.api import CampaignStatus, CampaignView, list_campaigns_between
from promotions.coupons.api import BudgetRow
from promotions.tuning.api import list_faults
from shop.doors.backoffice.experiments.experiments import is_ready, name_of
from shop.doors.backoffice.learning.scorecards import VERSIONS, find_taker, list_alarms
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.navigation import find_link
from shop.doors.backoffice.prices.decisions import SERIOUS
from shop.ground.jobs.selectors import find_latest_run
from shop.ground.outbox.selectors import read_outbox
from shop.ground.staff.log import count_acts_on_rights
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_names, name_value
from shop.ground.staff.roles import is_auditor

ENDS_SOON = timedelta(days=7)
LITTLE_LEFT = 0.10  # of a budget
KEEP_SECONDS = 60.0
KEEP_LONG_SECONDS = 900.0
MOST_NAMED = 3
ENDED_LATELY = ACTS_LATELY = timedelta(days=7)
REPLAY_JOB = "check_replay"


@dataclass(frozen=True, slots=True)
class Known:
    """What the page has read already: the badges of the menu, campaigns that are live
    (each with whether it breaks a law), budgets that run out, and how many price changes
    wait."""

    badges: Mapping[str, str]
    live: Sequence[tuple[CampaignView, bool]]
    budgets: Sequence[BudgetRow]
    pending_changes: int


type Maker = Callable[[datetime, Known], Iterator[Todo]]


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits. A failure stands before what is only to be done."""

    count: str
    text: str
    link: str
    action: str
    is_failure: bool = False


def list_todos(account: Any, now: datetime, known: Known) -> list[Todo]:
    """Return what waits for the account: what its rights let it do, for analysts what is to be
    read, for auditors what is to be looked into. The superuser's page is about failures. Thirteen
    queries, six more for the last two, most of them remembered for a minute or more.
    """
    makers = list(MAKERS)
    if not account.is_superuser:
        makers += FOR_ANALYSTS if account.has_perm("profiles.add_experiment") else ()
        makers += FOR_AUDITORS if is_auditor(account) else ()
    found = [
        todo
        for permission, make in makers
        if account.has_perm(permission)
        for todo in make(now, known)
    ]
    return sorted(found, key=lambda todo: not todo.is_failure)


def _failed_jobs(now: datetime, known: Known) -> Iterator[Todo]:
    count = int(known.badges.get("admin:workers", 0))
    if count:
        text = ngettext("job failed, hung or late", "jobs failed, hung or late", count)
        yield Todo(
            show_count(count), text, find_link("admin:workers"), _("See why"), is_failure=True
        )


def _stuck_facts(now: datetime, known: Known) -> Iterator[Todo]:
    stuck = _remember("stuck facts", lambda: read_outbox().stuck)
    if stuck:
        text = ngettext("fact could not be delivered", "facts could not be delivered", stuck)
        link = find_link("admin:shop_fact_changelist")
        yield Todo(show_count(stuck), text, link, _("Deliver again"), is_failure=True)


def _payments(now: datetime, known: Known) -> Iterator[Todo]:
    count = _remember("troubled", lambda: count_troubled(now=now))
    if count:
        text = ngettext("payment needs a look", "payments need a look", count)
        link = find_link("admin:orders_payment_changelist") + "?trouble=yes"
        yield Todo(show_count(count), text, link, _("Open payments"), is_failure=True)


def _changes(now: datetime, known: Known) -> Iterator[Todo]:
    count = known.pending_changes
    if count:
        text = ngettext("price change waits", "price changes wait", count)
        yield Todo(show_count(count), text, find_link("admin:change_inbox"), _("Decide"))


def _faults(now: datetime, known: Known) -> Iterator[Todo]:
    names = _remember("faults", lambda: list_faults(now=now))
    if names:
        text = ngettext(
            "campaign is not adjusted: its check fails",
            "campaigns are not adjusted: their checks fail",
            len(names),
        )
        link = find_link("admin:adjusting")
        said = f"{text}{_name(names)}"
        yield Todo(show_count(len(names)), said, link, _("See why"), is_failure=True)


def _ending(now: datetime, known: Known) -> Iterator[Todo]:
    ending = [one for one, _broken in known.live if one.ends_at <= now + ENDS_SOON]
    if ending:
        text = ngettext("campaign ends within 7 days", "campaigns end within 7 days", len(ending))
        named = _name([one.name for one in ending])
        link = f"{find_link('admin:promotions_campaign_changelist')}?state=ending"
        yield Todo(show_count(len(ending)), f"{text}{named}", link, _("Prolong or replace"))


def _laws(now: datetime, known: Known) -> Iterator[Todo]:
    broken = [one for one, breaks_law in known.live if breaks_law]
    if broken:
        text = ngettext("live campaign breaks a law", "live campaigns break a law", len(broken))
        named = _name([one.name for one in broken])
        link = reverse("admin:campaign_workspace", args=[broken[0].campaign_id]) + "#ft-law"
        yield Todo(show_count(len(broken)), f"{text}{named}", link, _("See which"), is_failure=True)


def _models(now: datetime, known: Known) -> Iterator[Todo]:
    key = ("to do", "models", get_language())
    alarms = remember(key, KEEP_LONG_SECONDS, lambda: list_alarms(now))
    if alarms:
        text = ngettext("alarm of the model in use", "alarms of the model in use", len(alarms))
        link = find_link("admin:models")
        said = f"{text}{_name(alarms)}"
        yield Todo(show_count(len(alarms)), said, link, _("See the scorecard"))


def _budgets(now: datetime, known: Known) -> Iterator[Todo]:
    low = [row for row in known.budgets if row.spent_minor >= (1 - LITTLE_LEFT) * row.budget_minor]
    if low:
        text = ngettext(
            "campaign has less than a tenth of its budget left",
            "campaigns have less than a tenth of their budget left",
            len(low),
        )
        named = _name([row.name for row in low])
        link = find_link("admin:promotions_campaign_changelist")
        yield Todo(show_count(len(low)), f"{text}{named}", link, _("Open campaigns"))


def _stock(now: datetime, known: Known) -> Iterator[Todo]:
    ids = remember("running out", KEEP_LONG_SECONDS, lambda: list_running_out(now=now))
    if ids:
        names = name_cards(ids[:MOST_NAMED], get_language() or "en")
        text = ngettext(
            "product lasts less than 2 days", "products last less than 2 days", len(ids)
        )
        named = _name([card.name for card in names.values()], more=len(ids) > MOST_NAMED)
        link = find_link("admin:shop_stockrecord_changelist")
        asked = urlencode({"q": next(iter(names.values())).sku}) if names else ""
        yield Todo(show_count(len(ids)), f"{text}{named}", f"{link}?{asked}", _("See stock"))


def _experiments(now: datetime, known: Known) -> Iterator[Todo]:
    count = int(known.badges.get("admin:experiments", 0))
    if count:
        text = ngettext("experiment stopped by itself", "experiments stopped by themselves", count)
        yield Todo(show_count(count), text, find_link("admin:experiments"), _("Decide"))


def _parcels(now: datetime, known: Known) -> Iterator[Todo]:
    count = _remember("to pack", lambda: orders_to_pack().count())
    if count:
        text = ngettext("order is to be picked", "orders are to be picked", count)
        yield Todo(show_count(count), text, find_link("admin:pick_list"), _("Open the pick list"))
    count = _remember("packed", count_packed)
    if count:
        text = ngettext("parcel is to be shipped", "parcels are to be shipped", count)
        yield Todo(show_count(count), text, find_link("admin:ship_parcels"), _("Ship parcels"))


def _returns(now: datetime, known: Known) -> Iterator[Todo]:
    counts = _remember("returns", count_returns)
    link = find_link("admin:orders_return_changelist")
    sent, here = counts.get("requested", 0), counts.get("received", 0)
    if sent:
        text = ngettext("return is on its way", "returns are on their way", sent)
        yield Todo(show_count(sent), text, f"{link}?state__exact=requested", _("Receive"))
    if here:
        text = ngettext("return waits for inspection", "returns wait for inspection", here)
        yield Todo(show_count(here), text, f"{link}?state__exact=received", _("Inspect"))


def _remember[Value](key: str, make: Callable[[], Value]) -> Value:
    return remember(("to do", key), KEEP_SECONDS, make)


def _questions(now: datetime, known: Known) -> Iterator[Todo]:
    count = _remember("questions", count_open_questions)
    if count:
        text = ngettext(
            "question about a product has no answer",
            "questions about products have no answer",
            count,
        )
        link = find_link("admin:profiles_question_changelist") + "?answers__isempty=1"
        yield Todo(show_count(count), text, link, _("Answer"))


def _contests(now: datetime, known: Known) -> Iterator[Todo]:
    found = _remember("contests", lambda: read_open_contests(now=now))
    if not found.waiting or found.due_at is None:
        return
    text = ngettext(
        "questioned price has no answer", "questioned prices have no answer", found.waiting
    )
    if found.overdue:
        hint = ngettext(
            "%(count)s longer than 72 hours", "%(count)s longer than 72 hours", found.overdue
        ) % {"count": show_count(found.overdue)}
    else:
        hours = max(1, int((found.due_at - now) / timedelta(hours=1)))
        hint = ngettext(
            "the next is due in %(hours)d hour", "the next is due in %(hours)d hours", hours
        ) % {"hours": hours}
    link = find_link("admin:pricing_pricecontest_changelist") + "?answered_at__isempty=1"
    said = name_value(text, hint)
    yield Todo(show_count(found.waiting), said, link, _("Answer"), is_failure=bool(found.overdue))


def _readable(now: datetime, known: Known) -> Iterator[Todo]:
    """Experiments whose result can be decided on; those that stopped by themselves are counted by
    `_experiments`."""
    rows = _remember("experiments", list_experiments)
    ready = [row for row in rows if is_ready(row, now)]
    if ready:
        text = ngettext(
            "experiment is over or has a clear result",
            "experiments are over or have a clear result",
            len(ready),
        )
        link = find_link("admin:experiments")
        if len(ready) == 1:
            link = reverse("admin:experiment", args=[ready[0].id])
        said = f"{text}{_name([name_of(row) for row in ready])}"
        yield Todo(show_count(len(ready)), said, link, _("Read it"))


def _takers(now: datetime, known: Known) -> Iterator[Todo]:
    def read() -> str:
        taker = find_taker(list_model_versions(limit=VERSIONS))
        return "" if taker is None else str(taker.get("name", ""))

    family = remember(("to do", "takers"), KEEP_LONG_SECONDS, read)
    if family:
        text = _("model may replace the one in use: %(name)s") % {"name": name_family(family)}
        yield Todo(show_count(1), text, find_link("admin:models"), _("Compare them"))


def _ended(now: datetime, known: Known) -> Iterator[Todo]:
    def read() -> list[tuple[int, str]]:
        rows = list_campaigns_between(now - ENDED_LATELY, now, now=now)
        ended = [one for one in rows if one.phase is CampaignStatus.ENDED]
        return [(one.campaign_id, one.name) for one in ended if one.ends_at > now - ENDED_LATELY]

    ended = _remember("ended", read)
    if ended:
        text = ngettext("campaign ended within 7 days", "campaigns ended within 7 days", len(ended))
        link = reverse("admin:campaign_workspace", args=[ended[-1][0]]) + "#ft-results"
        said = f"{text}{_name([name for _id, name in reversed(ended)])}"
        yield Todo(show_count(len(ended)), said, link, _("Read the results"))


def _quality(now: datetime, known: Known) -> Iterator[Todo]:
    def read() -> dict[str, int]:
        market, channel = home_place()
        counts = list_quality(limit=1, market=market, channel=channel).counts
        return {code: counts[code] for code in SERIOUS if counts.get(code)}

    found = remember(("to do", "quality"), KEEP_LONG_SECONDS, read)
    if found:
        code, count = max(found.items(), key=lambda item: item[1])
        flag = say_rule(f"badge:{code}", get_language() or "en")
        text = ngettext("variant has data to check", "variants have data to check", count)
        link = f"{find_link('admin:data_quality')}?{urlencode({'code': code})}"
        yield Todo(show_count(count), name_value(text, flag), link, _("See which"))


def _replay(now: datetime, known: Known) -> Iterator[Todo]:
    run = _remember("replay", lambda: find_latest_run(REPLAY_JOB))
    if run is not None and run.outcome == "failed":
        text = _("price records do not come out as they were decided")
        link = f"{find_link('admin:shop_jobrun_changelist')}?{urlencode({'q': REPLAY_JOB})}"
        yield Todo("!", text, link, _("See why"), is_failure=True)


def _seals(now: datetime, known: Known) -> Iterator[Todo]:
    broken = _remember("seals", lambda: read_seals().broken)
    if broken:
        text = ngettext(
            "sealed day is not what was sealed", "sealed days are not what was sealed", broken
        )
        link = f"{find_link('admin:safety')}#ft-seals"
        yield Todo(show_count(broken), text, link, _("See which"), is_failure=True)


def _overdue(now: datetime, known: Known) -> Iterator[Todo]:
    late = _remember("contests", lambda: read_open_contests(now=now)).overdue
    if late:
        text = ngettext(
            "questioned price waits longer than 72 hours",
            "questioned prices wait longer than 72 hours",
            late,
        )
        link = find_link("admin:pricing_pricecontest_changelist") + "?answered_at__isempty=1"
        yield Todo(show_count(late), text, link, _("See which"), is_failure=True)


def _rights(now: datetime, known: Known) -> Iterator[Todo]:
    count = _remember("rights", lambda: count_acts_on_rights(since=now - ACTS_LATELY))
    if count:
        text = ngettext(
            "change of an account, role or token within 7 days",
            "changes of accounts, roles or tokens within 7 days",
            count,
        )
        link = find_link("admin:admin_logentry_changelist") + "?about=rights"
        yield Todo(show_count(count), text, link, _("Look through"))


def _name(names: list[str], *, more: bool = False) -> str:
    """Return a few names after a colon."""
    said = join_names(names[:MOST_NAMED])
    return _(": %(names)s") % {"names": f"{said}…" if more or len(names) > MOST_NAMED else said}


# The right to act on it -> what makes the to-dos.
MAKERS: tuple[tuple[str, Maker], ...] = (
    ("shop.change_jobrun", _failed_jobs),
    ("shop.change_fact", _stuck_facts),
    ("orders.change_order", _payments),
    ("pricing.change_priceproposal", _changes),
    ("promotions.change_campaign", _laws),
    ("promotions.change_campaign", _faults),
    ("promotions.change_campaign", _ending),
    ("promotions.change_campaign", _budgets),
    ("shop.change_stockrecord", _stock),
    ("profiles.change_experiment", _experiments),
    ("orders.change_shipment", _parcels),
    ("orders.change_return", _returns),
    ("pricing.change_pricecontest", _contests),
    ("profiles.change_question", _questions),
)
# The right to see it -> what makes the to-dos of who plans experiments, and of who audits.
FOR_ANALYSTS: tuple[tuple[str, Maker], ...] = (
    ("pricing.change_demandmodelversion", _models),
    ("profiles.change_experiment", _readable),
    ("pricing.view_demandmodelversion", _takers),
    ("promotions.view_campaign", _ended),
    ("pricing.view_pricebook", _quality),
)
FOR_AUDITORS: tuple[tuple[str, Maker], ...] = (
    ("shop.view_jobrun", _replay),
    ("pricing.view_quote", _seals),
    ("promotions.view_campaign", _laws),
    ("pricing.view_pricecontest", _overdue),
    ("pricing.view_demandmodelversion", _models),
    ("admin.view_logentry", _rights),
)
