"""Jobs of the room: one service call each. When they run is in `shop/schedule.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pricing import api
from pricing.competitors.services.competitors import fetch_due_sources
from pricing.demand import services as tuning
from pricing.learning.services import impression_counts, impression_fits, learning
from pricing.ledger.services import run_everywhere, run_in_markets
from pricing.publishing.services import books as turns
from pricing.publishing.services import breakers as seal_check
from pricing.publishing.services import feeds
from pricing.rollout.services import replay, rollback
from pricing.rollout.services import replay as visits
from pricing.rollout.services import rollback as watching
from profiles.experiments import api as experiments
from shop.ground.catalog.selectors import home_market
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job, wake
from shop.ground.kernel.clock import utc_now

DRAIN_LIMIT = 10_000
TUNING_SECONDS = 600.0


@job(queue="live", time_limit=120)
def drain_quotes() -> int:
    """Move quotes from the stream into the table."""
    return api.drain_quotes(limit=DRAIN_LIMIT)


@job(queue="live", time_limit=120)
def drain_looks() -> int:
    """Count the looks at public prices that are on the stream."""
    return impression_counts.drain_looks()


@job(queue="bulk", time_limit=600)
def publish_price_book() -> int:
    """Reprice what changed; publish a price book if anything did."""
    now = utc_now()

    def publish(market: str, channel: str) -> int:
        report = api.publish_price_book(now=now, market=market, channel=channel)
        return report.variants + report.shoppers

    return run_everywhere(publish)


@job(queue="prices", time_limit=120)
def publish_set_prices() -> int:
    """Publish prices that people set, with the variants they concern alone."""
    now = utc_now()

    def publish(market: str, channel: str) -> int:
        report = api.publish_price_book(now=now, market=market, channel=channel, only_touched=True)
        return report.variants

    return run_everywhere(publish)


@job(queue="live", time_limit=300)
def learn_online() -> int:
    """Take in new outcomes; price anew at once what they moved."""
    now = utc_now()

    def learn(market: str, channel: str) -> int:
        report = learning.learn_online(now=now, market=market, channel=channel)
        if report.moved:
            wake(publish_price_book)
        return report.exposures + report.pending

    return run_everywhere(learn)


@job(queue="bulk", time_limit=1800)
def learn_from_looks() -> int:
    """Take in the impressions that are over and fit them; price anew at once if that was done."""
    now = utc_now()
    fits = run_everywhere(
        lambda market, channel: impression_fits.learn_from_looks(
            now=now, market=market, channel=channel
        )
    )
    if fits:
        wake(publish_price_book)
    return fits


@job(queue="bulk", time_limit=600)
def read_experiments() -> int:
    """Read the experiments that run or ended lately; stop those that harm."""
    return experiments.read_experiments(now=utc_now(), load_served=api.load_served)


@job(queue="bulk", time_limit=300)
def count_visits() -> int:
    """Count what the visits of today and yesterday earned; act if the figures say so."""
    now = utc_now()

    def count(market: str, channel: str) -> int:
        counted = visits.count_visits(now=now, market=market, channel=channel)
        watching.watch_prices(now=now, market=market, channel=channel)
        return counted

    return run_everywhere(count)


@job(queue="bulk", time_limit=1800)
def recount_visits() -> int:
    """Count the visits of the weeks in which products still come back; delete what is too old."""
    now = utc_now()

    def recount(market: str, channel: str) -> int:
        return visits.count_visits(now=now, days=visits.RETURN_DAYS, market=market, channel=channel)

    return run_everywhere(recount) + visits.forget_visits(now=now)


@job(queue="live", time_limit=120)
def watch_feeds() -> int:
    """Hold the model's prices while a feed they rely on is silent."""
    now = utc_now()
    return run_in_markets(lambda market: feeds.watch_feeds(now=now, market=market))


@job(queue="bulk", time_limit=600)
def turn_price_shocks() -> int:
    """Draw the week's price shocks and take the last week's back, once a week has begun."""
    now = utc_now()
    return run_everywhere(
        lambda market, channel: api.turn_price_shocks(now=now, market=market, channel=channel)
    )


@job(queue="live", time_limit=600)
def turn_public_arms() -> int:
    """Set the prices of experiments whose turn it is, each at its moment."""
    now = utc_now()
    return run_everywhere(
        lambda market, channel: turns.turn_public_arms(now=now, market=market, channel=channel)
    )


@job(queue="bulk", time_limit=900)
def import_competitors() -> int:
    """Fetch and take in the price lists of competitors whose turn it is."""
    return fetch_due_sources(now=utc_now())


@job(queue="bulk", time_limit=1800)
def train_demand() -> int:
    """Fit the kind in use anew, then the impressions on top of what is in use, also if the former
    failed.

    A refit that prices much alike is used from the next book on.
    """
    try:
        return api.train_demand(as_of=utc_now(), market=home_market()).rows
    finally:
        wake(learn_from_looks)


@job(queue="bulk", time_limit=1800, retries=0)
def train_family(family: str = "", solver: str = "", progress: RunProgress | None = None) -> int:
    """Fit a family with a solver for the leaderboard's slot; people decide whether it is used.

    Without a family, as when the run is started again from its table, there is nothing to do.
    """
    if not family:
        return 0

    def tell(_what: str, step: int, steps: int) -> None:
        if progress is not None:
            progress.report |= {"family": family, "solver": solver}
            progress.tell(step, steps)

    row = api.train_demand(
        as_of=utc_now(), market=home_market(), family=family, solver=solver, progress=tell
    )
    if progress is not None:
        progress.report |= {"version": row.id, "status": row.status}
    return row.rows


@job(queue="interactive", time_limit=900, retries=0)
def audit_and_go_back(reason: str = "", by_id: int = 0) -> int:
    """Audit the model before now, and go back to it if that allows it.

    Without who asked, as when the run is started again from its table, there is nothing to do.
    """
    if by_id:
        rollback.audit_and_go_back(reason=reason, by_id=by_id, now=utc_now())
    return int(bool(by_id))


@job(queue="bulk", time_limit=1800)
def tune_demand() -> int:
    """Search for better settings of the demand model for ten minutes; training uses them."""
    try:
        found = tuning.tune_demand(as_of=utc_now(), budget_seconds=TUNING_SECONDS)
    except tuning.TooLittleHistory:
        return 0
    return len(found.trials)


@job(queue="bulk", time_limit=1800)
def audit_models() -> int:
    """Audit the fairness of the model in use and of candidates; red if the former fails."""
    return api.audit_nightly(now=utc_now())


@job(queue="bulk", time_limit=300)
def ensure_quote_partitions() -> int:
    """Make the partitions of quotes of the months to come."""
    return api.ensure_partitions(now=utc_now())


@job(queue="bulk", time_limit=900)
def seal_quotes() -> int:
    """Seal the days of quotes that are complete."""
    return api.seal_quotes(now=utc_now())


@job(queue="bulk", time_limit=900)
def check_seals() -> int:
    """Compare sealed days that are due with what lies in their tables; trip if one was changed."""
    return seal_check.check_seals(now=utc_now())


@job(queue="bulk", time_limit=900)
def check_replay() -> int:
    """Make the newest stored decisions again; red if one comes out differently."""
    return replay.check_replay(now=utc_now())


def reprice_soon(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """ModelActivated, KillSwitchFlipped, ...: publish a price book without waiting for its turn."""
    wake(publish_price_book)


def publish_soon(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """PriceOverrideSet, ...: publish what was set at once, and what follows from it in its turn."""
    wake(publish_set_prices)
    wake(publish_price_book)


def look_again_soon(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """ModelActivated: fit looks on top of the model that is in use now, unless that was done."""
    wake(learn_from_looks)


def mail_contest_answer(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """PriceContestAnswered: send the answer to who questioned the price."""
    api.send_contest_answer(contest_id=int(payload["contest_id"]))
