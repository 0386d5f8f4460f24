"""Take in outcomes: one Laplace step per batch, and an alarm for markets that change.

A price is bought with rate exp(a + g h + u l - e x): a the variant's level, h the shopper's
interest, l 1 for a look at everybody's price, e the elasticity, x the log price ratio. Given what
went before (normal in level and elasticity), a batch moves each to the mode of its posterior by
Newton steps and adds the curvature there: the Laplace approximation, batch by batch (Chapelle and
Li 2011, algorithm 3).

What a personal draw did enters the score of e *centered*: given shopper and variant, what the
logged draw did to the price. Shoppers with more interest see lower prices and buy more anyway;
centering by the known propensities keeps that out (Robinson 1988; Chernozhukov et al. 2018). A
public price is the same for all, so nobody selects it; it moved by chance or because of sales that
are in the evidence already, and given those its effect is told apart from the level by its moves.
What a merchant sets may follow demand: from then on a variant has another level (`begin_anew`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.learning.drift import DriftAlarm
from pricing.core.online.diversion import look_beside
from pricing.core.online.evidence import (
    BY_VARIANT,
    EVIDENCE_HALF_LIFE_DAYS,
    OVERDISPERSION,
    Evidence,
    begin_anew,
    find_sorted,
)
from pricing.core.online.learned import choose_prior, learn_from
from pricing.core.online.looked import Looked, believe
from pricing.core.online.mode import Mode, rates
from pricing.core.online.sightings import Sightings

STEPS = 8
# After an alarm what was believed counts this much: the posterior sd doubles.
KEPT_AFTER_ALARM = 0.25
# Which changes of an elasticity are worth another price, in sd.
MOVED_SDS = 0.25
MOVED_SD_RATIO = 0.10


_NO_IDS: IntArray = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Report:
    """What a batch did: prices shown, purchases, families whose alarm rang, variants to reprice."""

    exposures: int
    purchases: int
    alarmed: IntArray
    moved: IntArray

    @staticmethod
    def nothing() -> Report:
        """Return the report of an empty batch."""
        return Report(0, 0, _NO_IDS, _NO_IDS)


def take_in(
    evidence: Evidence,
    seen: Sightings,
    served: ServedDemand,
    *,
    model_version: int = 0,
    days: float = 0.0,
    looked: Looked | None = None,
) -> tuple[Evidence, Report]:
    """Return the evidence after a batch, and what happened. `days` have passed since the last one.

    `served` is the model in use, whose elasticities are the prior; prices are made of what is
    fitted to looks instead, where `looked` says so. Deterministic; the order of
    sightings in a batch does not matter but for rounding.
    """
    known = _widen(_forget(evidence, model_version, days), seen, served)
    if not len(seen):
        return known, Report.nothing()
    known = _look_around(known, seen, served)
    known, alarmed = _listen(known, seen, served)
    known = _step(known, seen, served, np.ones(len(seen)))
    known, moved = _mark_moved(known, served, looked)
    purchases = float(seen.bought.sum())
    shown = float(seen.looks.sum())
    known = replace(known, base=known.base + np.array([purchases, shown]))
    return known, Report(int(shown), int(purchases), alarmed, moved)


def look_ahead(
    evidence: Evidence,
    seen: Sightings,
    served: ServedDemand,
    *,
    share: FloatArray,
    sent: Evidence | None = None,
    looked: Looked | None = None,
) -> tuple[Evidence, Report]:
    """Return settled `evidence` with decisions on top that may still be bought, and what happened.

    `share` (n,) is how much of its purchases each decision has had time for (`Delays.share`):
    what was bought counts whole, what was not counts as that share of a decision. The result stands
    in for `evidence` until it is made anew; it is never built upon, so that a decision counts once
    when it is settled. Alarms do not hear it. `sent` is the evidence that the publisher has seen
    last: what has moved since is reported.

    >>> from pricing.core.demand.served import example_served
    >>> served, seen = example_served(), Sightings.of_one(variant_id=7, family_id=1, log_ratio=-0.1)
    >>> little, much = (
    ...     look_ahead(Evidence.nothing(), seen, served, share=np.array([share]))[0].precision[0]
    ...     for share in (0.1, 1.0)
    ... )
    >>> bool(little < much)
    True
    """
    known = _recall_sent(_widen(evidence, seen, served), sent, served, looked)
    if len(seen):
        known = _step(_look_around(known, seen, served), seen, served, share)
    known, moved = _mark_moved(known, served, looked)
    purchases = float(seen.bought.sum())
    known = replace(known, base=known.base + np.array([purchases, float(share @ seen.looks)]))
    return known, Report(int(seen.looks.sum()), int(purchases), _NO_IDS, moved)


def _recall_sent(
    evidence: Evidence, sent: Evidence | None, served: ServedDemand, looked: Looked | None
) -> Evidence:
    """Return the evidence with what the publisher was told last of each of its variants.

    What `sent` does not know was never told: it was settled before it was looked at, as on a first
    run or after a long rest. Then prices are still those of the model itself.
    """
    priced = served if looked is None else looked.elasticities
    mean, sd, _ = priced.elasticities(evidence.variant_id, evidence.family_id)
    if sent is not None:
        at, is_known = find_sorted(sent.variant_id, evidence.variant_id)
        if is_known.any():
            mean = np.where(is_known, sent.sent_mean[at], mean)
            sd = np.where(is_known, sent.sent_sd[at], sd)
    return replace(evidence, sent_mean=mean, sent_sd=sd)


def _forget(evidence: Evidence, model_version: int, days: float) -> Evidence:
    """Return what is left of evidence after some days; a newly fitted model is trusted again."""
    kept = 0.5 ** (max(0.0, days) / EVIDENCE_HALF_LIFE_DAYS)
    is_same = evidence.model_version == model_version
    return replace(
        evidence.fade(kept),
        trust=evidence.trust if is_same else np.ones(len(evidence)),
        model_version=model_version,
    )


def _widen(evidence: Evidence, seen: Sightings, served: ServedDemand) -> Evidence:
    """Return the evidence with a row for each variant and family that is new in it."""
    ids, first = np.unique(seen.variant_id, return_index=True)
    is_new = ~find_sorted(evidence.variant_id, ids)[1]
    families = np.setdiff1d(seen.family_id, evidence.alarm_family)
    calm = np.tile(DriftAlarm().to_array(), (len(families), 1))
    alarm_order = np.argsort(np.concatenate([evidence.alarm_family, families]), kind="stable")
    added, above = ids[is_new], seen.family_id[first[is_new]]
    mean, sd, _ = served.elasticities(added, above)
    order = np.argsort(np.concatenate([evidence.variant_id, added]), kind="stable")
    none = np.zeros(len(added))
    rows: dict[str, Any] = dict.fromkeys(BY_VARIANT, none) | {
        "variant_id": added,
        "family_id": above,
        "category_id": seen.category_id[first[is_new]],
        "home_log": none + np.nan,
        "shown_log": none + np.nan,
        "anchor_minor": seen.anchor_minor[first[is_new]],
        "reference": none + np.nan,
        "level": none + evidence.base_level,
        "trust": none + 1.0,
        "sent_mean": mean,
        "sent_sd": sd,
    }
    wide: dict[str, Any] = {
        name: np.concatenate([getattr(evidence, name), row])[order] for name, row in rows.items()
    }
    return replace(
        _refer(replace(evidence, **wide), seen),
        alarm_family=np.concatenate([evidence.alarm_family, families])[alarm_order],
        alarm=np.concatenate([evidence.alarm, calm])[alarm_order],
    )


def _refer(evidence: Evidence, seen: Sightings) -> Evidence:
    """Return the evidence with new levels where the merchant set another price, and with the price
    that a new level is reckoned at: the first one shown."""
    ids, first = np.unique(seen.variant_id, return_index=True)
    at, _ = find_sorted(evidence.variant_id, ids)
    anchor, category = evidence.anchor_minor.copy(), evidence.category_id.copy()
    anchor[at], category[at] = seen.anchor_minor[first], seen.category_id[first]
    is_set = anchor != evidence.anchor_minor
    evidence = begin_anew(evidence, is_set)
    reference, home = evidence.reference.copy(), evidence.home_log.copy()
    reference[at] = np.where(np.isnan(reference[at]), seen.public_log[first], reference[at])
    now = evidence.shown_log.copy()
    now[at] = seen.public_log[first]
    # What a merchant does to a price tells nothing of siblings: its home goes along.
    home = np.where(np.isnan(home), now, home + np.where(is_set, now - evidence.shown_log, 0.0))
    return replace(
        evidence, anchor_minor=anchor, category_id=category, reference=reference, home_log=home
    )


def _look_around(evidence: Evidence, seen: Sightings, served: ServedDemand) -> Evidence:
    """Return the evidence with what the prices of siblings do to each rate while the batch lasts.

    A variant whose price changed within the batch counts at the mean of its prices, one that was
    not seen at its last one."""
    at, _ = find_sorted(evidence.variant_id, seen.variant_id)
    times = np.bincount(at, minlength=len(evidence))
    mean = np.bincount(at, seen.public_log, len(evidence)) / np.maximum(times, 1)
    known = replace(evidence, shown_log=np.where(times > 0, mean, evidence.shown_log))
    learned = learn_from(served, known)
    elasticity, _, _ = learned.elasticities(known.variant_id, known.family_id)
    beside = look_beside(known, elasticity)
    return replace(known, beside=beside, offset=beside * learned.siblings_lose(known.family_id))


def _believed(evidence: Evidence, served: ServedDemand) -> FloatArray:
    """Return the posterior mean of the elasticity of each variant with evidence, (N,)."""
    learned = learn_from(served, evidence)
    return learned.elasticities(evidence.variant_id, evidence.family_id)[0]


def _listen(evidence: Evidence, seen: Sightings, served: ServedDemand) -> tuple[Evidence, IntArray]:
    """Tell each family's alarm how wrong the forecast of the batch was; where it rings, what was
    believed before counts less."""
    at, _ = find_sorted(evidence.variant_id, seen.variant_id)
    rate = seen.looks * rates(evidence, _believed(evidence, served), seen, at)
    family, _ = find_sorted(evidence.alarm_family, seen.family_id)
    count = len(evidence.alarm_family)
    wrong = seen.bought - rate
    sums = [
        np.bincount(family, values, count)
        for values in (wrong, -wrong * seen.centered, rate, rate * seen.centered**2)
    ]
    residual, spread = np.stack(sums[:2]), OVERDISPERSION * np.stack(sums[2:])
    alarm, rang = evidence.alarm.copy(), np.zeros(count, dtype=np.bool_)
    for one in np.unique(family).tolist():
        listener = DriftAlarm.from_array(alarm[one])
        rang[one] = listener.update(residual[:, one], spread[:, one])
        alarm[one] = listener.to_array()
    alarmed = evidence.alarm_family[rang]
    return _widen_doubt(evidence, alarm, alarmed), alarmed


def _widen_doubt(evidence: Evidence, alarm: FloatArray, alarmed: IntArray) -> Evidence:
    """Return the evidence with the covariance of the variants of `alarmed` families inflated."""
    kept = np.where(np.isin(evidence.family_id, alarmed), KEPT_AFTER_ALARM, 1.0)
    return replace(evidence.fade(kept), alarm=alarm, trust=evidence.trust * kept)


def _step(evidence: Evidence, seen: Sightings, served: ServedDemand, share: FloatArray) -> Evidence:
    """Move levels, elasticities and slopes to the mode of their posterior.

    Each price shown counts as `share` of one, but for what it brought. The mode is that of each
    variant by itself; what siblings say is added when elasticities are read (`kinship`), so that
    the likelihood stays the variant's own."""
    learned = learn_from(served, evidence)
    public = learned.precision - evidence.precision
    mean, sd = choose_prior(served, evidence.variant_id, evidence.family_id, public)
    lost = learned.siblings_lose(evidence.family_id)
    mode = Mode(evidence, seen, share, (mean, evidence.trust / sd**2), lost)
    return mode.find(STEPS)


def _mark_moved(
    evidence: Evidence, served: ServedDemand, looked: Looked | None
) -> tuple[Evidence, IntArray]:
    """Return the variants whose elasticity is no longer what the publisher was given."""
    learned = believe(served, evidence, looked)
    mean, sd, _ = learned.elasticities(evidence.variant_id, evidence.family_id)
    moved = np.abs(mean - evidence.sent_mean) > MOVED_SDS * evidence.sent_sd
    moved |= np.abs(sd / evidence.sent_sd - 1.0) > MOVED_SD_RATIO
    known = replace(
        evidence,
        sent_mean=np.where(moved, mean, evidence.sent_mean),
        sent_sd=np.where(moved, sd, evidence.sent_sd),
    )
    return known, evidence.variant_id[moved]
