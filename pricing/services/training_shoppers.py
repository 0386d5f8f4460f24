"""Learn from who bought what: the weight of deals, and elasticities of segments and tags."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.demand.groups import describe_groups, group_elasticities
from pricing.core.demand.sensitivity import DealSensitivity
from pricing.core.demand.training import Trained
from pricing.core.demand.training_cells import TrainingCells
from pricing.selectors.training import Window
from pricing.selectors.training_shoppers import (
    DealCells,
    GroupCells,
    ShopperCells,
    load_shopper_cells,
)


def fit_shoppers(
    trained: Trained, cells: TrainingCells, window: Window, as_of: datetime, market: str
) -> Trained:
    """Return the model with the weight of deals and its figures with elasticities of segments and
    tags, as far as there is history for them."""
    scale = trained.served.weights.deals_scale
    found = load_shopper_cells(cells=cells, window=window, as_of=as_of, scale=scale, market=market)
    if found is None or not len(trained.served.variant_id):
        return trained
    log_price = np.log(cells.price_minor[found.item][:, found.weeks])
    log_price -= log_price.mean(axis=1, keepdims=True)
    if found.groups is not None:
        rows = _group_figures(trained, log_price, found, found.groups)
        trained = replace(trained, metrics=trained.metrics | rows)
    return trained if found.deals is None else _fit_deals(trained, log_price, found, found.deals)


def _fit_deals(
    trained: Trained, log_price: FloatArray, found: ShopperCells, deals: DealCells
) -> Trained:
    """Replace the prior weight of deals by the fitted one."""
    model = DealSensitivity().fit(
        log_price,
        deals.units.transpose(1, 0, 2),
        trained.served.elasticity[found.item],
        deals.strength,
    )
    metrics = trained.metrics | {
        "deals_weight": model.weight_,
        "deals_weight_sd": model.weight_sd_,
        "deals_weight_raw": model.raw_weight_,
    }
    weights = replace(trained.served.weights, deals=model.weight_)
    return replace(trained, served=replace(trained.served, weights=weights), metrics=metrics)


def _group_figures(
    trained: Trained, log_price: FloatArray, found: ShopperCells, groups: GroupCells
) -> dict[str, Any]:
    """Return the rows `elasticity_by_segment` and `elasticity_by_tag` for the metrics."""
    served, figures = trained.served, {}
    for kind in ("segment", "tag"):
        at = [row for row, one in enumerate(groups.kind) if one == kind]
        if at:
            figures[f"elasticity_by_{kind}"] = describe_groups(
                [groups.code[row] for row in at],
                [groups.shoppers[row] for row in at],
                group_elasticities(
                    log_price,
                    groups.units[at],
                    groups.total,
                    served.elasticity[found.item],
                    served.elasticity_sd[found.item],
                ),
                served.is_causal[found.item] @ groups.units[at].sum(axis=2).T,
            )
    return figures
