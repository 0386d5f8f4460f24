"""Proposed price changes in words: what, why, what it should bring, and who must say yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pricing.publishing.core.changes import Band, OverrideRow, ProposalRow
from shop.ground.kernel.money import write_amount
from shop.ground.staff.columns import show_minor, show_money
from shop.ground.staff.numbers import (
    EMPTY,
    show_change,
    show_number,
    show_percent,
    show_signed,
    show_units,
)
from shop.ground.staff.region import staff_currency

type Text = str | Promise

# state -> (word, tone)
STATES: dict[str, tuple[Text, str]] = {
    "pending": (gettext_lazy("waits for staff"), "amber"),
    "snoozed": (gettext_lazy("put off"), "gray"),
    "approved": (gettext_lazy("approved, in the next book"), "blue"),
    "edited": (gettext_lazy("changed by staff, in the next book"), "blue"),
    "published": (gettext_lazy("published"), "green"),
    "rejected": (gettext_lazy("rejected"), "red"),
    "withdrawn": (gettext_lazy("no longer proposed"), "gray"),
}
CAUSES: dict[str, Text] = {
    "model": gettext_lazy("demand model"),
    "anchor": gettext_lazy("the merchant's own price"),
    "staff": gettext_lazy("staff"),
    "gate": gettext_lazy("a guardrail"),
    "shock": gettext_lazy("price test"),
    "arm": gettext_lazy("an experiment, or back from it"),
}
FIGURES: dict[str, Text] = {
    "units": gettext_lazy("Units a week"),
    "revenue": gettext_lazy("Revenue a week"),
    "profit": gettext_lazy("Profit a week"),
}
KINDS: dict[str, Text] = {
    "price": gettext_lazy("fixed price"),
    "floor": gettext_lazy("minimum price"),
    "ceiling": gettext_lazy("maximum price"),
    "clear": gettext_lazy("sell out by"),
}
GOALS: dict[str, Text] = {
    "profit": gettext_lazy("profit and purchases won"),
    "revenue": gettext_lazy("revenue"),
    "units": gettext_lazy("units sold"),
}


@dataclass(frozen=True, slots=True)
class EffectLine:
    """What a change should do to one figure in a week: mean and 90 % interval, and relative."""

    name: Text
    mean: str
    interval: str
    share: str
    tone: str


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """A price that was weighed: expected gain of the goal and the chance to be better than now."""

    price: str
    gain: str
    chance: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed change as the inbox shows it; `row` holds the numbers themselves."""

    row: ProposalRow
    before: str
    after: str
    step: str
    step_tone: str
    state: Text
    state_tone: str
    cause: Text
    goal: str
    effect: tuple[EffectLine, ...]
    candidates: tuple[CandidateLine, ...]
    bounds: str
    elasticity: str
    price_value: str
    profit_minor: int
    currency: str
    is_edited: bool
    is_dearly_won: bool
    is_open: bool
    is_mine: bool
    waits_for_second: bool


@dataclass(frozen=True, slots=True)
class Override:
    """A price or limit set by hand, in words."""

    row: OverrideRow
    kind: Text
    amount: str
    state: str
    tone: str


def describe_proposal(row: ProposalRow, reader_id: int | None) -> Change:
    """Return a proposal in words, as `reader_id` sees it. No query."""
    state, tone = STATES.get(row.state, (row.state, "gray"))
    step = row.change_share
    waits = row.state == "pending" and row.needs_two and row.first_by_id is not None
    is_edited = _is_edited(row)
    return Change(
        row=row,
        before=show_money(row.current_minor),
        after=show_money(row.final_minor),
        step=show_change(step),
        step_tone="green" if step < 0 else "amber",
        state=state,
        state_tone=tone,
        cause=CAUSES.get(row.cause, row.cause),
        # Both are those of the model's price, not of the one that staff named instead.
        goal="" if is_edited else _show_goal(row),
        effect=() if is_edited else list_effects(row.effect_weekly, row.effect_share),
        candidates=_list_candidates(row),
        bounds=f"{show_money(row.floor_minor)} – {show_money(row.ceiling_minor)}",
        elasticity=_show_elasticity(row),
        price_value=_major(row.final_minor),
        profit_minor=0 if is_edited else _mean(row, "profit"),
        currency=staff_currency(),
        is_edited=is_edited,
        is_dearly_won=not is_edited and _is_dearly_won(row),
        is_open=row.state in ("pending", "snoozed"),
        is_mine=waits and row.first_by_id == reader_id,
        waits_for_second=waits,
    )


def say_total_effect(changes: Sequence[Change]) -> str:
    """Return what changes should do together in a week; one that staff edited counts nothing."""
    known = [one.row for one in changes if not one.is_edited]
    words = {
        "n": len(changes),
        "profit": show_signed(sum(_mean(row, "profit") for row in known), show_minor),
        "revenue": show_signed(sum(_mean(row, "revenue") for row in known), show_minor),
    }
    return (
        ngettext(
            "The %(n)d change on this page should bring %(profit)s profit and %(revenue)s revenue a"
            " week.",
            "The %(n)d changes on this page should together bring %(profit)s profit and"
            " %(revenue)s revenue a week.",
            len(changes),
        )
        % words
    )


def _mean(row: ProposalRow, name: str) -> int:
    """Return the mean effect on a figure in a week, 0 where it is not known."""
    mean = row.effect_weekly.get(name, (None, None, None))[1]
    return 0 if mean is None else round(mean)


def list_effects(weekly: Mapping[str, Band], share: Mapping[str, Band]) -> tuple[EffectLine, ...]:
    """Return one line per figure that is known in a week or as a share."""
    lines = []
    for name, title in FIGURES.items():
        show = show_units if name == "units" else show_minor
        low, mean, high = weekly.get(name, (None, None, None))
        part = share.get(name, (None, None, None))
        sign = mean if mean is not None else part[1]
        if sign is None:
            continue
        lines.append(
            EffectLine(
                name=title,
                mean=EMPTY if mean is None else show_signed(mean, show),
                interval=f"{show_signed(low, show)} … {show_signed(high, show)}"
                if low is not None and high is not None
                else EMPTY,
                share=show_change(part[1]),
                tone="green" if sign > 0 else "red" if sign < 0 else "gray",
            )
        )
    return tuple(lines)


def describe_override(row: OverrideRow) -> Override:
    """Return a price set by hand in words."""
    if row.is_in_force:
        state, tone = _("in force"), "green"
    elif row.ended_at is not None:
        state, tone = _("ended by hand"), "gray"
    else:
        state, tone = _("over or to come"), "gray"
    return Override(row, KINDS.get(row.kind, row.kind), show_money(row.amount_minor), state, tone)


def _list_candidates(row: ProposalRow) -> tuple[CandidateLine, ...]:
    return tuple(
        CandidateLine(
            price=show_money(price),
            gain=EMPTY if not gain else show_change(gain - 1),
            chance=EMPTY if chance is None else show_percent(chance),
            is_chosen=price == row.proposed_minor,
        )
        for price, gain, chance in row.candidates
    )


def _is_dearly_won(row: ProposalRow) -> bool:
    """Whether the goal gains while profit of the week falls: then the page says why."""
    profit = row.effect_share.get("profit", (None, None, None))[1]
    return row.objective == "profit" and profit is not None and profit < 0.0


def _is_edited(row: ProposalRow) -> bool:
    """Whether staff named another price than the model; a guardrail may have moved one, too."""
    is_by_staff = row.state in ("pending", "snoozed") or row.decided_by_id is not None
    return is_by_staff and row.final_minor != row.proposed_minor


def _show_goal(row: ProposalRow) -> str:
    """What the change was made for, what it gains of it, and how sure that is; "" of no model."""
    if not row.gain or row.chance is None:
        return ""
    return _("%(goal)s %(gain)s, better with a probability of %(chance)s") % {
        "goal": GOALS.get(row.objective, row.objective),
        "gain": show_change(row.gain - 1),
        "chance": show_percent(row.chance),
    }


def _show_elasticity(row: ProposalRow) -> str:
    if row.elasticity is None:
        return EMPTY
    spread = "" if row.elasticity_sd is None else f" ± {show_number(row.elasticity_sd)}"
    return f"{show_number(-row.elasticity)}{spread}"


def _major(minor: int) -> str:
    return write_amount(minor, staff_currency())
