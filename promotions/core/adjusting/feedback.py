"""What buyers say and send back: tone of reviews and returns, against the time before."""

from __future__ import annotations

from promotions.core.adjusting.evidence import bound_mean, bound_rate
from promotions.core.adjusting.rules import move_weight
from promotions.core.adjusting.values import (
    AdjustingTerms,
    CampaignState,
    Lever,
    Proposal,
    PulseTotals,
    Source,
)

SORRY = 0.4
MANY_RETURNS = 2.0


def propose_by_feedback(
    state: CampaignState,
    pulse: PulseTotals,
    terms: AdjustingTerms,
    *,
    usual_positivity: float,
    usual_return_rate: float,
) -> list[Proposal]:
    """Return what buyers' words and returns would change, none without evidence.

    `usual_positivity` is the mean tone of the same goods before the campaign, 0 to 1;
    `usual_return_rate` the share of the shop's orders with a return. Goods that disappoint are
    promoted less, and not at all once most words are sorry; goods people are glad of are shown
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
        return [Proposal(Lever.PAUSE, Source.FEEDBACK, reason, "live", "paused", evidence)]
    if sorry or sent_back:
        factor, reason = 1.0 / terms.weight_step, "tone_fell" if sorry else "many_returns"
    elif tone.lies_above(usual_positivity):
        factor, reason = terms.weight_step, "tone_rose"
    else:
        return []
    return [
        move_weight(state, factor, source=Source.FEEDBACK, reason_code=reason, evidence=evidence)
    ]
