"""One simulation from its first day to its last, in steps that may be interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from orders.terms.api import list_delivery_methods
from pricing.api import (
    ensure_partitions,
    list_model_versions,
    publish_price_book,
    register_upload,
    renew_serving,
    train_demand,
)
from profiles.accounts.api import list_households, load_shoppers_bulk
from profiles.events.api import ensure_partitions as ensure_event_partitions
from profiles.segments.api import refresh_profiles
from profiles.shoppers.api import list_shoppers
from profiles.values import Consents, ShopperValue
from promotions.demo.api import seed_ended_campaign
from shop.ground.jobs.selectors import RunRow, list_recent_runs
from shop.ground.jobs.services import RunProgress, record_run
from shop.ground.kernel.errors import FairtagError
from shop.traffic.acts import Shopping
from shop.traffic.jobs import Jobs, hear_rival
from shop.traffic.plan import Kind, Plan
from shop.traffic.products import ask_rival, choose_products
from shop.traffic.rollout import Staff, begin_demo_rollout, use_tried
from shop.traffic.truth import Truth, describe

JOB = "simulate_traffic"
RIVAL = "simulated-market"
RIVAL_BASIS = "Made up by the simulated visits of the demo; no shop asks these prices."
REMEMBERED = 50
# On this day a model of the recent weeks is put on trial beside the one of the whole year.
CANDIDATE_DAY = 3
# From the second day on a campaign runs, which is over before the visits are.
CAMPAIGN_DAY, CAMPAIGN_DAYS = 1, timedelta(days=5)
CATEGORIES, GUESTS, HOUSEHOLDS = 24, 60, 400
ALL = Consents(price=True, recommendations=True, analytics=True)
Tell = Callable[[str, int, int], None]


class CannotSimulate(FairtagError):
    """This shop cannot be visited in its past; the sentence says why."""

    code = "cannot_simulate"


class HasPrices(CannotSimulate):
    """Prices were published before: visits of the past would come after them."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to simulate: `days` that end at `now`, about so many visits each, from a seed."""

    days: int = 21
    visits_a_day: int = 120
    seed: int = 1
    market: str = "us"


def simulate(options: Options, *, staff: Staff, now: datetime, tell: Tell) -> dict[str, Any]:
    """Let visitors shop from `now` minus the days until `now`; return the report.

    A second run adds nothing; one that was interrupted goes on with the day it was in, with the
    options it began with. A visit, its events and its order have names of their own, so that what a
    day did before it was interrupted counts once; prices looked at in it count twice. Raises
    CannotSimulate for a shop that has prices or models of its own already.
    """
    with _alone():
        past = _find_run()
        if past is not None and past.report.get("is_done"):
            return past.report
        report = _begin(options, now) if past is None else dict(past.report)
        with record_run(name=JOB, time_limit=3_600) as run:
            run.report |= report
            run.advance(0)
            _Simulation.open(run, staff).go_on(tell)
    return run.report


def _find_run() -> RunRow | None:
    runs = [one for one in list_recent_runs(per_job=REMEMBERED) if one.name == JOB]
    return next((one for one in runs if one.report.get("begin")), None)


def _begin(options: Options, now: datetime) -> dict[str, Any]:
    if renew_serving().books:
        raise HasPrices(
            "This shop has published prices: visits of the past would come after them. Simulated"
            " visits are made before the first price book; ./dev reset begins anew."
        )
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return asdict(options) | {
        "begin": (midnight - timedelta(days=options.days)).isoformat(),
        "end": now.isoformat(),
        "days_done": 0,
        "is_done": False,
        "counts": {},
    }


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the right to simulate. The database drops it by itself when this process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [JOB])
        if cursor.fetchone() != (True,):
            raise CannotSimulate("Another simulation is running; wait until it has ended.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [JOB])


@dataclass(slots=True)
class _Simulation:
    """A simulation under way; all that must survive an interruption is in the run's report."""

    run: RunProgress
    staff: Staff
    plan: Plan
    shopping: Shopping
    jobs: Jobs

    @classmethod
    def open(cls, run: RunProgress, staff: Staff) -> _Simulation:
        told = run.report
        begin = datetime.fromisoformat(told["begin"])
        end = datetime.fromisoformat(told["end"])
        seed, market = int(told["seed"]), str(told["market"])
        products, truth = choose_products(market, CATEGORIES), Truth(seed=seed)
        if not products.category_id:
            raise CannotSimulate("No category sells enough goods to look at.")
        people = _gather(seed, market, begin)
        plan = Plan(
            begin=begin,
            end=end,
            visits_a_day=int(told["visits_a_day"]),
            seed=seed,
            people={kind: len(ones) for kind, ones in people.items()},
            categories=len(products.category_id),
        )
        shopping = Shopping(seed, truth, products, people, _find_delivery(market))
        shopping.counts.update(told["counts"])
        told["truth"] = describe(truth, sorted(set(products.family_id)))
        return cls(run, staff, plan, shopping, Jobs(market))

    def go_on(self, tell: Tell) -> None:
        told, plan = self.run.report, self.plan
        ensure_event_partitions(start=plan.begin, end=plan.end)
        ensure_partitions(now=plan.begin)
        for day in range(int(told["days_done"]), len(plan)):
            tell(f"day {day + 1}: {plan.starts(day):%A}", day, len(plan))
            self._live(day)
            told["days_done"], told["counts"] = day + 1, dict(self.shopping.counts)
            told["is_done"] = day + 1 == len(plan)
            self.run.advance(0)
        refresh_profiles(now=plan.end, since=plan.begin)
        tell("done", len(plan), len(plan))

    def _live(self, day: int) -> None:
        start, end = self.plan.starts(day), self.plan.ends(day)
        if day == 0:
            self._open_shop(start)
        self._begin_day(day, start)
        for visit in self.plan.visits(day):
            self.shopping.visit(visit)
        self.jobs.work(end)

    def _open_shop(self, start: datetime) -> None:
        """Publish the first book, from the model that was trained before; without one it is fitted
        first.
        """
        market = self.jobs.market
        if not renew_serving().books:
            if not list_model_versions(limit=1):
                train_demand(as_of=start, market=market)
            publish_price_book(now=start, market=market, channel=self.jobs.channel)

    def _begin_day(self, day: int, midnight: datetime) -> None:
        if day % 7 == 0:
            self._hear(day // 7, midnight)
        if day:
            self.jobs.rest(midnight)
        if day == CAMPAIGN_DAY:
            self._begin_campaign(midnight)
        if day == CANDIDATE_DAY:
            told = begin_demo_rollout(
                staff=self.staff, now=midnight + timedelta(hours=2, minutes=10)
            )
            self.run.report["candidate"] = told
        used = use_tried(staff=self.staff, now=midnight + timedelta(hours=3))
        if used is not None:
            self.run.report["in_use"] = {"model": used, "day": day}

    def _begin_campaign(self, midnight: datetime) -> None:
        """Release a campaign for those who visit; it is over before the last day."""
        last = self.plan.end.replace(hour=0, minute=0, second=0, microsecond=0)
        ends_at = min(midnight + CAMPAIGN_DAYS, last)
        if ends_at > midnight:
            people = self.shopping.people
            seed_ended_campaign(
                market_code=self.jobs.market,
                category_ids=self.shopping.goods.category_id,
                shopper_ids=[one.id for kind in people for one in people[kind]],
                starts_at=midnight,
                ends_at=ends_at,
            )

    def _hear(self, week: int, now: datetime) -> None:
        """Take in the competitor's prices of a week."""
        products, truth = self.shopping.goods, self.shopping.truth
        register_upload(
            code=RIVAL,
            name="Simulated Market",
            basis=RIVAL_BASIS,
            ttl_hours=366 * 24,
            market=self.jobs.market,
            now=now,
        )
        rivals = ask_rival(truth, products, week)
        hear_rival(RIVAL, {products.sku[one]: minor for one, minor in rivals.items()}, now)
        self.shopping.rivals = rivals


def _gather(seed: int, market: str, now: datetime) -> dict[Kind, list[ShopperValue]]:
    """Return who visits: households of the import, and guests of the simulation's own."""
    guests = {}
    for kind, consents in ((Kind.GUEST, ALL), (Kind.PRIVATE, Consents())):
        rows = [(f"simulated-{kind.value}-{seed}-{at}", None) for at in range(GUESTS)]
        known = load_shoppers_bulk(rows=rows, market_code=market, consents=consents, now=now)
        guests[kind] = list_shoppers(list(known.values()))
    return {Kind.HOUSEHOLD: list_households(limit=HOUSEHOLDS), **guests}


def _find_delivery(market: str) -> str:
    methods = [one for one in list_delivery_methods(market) if one.is_active]
    if not methods:
        raise CannotSimulate("This market has no way of delivery: nothing can be ordered.")
    return methods[0].code
