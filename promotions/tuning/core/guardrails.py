"""Guardrails of proposed adjustments: step, bounds, floor, budget, evidence, pause, law, people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from promotions.tuning.core.values import (
    AdjustingTerms,
    CampaignAction,
    CampaignState,
    MetricTotals,
    Outcome,
    Proposal,
    Ruling,
    Source,
)

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
