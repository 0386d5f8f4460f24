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
from pricing.api import read_open_contests
from profiles.reviews.api import count_open_questions
from promotions.campaigns.api import CampaignView
from promotions.coupons.api import BudgetRow
from shop.doors.backoffice.learning.scorecards import list_alarms
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.navigation import find_link
from shop.ground.outbox.selectors import read_outbox
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_names, name_value

ENDS_SOON = timedelta(days=7)
LITTLE_LEFT = 0.10  # of a budget
KEEP_SECONDS = 60.0
KEEP_LONG_SECONDS = 900.0
MOST_NAMED = 3


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
    """Return what waits for the account, by what its rights let it do; alarms of models are for
    analysts, not for the superuser, whose page is about failures. Twelve queries, most of them
    remembered for a minute.
    """
    found = [
        todo
        for permission, make in MAKERS
        if account.has_perm(permission) and not (make is _models and account.is_superuser)
        for todo in make(now, known)
    ]
    return sorted(found, key=lambda todo: not todo.is_failure)


def _failed_jobs(now: datetime, known: Known) -> Iterator[Todo]:
    count = int(known.badges.get("admin:workers", 0))
    if count:
        text = ngettext("job failed or hung", "jobs failed or hung", count)
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


def _ending(now: datetime, known: Known) -> Iterator[Todo]:
    ending = [one for one, _broken in known.live if one.ends_at <= now + ENDS_SOON]
    if ending:
        text = ngettext("campaign ends within 7 days", "campaigns end within 7 days", len(ending))
        named = _name([one.name for one in ending])
        link = find_link("admin:campaign_calendar")
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
    ("promotions.change_campaign", _ending),
    ("promotions.change_campaign", _budgets),
    ("shop.change_stockrecord", _stock),
    ("profiles.change_experiment", _experiments),
    ("pricing.change_demandmodelversion", _models),
    ("orders.change_shipment", _parcels),
    ("orders.change_return", _returns),
    ("pricing.change_pricecontest", _contests),
    ("profiles.change_question", _questions),
)
