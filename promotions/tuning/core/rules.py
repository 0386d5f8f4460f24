"""Rules on campaign metrics: click rate, margin, and budget against time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promotions.tuning.core.guardrails import bound_mean, bound_rate, read_group
from promotions.tuning.core.values import (
    AdjustingTerms,
    CampaignAction,
    CampaignState,
    MetricTotals,
    Proposal,
    Source,
)

# A campaign that is seen as often as the others but opened half as much wastes the place it takes.
FEW = 0.5
MANY = 1.5
FAST = 1.25
SLOW = 0.6
EARLY = 0.1
# What is said of a group that a campaign loses money in
_LOSES = {"segments": "segment_loses", "tags": "tag_loses", "tiers": "tier_loses"}


def propose_by_rules(
    state: CampaignState, pulse: MetricTotals, terms: AdjustingTerms, *, usual_click_rate: float
) -> list[Proposal]:
    """Return what the rules would change of a live campaign, none without evidence.

    `pulse` is everything since its last change (or its start), `usual_click_rate` the clicks an
    impression of all live campaigns. Each rule speaks only when the whole interval, which holds at
    every look, is on one side.
    """
    return [
        *_by_holdout(state),
        *_by_group(state),
        *_by_margin(state, pulse, terms),
        *_by_clicks(state, pulse, terms, usual_click_rate),
        *_by_budget(state, pulse, terms),
    ]


def move_weight(
    state: CampaignState,
    factor: float,
    *,
    source: Source,
    reason_code: str,
    evidence: Mapping[str, float],
) -> Proposal:
    """Return the proposal to multiply the exposure weight by `factor`."""
    return Proposal(
        lever=CampaignAction.EXPOSURE,
        source=source,
        reason_code=reason_code,
        before=state.exposure_weight,
        after=state.exposure_weight * factor,
        evidence=evidence,
    )


def _by_holdout(state: CampaignState) -> Iterator[Proposal]:
    """Stop what certainly loses money against those who were left without it."""
    if state.holdout is not None and state.holdout.lies_below(0.0):
        yield Proposal(
            lever=CampaignAction.PAUSE,
            source=Source.HOLDOUT,
            reason_code="loses_to_holdout",
            before="live",
            after="paused",
            evidence={
                "low_minor": state.holdout.low,
                "high_minor": state.holdout.high,
                "shoppers": state.holdout.count,
            },
            expected_minor=-state.holdout.high * state.holdout.count,
        )


def _by_group(state: CampaignState) -> Iterator[Proposal]:
    """Leave out a segment, tag or tier in which it certainly loses, while it does not as a whole.

    One at a time: groups share shoppers, and without those of one another may earn.
    """
    if state.holdout is not None and state.holdout.lies_below(0.0):
        return
    for name, interval in sorted(state.by_group.items(), key=lambda one: (one[1].high, one[0])):
        if interval.lies_below(0.0):
            yield Proposal(
                lever=CampaignAction.AUDIENCE,
                source=Source.HOLDOUT,
                reason_code=_LOSES[read_group(name)[0]],
                before=name,
                after=None,
                evidence={"low_minor": interval.low, "high_minor": interval.high},
                expected_minor=-interval.high * interval.count,
            )


def _by_margin(
    state: CampaignState, pulse: MetricTotals, terms: AdjustingTerms
) -> Iterator[Proposal]:
    """Take a step back where orders with the offer leave less than nothing after its discount."""
    margin = bound_mean(
        pulse.margin_minor,
        pulse.margin_squares,
        pulse.redemptions,
        alpha=terms.alpha,
        near=10 * terms.least_redemptions,
    )
    if not margin.lies_below(0.0):
        return
    evidence = {"low_minor": margin.low, "high_minor": margin.high, "orders": margin.count}
    if state.percent is None:
        yield Proposal(
            CampaignAction.PAUSE, Source.RULE, "sold_below_cost", "live", "paused", evidence
        )
        return
    yield Proposal(
        lever=CampaignAction.DEPTH,
        source=Source.RULE,
        reason_code="sold_below_cost",
        before=state.percent,
        after=state.percent - terms.depth_step,
        evidence=evidence,
    )


def _by_clicks(
    state: CampaignState, pulse: MetricTotals, terms: AdjustingTerms, usual: float
) -> Iterator[Proposal]:
    rate = bound_rate(pulse.clicks, pulse.impressions, alpha=terms.alpha)
    evidence = {
        "low": rate.low,
        "high": rate.high,
        "usual": usual,
        "impressions": pulse.impressions,
        "clicks": pulse.clicks,
    }
    if usual > 0.0 and rate.lies_below(FEW * usual):
        yield move_weight(
            state,
            1.0 / terms.weight_step,
            source=Source.RULE,
            reason_code="few_clicks",
            evidence=evidence,
        )
    elif usual > 0.0 and rate.lies_above(MANY * usual):
        yield move_weight(
            state,
            terms.weight_step,
            source=Source.RULE,
            reason_code="many_clicks",
            evidence=evidence,
        )


def _by_budget(
    state: CampaignState, pulse: MetricTotals, terms: AdjustingTerms
) -> Iterator[Proposal]:
    """Keep a budget for the whole window: less exposure when it runs out early, more when idle."""
    if not state.budget_minor or state.elapsed < EARLY:
        return
    if pulse.redemptions < terms.least_redemptions and state.spent_minor:
        return
    pace = state.spent_minor / state.budget_minor / state.elapsed
    evidence = {"pace": pace, "elapsed": state.elapsed, "spent_minor": state.spent_minor}
    if pace > FAST:
        yield move_weight(
            state,
            1.0 / terms.weight_step,
            source=Source.RULE,
            reason_code="budget_fast",
            evidence=evidence,
        )
    elif pace < SLOW and pulse.impressions >= terms.least_impressions:
        yield move_weight(
            state,
            terms.weight_step,
            source=Source.RULE,
            reason_code="budget_slow",
            evidence=evidence,
        )


SORRY = 0.4
MANY_RETURNS = 2.0


def propose_by_feedback(
    state: CampaignState,
    pulse: MetricTotals,
    terms: AdjustingTerms,
    *,
    usual_positivity: float,
    usual_return_rate: float,
) -> list[Proposal]:
    """Return what buyers' words and returns would change, none without evidence.

    `usual_positivity` is the mean tone of the same products before the campaign, 0 to 1;
    `usual_return_rate` the share of the shop's orders with a return. Products that disappoint are
    promoted less, and not at all once most words are sorry; products people are glad of are shown
    more. Nothing is ever given for kind words: tone moves what the shop shows, not what a reviewer
    gets (EU 2019/2161, annex I no. 23c).
    """
    tone = bound_mean(
        pulse.positivity_sum,
        pulse.positivity_squares,
        pulse.read,
        alpha=terms.alpha,
        near=10 * terms.least_reviews,
    )
    returned = bound_rate(pulse.returns, pulse.redemptions, alpha=terms.alpha)
    evidence = {
        "tone_low": tone.low,
        "tone_high": tone.high,
        "usual_tone": usual_positivity,
        "reviews": pulse.reviews,
        "returns_low": returned.low,
        "usual_returns": usual_return_rate,
    }
    sorry = tone.lies_below(usual_positivity)
    sent_back = usual_return_rate > 0.0 and returned.lies_above(MANY_RETURNS * usual_return_rate)
    if tone.lies_below(SORRY) or (sorry and sent_back):
        reason = "buyers_are_sorry"
        return [Proposal(CampaignAction.PAUSE, Source.FEEDBACK, reason, "live", "paused", evidence)]
    if sorry or sent_back:
        factor, reason = 1.0 / terms.weight_step, "tone_fell" if sorry else "many_returns"
    elif tone.lies_above(usual_positivity):
        factor, reason = terms.weight_step, "tone_rose"
    else:
        return []
    return [
        move_weight(state, factor, source=Source.FEEDBACK, reason_code=reason, evidence=evidence)
    ]
