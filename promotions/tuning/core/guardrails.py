"""Guardrails of proposed adjustments: step, bounds, floor, budget, evidence, pause, law, people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import log, log1p, sqrt
from typing import Any as Json

import scipy
from scipy.special import betaln

from promotions.tuning.core.values import (
    AdjustingTerms,
    CampaignAction,
    CampaignState,
    Interval,
    MetricTotals,
    Outcome,
    Proposal,
    Ruling,
    Source,
)
from shop.ground.kernel.sequences import best_rho, mixture_margin

# Stopping a loss comes before everything; of two others the more careful one is taken.
_ORDER = (
    CampaignAction.PAUSE,
    CampaignAction.AUDIENCE,
    CampaignAction.WINDOW,
    CampaignAction.DEPTH,
    CampaignAction.EXPOSURE,
)


def bound_proposals(
    proposals: Iterable[Proposal],
    state: CampaignState,
    pulse: MetricTotals,
    terms: AdjustingTerms,
) -> list[Ruling]:
    """Return a ruling on each proposal, in the order they are to be acted on.

    At most one is applied, and one a lever waits: the next look judges what it did. A campaign that
    loses to its holdout is stopped at once, whatever the cooldown; everything else waits for
    evidence and cooldown. What takes a promise back (a public price that rises again, an end that
    comes sooner, a pause of a public campaign) and what moves more than `approve_above_minor` asks
    a person.
    """
    rulings = [_rule(one, state, pulse, terms) for one in sorted(proposals, key=_careful_first)]
    has_applied = False
    taken: set[CampaignAction] = set()
    bound = []
    for ruling in rulings:
        lever = ruling.proposal.lever
        is_late = ruling.outcome is Outcome.APPLY and has_applied
        if ruling.outcome is not Outcome.REFUSE and (is_late or lever in taken):
            bound.append(replace(ruling, outcome=Outcome.REFUSE, bound_by="one_at_a_time"))
            continue
        has_applied = has_applied or ruling.outcome is Outcome.APPLY
        if ruling.outcome is not Outcome.REFUSE:
            taken.add(lever)
        bound.append(ruling)
    return bound


def _rule(
    proposal: Proposal, state: CampaignState, pulse: MetricTotals, terms: AdjustingTerms
) -> Ruling:
    bounded, bound_by = _within_bounds(proposal, state, terms)
    if bounded.after == bounded.before:
        return Ruling(bounded, Outcome.REFUSE, bound_by or "nothing_left")
    if proposal.source is Source.HOLDOUT and proposal.lever is CampaignAction.PAUSE:
        return Ruling(bounded, Outcome.APPLY)
    if too_little := _lacks_evidence(proposal, pulse, terms):
        return Ruling(bounded, Outcome.REFUSE, too_little)
    if state.changed_at is not None and state.now - state.changed_at < terms.cooldown:
        return Ruling(bounded, Outcome.REFUSE, "cooldown")
    if reason := _asks_people(bounded, state, terms):
        return Ruling(bounded, Outcome.ASK, reason)
    return Ruling(bounded, Outcome.APPLY, bound_by)


def _within_bounds(
    proposal: Proposal, state: CampaignState, terms: AdjustingTerms
) -> tuple[Proposal, str]:
    """Return the proposal cut to one step and to the bounds, and which of them cut it."""
    before, after = proposal.before, proposal.after
    if not isinstance(before, float) or not isinstance(after, float):
        return proposal, ""
    if proposal.lever is CampaignAction.EXPOSURE:
        low, high, step = terms.weight_min, terms.weight_max, ""
        near = (before / terms.weight_step, before * terms.weight_step)
    else:
        low, high, step = terms.depth_min, min(terms.depth_max, state.deepest), "floor"
        near = (before - terms.depth_step, before + terms.depth_step)
    stepped = min(near[1], max(near[0], after))
    # A campaign staff set outside the bounds is not pulled inside by force, only not pushed on.
    inside = min(max(high, before), max(min(low, before), stepped))
    bound_by = ""
    if inside != stepped:
        bound_by = step if step and inside == state.deepest else "bounds"
    elif stepped != after:
        bound_by = "step"
    return replace(proposal, after=inside), bound_by


def _lacks_evidence(proposal: Proposal, pulse: MetricTotals, terms: AdjustingTerms) -> str:
    if proposal.source is Source.FEEDBACK:
        enough = pulse.read >= terms.least_reviews or pulse.returns >= terms.least_reviews
        return "" if enough else "evidence"
    if proposal.lever is CampaignAction.EXPOSURE:
        return "" if pulse.impressions >= terms.least_impressions else "evidence"
    return "" if pulse.redemptions >= terms.least_redemptions else "evidence"


def _asks_people(proposal: Proposal, state: CampaignState, terms: AdjustingTerms) -> str:
    """Return why a person has to say yes; empty if none has to."""
    is_public = state.audience == "public"
    if proposal.lever in (CampaignAction.WINDOW, CampaignAction.AUDIENCE):
        return "promise"
    if is_public and proposal.lever is CampaignAction.PAUSE:
        return "promise"
    if proposal.lever is CampaignAction.DEPTH and is_public and _is_shallower(proposal):
        return "promise"
    if _is_deeper(proposal) and state.budget_minor is None:
        return "budget"
    # Without a holdout nobody knows how many of its orders would have come anyway.
    if _is_deeper(proposal) and state.holdout is None:
        return "no_holdout"
    if abs(proposal.expected_minor) > terms.approve_above_minor:
        return "threshold"
    return "" if terms.is_automatic else "not_automatic"


def _is_shallower(proposal: Proposal) -> bool:
    before, after = proposal.before, proposal.after
    return isinstance(before, float) and isinstance(after, float) and after < before


def _is_deeper(proposal: Proposal) -> bool:
    before, after = proposal.before, proposal.after
    is_depth = proposal.lever is CampaignAction.DEPTH
    return is_depth and isinstance(before, float) and isinstance(after, float) and after > before


def _careful_first(proposal: Proposal) -> tuple[int, float, int, str]:
    before, after = proposal.before, proposal.after
    rise = after - before if isinstance(before, float) and isinstance(after, float) else 0.0
    known = list(Source).index(proposal.source)
    return _ORDER.index(proposal.lever), rise, known, proposal.reason_code


# A test meant for one look, taken every minute, finds something in the end whether it is there or
# not; these hold at all looks at once (Ville's inequality), so adjusting may watch all the time.

# Beta(1/2, 1/2) as the mixture: the narrowest over all rates at once, up to a constant.
PRIOR = 0.5
EDGE = 1e-12


def bound_rate(hits: int, tries: int, *, alpha: float) -> Interval:
    """Return the confidence sequence of a rate after `hits` in `tries`, error `alpha`.

    All p with B(k + 1/2, n - k + 1/2) / B(1/2, 1/2) < p^k (1 - p)^(n - k) / alpha: the mixture
    likelihood ratio against p is a martingale under p (Robbins, "Statistical methods related to
    the law of the iterated logarithm", Annals of Mathematical Statistics 41, 1970).

    >>> found = bound_rate(30, 1_000, alpha=0.05)
    >>> round(found.low, 3), round(found.high, 3)
    (0.014, 0.054)
    >>> bound_rate(0, 0, alpha=0.05)
    Interval(low=0.0, high=1.0, count=0)
    """
    hits = min(hits, tries)
    if tries <= 0:
        return Interval(0.0, 1.0, 0)
    mixture = float(betaln(hits + PRIOR, tries - hits + PRIOR) - betaln(PRIOR, PRIOR))

    def excess(rate: float) -> float:
        likelihood = hits * log(rate) + (tries - hits) * log1p(-rate)
        return mixture - likelihood + log(alpha)

    rate = min(1.0 - EDGE, max(EDGE, hits / tries))
    low = 0.0 if hits == 0 or excess(EDGE) < 0 else scipy.optimize.brentq(excess, EDGE, rate)
    high = (
        1.0
        if hits == tries or excess(1.0 - EDGE) < 0
        else scipy.optimize.brentq(excess, rate, 1.0 - EDGE)
    )
    return Interval(float(low), float(high), tries)


def bound_mean(total: float, squares: float, count: int, *, alpha: float, near: int) -> Interval:
    """Return the confidence sequence of a mean, narrowest near `near` observations.

    m ± s / sqrt(n) times the margin of `shop.ground.kernel.sequences`, which gives formula and
    source.

    >>> found = bound_mean(700.0, 520.0, 1_000, alpha=0.05, near=1_000)
    >>> round(found.low, 3), round(found.high, 3)
    (0.683, 0.717)
    """
    if count < 2:
        return Interval(float("-inf"), float("inf"), count)
    mean = total / count
    variance = max(0.0, squares - count * mean * mean) / (count - 1)
    width = sqrt(variance / count) * mixture_margin(count, alpha, best_rho(near, alpha))
    return Interval(mean - width, mean + width, count)


# The words of conditions for them
WORDS = ("segments", "tags", "tiers")


def name_group(word: str, code: str) -> str:
    """Return the name of a group, as changes of the audience keep it.

    >>> name_group("tags", "vegan")
    'tags:vegan'
    """
    return f"{word}:{code}"


def read_group(name: str) -> tuple[str, str]:
    """Return word and code of a group. Changes of before tags counted name a segment alone.

    >>> read_group("tiers:gold"), read_group("bakers")
    (('tiers', 'gold'), ('segments', 'bakers'))
    """
    word, colon, code = name.partition(":")
    return (word, code) if colon and word in WORDS else (WORDS[0], name)


def leave_out(name: str) -> dict[str, Json]:
    """Return the condition that a shopper is not in the group.

    >>> leave_out("tags:vegan")
    {'not': {'tags': ['vegan']}}
    """
    word, code = read_group(name)
    return {"not": {word: [code]}}


def is_left_out(name: str, condition: Mapping[str, Json]) -> bool:
    """Return whether nobody of the group gets an offer of this condition.

    >>> left = {"all": [{"cart_value": 4000}, leave_out("tiers:gold")]}
    >>> is_left_out("tiers:gold", left), is_left_out("tiers:silver", left)
    (True, False)
    """
    parts = condition.get("all", [condition])
    return leave_out(name) in parts
