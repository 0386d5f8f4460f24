"""A demand model of looks: how often a price was shown, and how often it was bought.

Weekly sales do not tell fewer visitors from dearer goods, and a week's mean price hides what moved
within it. Where looks are counted, each price shown is a draw: bought or not. The hierarchical
logit (`HierarchicalLogit`: items around their family, families around all, spreads learned) takes
them as cells of variant, stratum and price, however many there were, and serves what the optimum
asks for: the elasticity of the whole market at the price of now, which a logit makes grow with the
price.

Who pays which personal price is decided by the boost z alone (and by draws), and who has a higher
z also buys more. So shoppers of about the same rank of z that day are a stratum with a level and a
slope of its own, and those who see everybody's price are another: sales are compared within strata
only (where all that decides the price is held fixed nothing selects; Rosenbaum and Rubin,
Biometrika 70, 1983).
What moved prices over time is the model and chance, and given the sales in the cells neither tells
of demand (docs/adr/0098).

Who remembers a price compares with it: a cut then wins more at first than in the long run (Popescu
and Wu, Operations Research 55, 2007). The log of the usual price is a covariate, c its effect. A
price that stays becomes the usual one, so that what counts is b (p / r) - c; memory is believed in
once c lies two standard deviations above 0.

A shop with years of sales and few looks begins with the elasticities of its weekly sales: they are
what is expected of each slope, and looks tell what they are off by - all alike, by family, by item.
Sales tell of the price only what moved with it that was not seen, so that what all are off by may
be much (DOUBT), until looks say (docs/adr/0099).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.logit import HierarchicalLogit
from pricing.core.demand.look_cells import USUAL_STEP, LookCells
from pricing.core.demand.served import WEEKS_OF_YEAR, ServedDemand
from pricing.core.signals import SignalWeights

ROUNDS = 8
SURE_SDS = 2.0
# How far off the elasticities of weekly sales may be, all of them alike (docs/adr/0099).

DOUBT = 0.8
# Before so many looks bought nothing is told.
FEWEST_BOUGHT = 30.0
# A fit is made anew once so many of the looks are new ones: in the first weeks every night.
NEW_SHARE = 0.04
LEAST_ELASTICITY, LEAST_SD = 0.05, 0.02
WEEK_DAYS = 7.0


@dataclass(frozen=True, slots=True)
class LookDemand:
    """A fitted logit of looks, the strata it saw with their looks (S,), and looks a week (N,).

    `memory` is the effect c >= 0 of the log of the usual price, 0 where none is believed in;
    `bought` the share of looks that bought."""

    logit: HierarchicalLogit
    stratum: IntArray
    weight: FloatArray
    variant_id: IntArray
    weekly_looks: FloatArray
    memory: float = 0.0
    bought: float = 0.0

    def market(
        self,
        variant_id: IntArray,
        family_id: IntArray,
        price: FloatArray,
        reference: FloatArray,
        expected: FloatArray,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return chance to buy, elasticity magnitude and its sd of the whole market, (m,) each, at
        `price` (m,) once it is the usual one; slopes are reckoned from `reference` (m,), in the
        same unit. `expected` (m,) are the elasticities before any look.

        Elasticities of strata are weighted with their sales. What a stratum's slope is off by, all
        are taken to be.
        """
        chance, pull, doubt = (np.zeros(len(variant_id)) for _ in range(3))
        for stratum, weight in zip(self.stratum.tolist(), self.weight.tolist(), strict=True):
            frame = {
                "item": variant_id,
                "category": family_id,
                "segment": np.full(len(variant_id), stratum),
                "reference_price": reference,
                "usual": np.log(price / reference),
                "expected_slope": expected / (1.0 - self.bought),
            }
            found = self.logit.predict(price, frame)
            slope, sd = self.logit.predict_slope(frame)
            sold = weight * found.mean
            chance += sold
            pull -= sold * (found.elasticity + self.memory * (1.0 - found.mean))
            doubt -= sold * found.elasticity * sd / slope
        return chance / self.weight.sum(), pull / chance, doubt / chance


def fit_looks(
    cells: LookCells, reference_minor: FloatArray, expected: FloatArray, *, rounds: int = ROUNDS
) -> LookDemand:
    """Return the logit of `cells`; `reference_minor` (n,) is the price from which each cell's slope
    is reckoned, `expected` (n,) the elasticity before any look, both the same for all cells of a
    variant. Raises ValueError without cells.

    >>> rng, price = np.random.default_rng(0), np.array([360, 400, 440])
    >>> variant, shown = np.repeat(np.arange(30), 3), np.tile(price, 30)
    >>> chance = 1.0 / (1.0 + np.exp(2.5 + 3.0 * (shown / 400.0 - 1.0)))
    >>> cells = LookCells.of(
    ...     variant_id=variant, family_id=0 * variant, stratum=0 * variant, price_minor=shown,
    ...     usual=0 * variant, looks=np.full(90, 9e3), days=7.0,
    ...     bought=rng.binomial(9_000, chance).astype(float),
    ... )
    >>> model = fit_looks(cells, np.full(90, 400.0), np.full(90, 1.5))
    >>> here, listed, weekly = np.array([400.0, 360.0]), np.full(2, 400.0), np.full(2, 1.5)
    >>> _, elasticity, _ = model.market(np.array([3, 3]), np.zeros(2, int), here, listed, weekly)
    >>> bool(abs(elasticity[0] - 3.0 * 0.924) < 0.4), bool(elasticity[1] < elasticity[0])
    (True, True)
    """
    share = float(cells.bought.sum() / max(cells.looks.sum(), 1.0))
    frame = {
        "item": cells.variant_id,
        "category": cells.family_id,
        "segment": cells.stratum,
        "price": cells.price_minor.astype(np.float64),
        "reference_price": reference_minor,
        "exposures": cells.looks,
        "usual": cells.usual * USUAL_STEP,
        "expected_slope": expected / (1.0 - share),
    }

    def fit(*context: str) -> HierarchicalLogit:
        doubt = (0.0, DOUBT)
        logit = HierarchicalLogit(rounds=rounds, context=context, slope_prior=doubt)
        return logit.fit(frame, cells.bought)

    logit = fit("usual")
    memory, sd = logit.context_effect("usual")
    if memory < SURE_SDS * sd:
        memory, logit = 0.0, fit()
    stratum, place = np.unique(cells.stratum, return_inverse=True)
    variant_id, row = np.unique(cells.variant_id, return_inverse=True)
    return LookDemand(
        logit=logit,
        stratum=stratum,
        weight=np.bincount(place, cells.looks),
        variant_id=variant_id,
        weekly_looks=np.bincount(row, cells.looks) * WEEK_DAYS / max(cells.days, 1.0),
        memory=memory,
        bought=share,
    )


def serve_looks(
    model: LookDemand,
    *,
    variant_id: IntArray,
    family_id: IntArray,
    price_minor: IntArray,
    reference_minor: IntArray,
    expected: FloatArray,
    weights: SignalWeights,
) -> ServedDemand:
    """Return the serving arrays of variants (m,) at their prices of now; `expected` (m,) are their
    elasticities before any look.

    A family's own word, for variants that are not among these, is that of an item never seen at
    the family's mean price. No elasticity is marked as causal: what chance did is on record
    elsewhere (`backed_by_chance`).
    """
    order = np.argsort(variant_id)
    ids, kin = variant_id[order], family_id[order]
    columns = (price_minor, reference_minor, expected)
    price, reference, before = (one[order].astype(np.float64) for one in columns)
    chance, mean, sd = model.market(ids, kin, price, reference, before)
    families, first, group = np.unique(kin, return_index=True, return_inverse=True)
    unseen = np.full(len(families), model.variant_id.min(initial=0) - 1)
    kindred = np.bincount(group, before) / np.bincount(group)
    listed = reference[first]
    _, above, above_sd = model.market(unseen, families, listed, listed, kindred)
    at = np.minimum(np.searchsorted(model.variant_id, ids), len(model.variant_id) - 1)
    weekly = np.where(model.variant_id[at] == ids, model.weekly_looks[at], 1.0)
    between = np.array([above.mean(), np.sqrt((above_sd**2).mean() + above.var())])
    return ServedDemand(
        variant_id=ids,
        elasticity=np.maximum(mean, LEAST_ELASTICITY),
        elasticity_sd=np.maximum(sd, LEAST_SD),
        base_log=np.log(np.maximum(weekly * chance, 1e-6)),
        usual_minor=price,
        dispersion=np.ones(len(ids)),
        is_causal=np.zeros(len(ids), dtype=np.bool_),
        family_id=families,
        family_elasticity=np.maximum(above, LEAST_ELASTICITY),
        family_elasticity_sd=np.maximum(above_sd, LEAST_SD),
        global_elasticity=between,
        department_id=np.zeros(1, dtype=np.int64),
        season=np.zeros((1, WEEKS_OF_YEAR)),
        weights=weights,
    )
