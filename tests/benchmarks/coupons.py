"""Coupon redemption on the Complete Journey, by the protocol that its figures are comparable in."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from promotions.core.redemption import FilteredLogit, Rows
from tests.benchmarks.measure import Figures
from tests.factories.journey_coupons import COMPLETE_TEST, Coupons, load_coupons

TARGETS = {
    "journey_auc": (">=", 0.85),
    "journey_pr_auc": (">=", 0.54),
    "journey_log_loss": ("<=", 0.275),
    "journey_ece": ("<=", 0.012),
}
DRAWS, BINS = 500, 10


def measure() -> Figures:
    """Return AUC, PR-AUC and log-loss of the nine test campaigns and ECE of those whose labels are
    complete, with 95 % intervals over households; and the ECE that chance alone would leave."""
    table = load_coupons()
    chance = forecast(table)
    among = table.is_test
    used, guess = table.used[among], chance[among]
    complete = table.frame["campaign_id"].isin(COMPLETE_TEST).to_numpy()[among]
    figures: Figures = {}
    for name, score in (
        ("journey_auc", roc_auc_score),
        ("journey_pr_auc", average_precision_score),
        ("journey_log_loss", log_loss),
    ):
        figures[name] = round(float(score(used, guess)), 4)
    figures["journey_ece"] = round(expected_error(used[complete], guess[complete]), 4)
    figures["journey_ece_all_test"] = round(expected_error(used, guess), 4)
    figures["journey_ece_by_chance"] = _ece_by_chance(guess[complete])
    return figures | _intervals(table.rows.shopper[among], used, guess, complete)


def forecast(table: Coupons) -> np.ndarray:
    """Return the chance of every row, (n,), by a model fitted on the train part."""
    rows, train = table.rows, ~table.is_test
    known = Rows(rows.features[train], rows.shopper[train], rows.part[train])
    model = FilteredLogit().fit(known, table.used[train], table.first_use)
    return model.predict(rows, table.past)


def cross_validate(table: Coupons) -> Figures:
    """Return log-loss and AUC on the train part, each campaign forecast by the others: what models
    and features were chosen by."""
    rows, past = table.rows, table.past
    chance = np.zeros(len(table.used))
    campaign = table.frame["campaign_id"].to_numpy()
    for each in np.unique(campaign[~table.is_test]):
        fitted = ~table.is_test & (campaign != each)
        known = Rows(rows.features[fitted], rows.shopper[fitted], rows.part[fitted])
        model = FilteredLogit().fit(known, table.used[fitted], table.first_use)
        chance[campaign == each] = model.predict(rows, past)[campaign == each]
    used, guess = table.used[~table.is_test], chance[~table.is_test]
    return {"auc": roc_auc_score(used, guess), "log_loss": log_loss(used, guess)}


def expected_error(used: np.ndarray, chance: np.ndarray) -> float:
    """Return the ECE over BINS bins of equal count."""
    order = np.argsort(chance, kind="stable")
    bins = np.array_split(order, BINS)
    gaps = [abs(chance[one].mean() - used[one].mean()) * len(one) for one in bins]
    return float(sum(gaps) / len(used))


def _ece_by_chance(chance: np.ndarray) -> list[float]:
    """Return median and 95 % point of the ECE if every forecast were exactly right."""
    rng = np.random.default_rng(0)
    drawn = [expected_error(rng.random(len(chance)) < chance, chance) for _ in range(DRAWS)]
    return [round(float(one), 4) for one in np.percentile(drawn, [50, 95])]


def _intervals(
    household: np.ndarray, used: np.ndarray, chance: np.ndarray, complete: np.ndarray
) -> Figures:
    rng = np.random.default_rng(1)
    owner = np.unique(household, return_inverse=True)[1]
    members = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[one] for one in rng.integers(0, len(members), len(members))])
        y, p, whole = used[rows], chance[rows], complete[rows]
        drawn.append(
            (
                roc_auc_score(y, p),
                average_precision_score(y, p),
                log_loss(y, p),
                expected_error(y[whole], p[whole]),
            )
        )
    bounds = np.percentile(np.array(drawn), [2.5, 97.5], axis=0).T
    return {
        f"{name}_interval": [round(float(one), 4) for one in pair]
        for name, pair in zip(TARGETS, bounds, strict=True)
    }
