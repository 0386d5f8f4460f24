"""Keep every change of a public price with its reasons; let the model's wait where staff decide."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.learning.core.scene import ARM, GATE, SHOCK, STAFF
from pricing.ledger.models.proposals import PriceProposal
from pricing.optimum.core.feasible import FIGURES, Effect, expect_effect, name_rules
from pricing.optimum.core.joint import personal_prices
from pricing.policy.core import name_actions
from pricing.publishing.core.quality import name_badges
from pricing.publishing.selectors.overrides import APPROVED_FOR
from pricing.publishing.services.drafts import Draft
from pricing.publishing.services.publish_context import PublishContext

State = PriceProposal.State
# What staff rejected is not proposed again for a while.
REJECTED_FOR = timedelta(days=14)
# As long as decisions must be explainable.
KEPT_FOR = timedelta(days=400)

_CREATE = """
CREATE TEMPORARY TABLE incoming_proposal (
    variant_id bigint, state varchar(9), cause varchar(6), current_minor integer,
    proposed_minor integer, final_minor integer, floor_minor integer, ceiling_minor integer,
    elasticity float8, elasticity_sd float8, is_causal boolean, gain float8, chance float8,
    candidates jsonb, effect jsonb, bound jsonb, relaxed jsonb, badges jsonb, needs_two boolean
)
"""
_COPY = """
COPY incoming_proposal (
    variant_id, state, cause, current_minor, proposed_minor, final_minor,
    floor_minor, ceiling_minor, elasticity, elasticity_sd, is_causal, gain, chance, candidates,
    effect, bound, relaxed, badges, needs_two
) FROM STDIN
"""
_INSERT = """
INSERT INTO pricing_priceproposal AS p (
    variant_id, state, cause, current_minor, proposed_minor, final_minor,
    floor_minor, ceiling_minor, elasticity, elasticity_sd, is_causal, gain, chance, candidates,
    effect, bound, relaxed, badges, needs_two,
    market_id, channel, created_at, objective, policy_version, model_version, book_version, reason
)
SELECT variant_id, state, cause, current_minor, proposed_minor, final_minor,
    floor_minor, ceiling_minor, elasticity, elasticity_sd, is_causal, gain, chance, candidates,
    effect, bound, relaxed, badges, needs_two,
    %(market)s, %(channel)s, %(now)s, %(objective)s, %(policy)s, %(model)s,
    CASE state WHEN 'published' THEN %(book)s::integer END, ''
FROM incoming_proposal i
WHERE i.state = 'published' OR NOT EXISTS (
    SELECT FROM pricing_priceproposal r
    WHERE r.variant_id = i.variant_id AND r.market_id = %(market)s AND r.channel = %(channel)s
        AND r.state = 'rejected' AND r.decided_at > %(rejected_after)s
        AND r.current_minor = i.current_minor AND r.proposed_minor = i.proposed_minor
)
ORDER BY i.variant_id
ON CONFLICT (variant_id, market_id, channel)
    WHERE state IN ('pending', 'snoozed', 'approved', 'edited')
DO UPDATE SET state = 'pending', snoozed_until = NULL, cause = EXCLUDED.cause,
    current_minor = EXCLUDED.current_minor, proposed_minor = EXCLUDED.proposed_minor,
    -- A first person's word counts only for the numbers they saw.
    first_by_id = CASE WHEN p.current_minor = EXCLUDED.current_minor
        AND p.proposed_minor = EXCLUDED.proposed_minor THEN p.first_by_id END,
    final_minor = CASE WHEN p.current_minor = EXCLUDED.current_minor
        AND p.proposed_minor = EXCLUDED.proposed_minor THEN p.final_minor
        ELSE EXCLUDED.final_minor END,
    floor_minor = EXCLUDED.floor_minor, ceiling_minor = EXCLUDED.ceiling_minor,
    objective = EXCLUDED.objective, elasticity = EXCLUDED.elasticity,
    elasticity_sd = EXCLUDED.elasticity_sd, is_causal = EXCLUDED.is_causal, gain = EXCLUDED.gain,
    chance = EXCLUDED.chance, candidates = EXCLUDED.candidates, effect = EXCLUDED.effect,
    bound = EXCLUDED.bound, relaxed = EXCLUDED.relaxed, badges = EXCLUDED.badges,
    needs_two = CASE WHEN p.current_minor = EXCLUDED.current_minor
        AND p.proposed_minor = EXCLUDED.proposed_minor THEN p.needs_two
        ELSE EXCLUDED.needs_two END, policy_version = EXCLUDED.policy_version,
    model_version = EXCLUDED.model_version
WHERE p.state = 'pending' OR (p.state = 'snoozed' AND p.snoozed_until <= %(now)s)
"""


def record_proposals(*, draft: Draft, context: PublishContext, book_version: int) -> None:
    """Write a proposal for each price that changes with this book and each change that waits.

    In the caller's transaction. Decided proposals whose price is reached become `published`; those
    nobody would propose any more are withdrawn.
    """
    waits = draft.proposed.is_withheld & ~draft.opened
    changed = draft.is_changed & ~draft.opened
    changed &= ~_close_reached(draft, context, book_version)
    _withdraw(draft, context, waits)
    where = np.flatnonzero(changed | waits)
    if len(where):
        _write(draft, context, where, waits, book_version)


def _write(
    draft: Draft,
    context: PublishContext,
    where: IntArray,
    waits: BoolArray,
    book_version: int,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for row in _rows(draft, context, where, waits):
                copy.write_row(row)
        cursor.execute(
            _INSERT,
            _scope(context)
            | {
                "objective": context.policy.objective,
                "policy": context.policy.version,
                "model": 0 if context.model is None else context.model[0].id,
                "book": book_version,
                "rejected_after": context.now - REJECTED_FOR,
            },
        )
        cursor.execute("DROP TABLE incoming_proposal")


def _scope(context: PublishContext) -> dict[str, Any]:
    market, channel = context.place
    return {"market": market, "channel": channel, "now": context.now}


def _close_reached(draft: Draft, context: PublishContext, book_version: int) -> BoolArray:
    """Mark decided proposals whose price now holds as published; return where they are, (m,)."""
    approved = draft.staff.approved_minor
    reached = (approved > 0) & (draft.terms.public_minor == approved)
    _open_rows(context, State.APPROVED, State.EDITED).filter(
        variant_id__in=draft.terms.variant_id[reached].tolist()
    ).update(state=State.PUBLISHED, book_version=book_version)
    return reached


def _withdraw(draft: Draft, context: PublishContext, waits: BoolArray) -> None:
    """Withdraw what is no longer proposed, and what was decided too long ago to hold."""
    now = context.now
    gone = set(draft.terms.variant_id[~waits].tolist())
    waiting = _open_rows(context, State.PENDING) | _open_rows(context, State.SNOOZED).filter(
        snoozed_until__lte=now
    )
    rows = waiting.order_by("pk").values_list("pk", "variant_id")
    stale = [pk for pk, variant in rows if variant in gone]
    PriceProposal.objects.filter(pk__in=stale).update(state=State.WITHDRAWN)
    _open_rows(context, State.APPROVED, State.EDITED).filter(
        decided_at__lte=now - APPROVED_FOR
    ).update(state=State.WITHDRAWN)
    closed = (State.PUBLISHED, State.WITHDRAWN, State.REJECTED)
    PriceProposal.objects.filter(state__in=closed, created_at__lt=now - KEPT_FOR).delete()


def _open_rows(context: PublishContext, *states: str) -> Any:
    market, channel = context.place
    return PriceProposal.objects.filter(market_id=market, channel=channel, state__in=states)


def find_causes(draft: Draft) -> NDArray[np.str_]:
    """Return who moved each price, (m,): a guardrail where nobody else asked for another price."""
    is_forced = draft.is_changed & (draft.proposed.asked_minor == draft.old_public)
    causes: NDArray[np.str_] = np.where(is_forced, GATE, draft.proposed.cause)
    return causes


def ledger_sources(draft: Draft) -> list[str]:
    """Return what the ledger says of each price's origin: model, staff, guardrail, chance or an
    experiment."""
    cause = find_causes(draft)
    own_price = (draft.staff.fixed_minor > 0) | draft.staff.is_edited
    own_or_model = np.where((cause == STAFF) & own_price, "staff", "model")
    named = np.where(np.isin(cause, (GATE, SHOCK)), cause, own_or_model)
    named = np.where(cause == ARM, "experiment", named)
    return [str(one) for one in named.tolist()]


def _rows(
    draft: Draft, context: PublishContext, where: IntArray, waits: BoolArray
) -> Iterator[tuple[object, ...]]:
    proposed, limits = draft.proposed, draft.proposed.limits
    final = np.where(waits, proposed.choice.minor, draft.terms.public_minor)
    effect = _effect(draft, where, final)
    causes = find_causes(draft)
    for place, at in enumerate(where.tolist()):
        current, price = int(draft.old_public[at]), int(final[at])
        gain, chance, candidates = _candidates(draft, at, price)
        around = proposed.around
        gate = [] if waits[at] else [f"gate:{one}" for one in name_actions(int(draft.actions[at]))]
        yield (
            int(draft.terms.variant_id[at]),
            State.PENDING if waits[at] else State.PUBLISHED,
            "model" if waits[at] else str(causes[at]),
            current,
            int(proposed.choice.minor[at] if waits[at] else proposed.asked_minor[at]),
            price,
            int(limits.floor_minor[at]),
            int(min(limits.ceiling_minor[at], limits.step_high[at])),
            _number(draft.terms.elasticity[at]),
            _number(draft.terms.elasticity_sd[at]),
            bool(draft.is_causal[at]),
            gain,
            chance,
            json.dumps(candidates),
            json.dumps(_effect_of(effect, place)),
            json.dumps([*name_rules(int(proposed.choice.bound[at])), *around.name(at), *gate]),
            json.dumps(name_rules(int(proposed.choice.relaxed[at]))),
            json.dumps(name_badges(int(draft.badges[at]))),
            abs(price / current - 1.0) > context.policy.two_person_step,
        )


def _candidates(
    draft: Draft, at: int, price: int
) -> tuple[float | None, float | None, list[list[Any]]]:
    """Return gain and chance of the final price, and [price, gain, chance] of every candidate."""
    choice = draft.proposed.choice
    found: list[list[Any]] = []
    own: tuple[float | None, float | None] = (None, None)
    for k in np.flatnonzero(choice.candidates.is_open[at]).tolist():
        minor = int(choice.candidates.minor[at, k])
        gain, chance = _number(choice.gain[at, k]), _number(choice.chance[at, k])
        found.append([minor, gain, chance])
        if minor == price:
            own = (gain, chance)
    return (*own, found)


def _effect(draft: Draft, where: IntArray, final: IntArray) -> Effect:
    """Return the expected effect of the changes at `where`, reckoned with the cost itself."""
    terms, segments = draft.proposed.terms.take(where), draft.proposed.segments.take(where)
    exponent = draft.terms.exponent
    policy = draft.proposed.policy
    before, after = (
        personal_prices(prices[where], terms, segments, policy, exponent=exponent)
        for prices in (draft.old_public, final)
    )
    real = type(terms)(
        base_minor=terms.base_minor,
        cost=draft.terms.unit_cost[where],
        floor_minor=terms.floor_minor,
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
    )
    return expect_effect(before, after, real, segments, weekly_units=draft.weekly_units[where])


def _effect_of(effect: Effect, at: int) -> dict[str, dict[str, list[float | None]]]:
    """Return {"share": {...}, "weekly": {...}}: low, mean and high of each figure's change."""

    def band(values: FloatArray) -> list[float | None]:
        return [_number(one) for one in values[at].tolist()]

    return {
        "share": {name: band(effect.share[name]) for name in FIGURES},
        "weekly": {name: band(effect.weekly[name]) for name in FIGURES},
    }


def _number(value: float) -> float | None:
    """Return a number as JSON can hold it: rounded to six digits after the point, or nothing."""
    return round(float(value), 6) if math.isfinite(value) else None
