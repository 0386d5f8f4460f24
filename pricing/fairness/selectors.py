"""Read fairness audits, and say in sentences what they came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.core.audit import STOPPING, AuditState, AuditVerdict
from pricing.fairness.models.audits import ModelAudit
from pricing.ledger.selectors.references import home_place, list_places, name_place, say_in_place
from shop.ground.staff.numbers import show_count, show_number
from shop.ground.staff.phrases import join_names

PLACE = ("market_code", "channel")
# What declared traits are called.
TRAITS: dict[str, str | Promise] = {
    "age": gettext_lazy("age"),
    "income": gettext_lazy("income"),
    "home_ownership": gettext_lazy("home ownership"),
    "marital_status": gettext_lazy("marital status"),
    "household_size": gettext_lazy("household size"),
    "household_comp": gettext_lazy("household composition"),
    "kids_count": gettext_lazy("number of children"),
}
WORST: tuple[AuditState, ...] = ("missing", "failed", "waived", "passed")
# What each state of an audit means, said alike on every page, and its tone.
AUDIT_STATES: dict[str, tuple[str | Promise, str]] = {
    "passed": (
        gettext_lazy("No group is certainly treated worse than the limits allow."),
        "green",
    ),
    "waived": (
        gettext_lazy("A group is over a limit; two people answered for it with a reason."),
        "amber",
    ),
    "failed": (gettext_lazy("A group is over a limit: the model must not be used."), "red"),
    "missing": (gettext_lazy("The model in use has no audit yet."), "red"),
}


def find_audit(*, model_id: int, sha256: str) -> AuditVerdict:
    """Return the newest verdict on the arrays of a model, the worst of all places that have prices.
    Two queries.

    An audit of other arrays counts as none. The home place must have one; a place opened since has
    its first in the coming night.
    """
    rows = ModelAudit.objects.filter(sha256=sha256).order_by("market_code", "channel", "-id")
    newest = {(row.market_code, row.channel): row for row in rows.distinct(*PLACE)}
    if home_place() not in newest:
        reason = _("No fairness audit has been made of these arrays: run audit_fairness.")
        return AuditVerdict(id=0, model=model_id, state="missing", reasons=(reason,))
    priced = list_places() if len(newest) > 1 else [home_place()]
    return worst_verdict([newest[place] for place in priced if place in newest])


def find_audit_in_use() -> AuditVerdict | None:
    """Return the newest verdict on the model in use, None without one. Three queries."""
    models = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    found = models.values_list("pk", "sha256").first()
    return None if found is None else find_audit(model_id=found[0], sha256=found[1])


def worst_verdict(rows: Sequence[ModelAudit]) -> AuditVerdict:
    """Return the verdict that decides among those of several places: the first of the worst."""
    return min((audit_verdict(row) for row in rows), key=lambda one: WORST.index(one.state))


def audit_verdict(row: ModelAudit) -> AuditVerdict:
    """Return a row as others see it. No query."""
    return AuditVerdict(
        id=row.pk,
        model=row.model_id,
        state=_state(row),
        at=row.at,
        people=row.people,
        compared=row.compared,
        is_waivable=row.is_waivable,
        waiver_asked_by=row.waiver_asked_by_id,
        reasons=tuple(_name_place(row, one) for one in describe_audit(row)),
        report=row.report,
    )


def _name_place(row: ModelAudit, sentence: str) -> str:
    place = (row.market_code, row.channel)
    if place == home_place():
        return sentence
    return say_in_place(name_place(place), sentence)


def describe_audit(row: ModelAudit) -> Iterable[str]:
    """Yield what is wrong, worst first, or that nothing is; each one sentence."""
    for name in row.unlisted:
        yield _("It uses %(name)s, which is not on the list of allowed inputs.") % {"name": name}
    if not row.is_blind:
        yield _("Prices changed when nothing but declared traits was exchanged.")
    findings = row.report.get("findings", [])
    for is_stopping in (True, False):
        for finding in findings:
            if (finding["rule"] in STOPPING and finding["is_certain"]) == is_stopping:
                yield describe_finding(finding)
    if row.people == 0:
        yield _("Nobody has declared a trait: groups could not be compared.")
    elif not row.report.get("groups"):
        yield _("No group has 20 people: groups could not be compared.")


def name_trait(trait: str) -> str:
    """Return what a declared trait is called; one that shops named themselves in its own words."""
    return str(TRAITS[trait]) if trait in TRAITS else trait.replace("_", " ")


def describe_finding(finding: Mapping[str, Any]) -> str:
    """Return one finding as a sentence; those that may be chance say so."""
    sentences = {
        "features_tell_trait": _(
            "Inputs of prices tell %(trait)s “%(group)s” (AUC %(value).2f, limit %(limit).2f)."
        ),
        "price_tells_trait": _(
            "Prices tell %(trait)s “%(group)s” (AUC %(value).2f, limit %(limit).2f)."
        ),
        "paid": _("%(trait)s “%(group)s” pays %(value).3f times what all pay (limit %(limit).2f)."),
        "offers": _(
            "%(trait)s “%(group)s” gets %(value).2f times the discounts of the best group"
            " (limit %(limit).2f)."
        ),
        "discount": _(
            "The mean discount of %(trait)s “%(group)s” is %(value).2f times that of all"
            " (limit %(limit).2f)."
        ),
    }
    named = {**finding, "trait": name_trait(finding["trait"])}
    sentence = sentences[finding["rule"]] % named
    return sentence if finding["is_certain"] else _("%s This may be chance.") % sentence


def explain_findings(report: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why findings do not make an audit fail, or do: which are over their limit, which may
    be chance, and what the test over all groups together says. Nothing without findings."""
    findings = report.get("findings", [])
    if not findings:
        return ()
    chance = [one for one in findings if not one["is_certain"]]
    certain = [one for one in findings if one["is_certain"]]
    stopping, groups = _stopping(report), len(report.get("groups", []))
    over = _("Over their limit: %(n)d figures (%(names)s).")
    may_be = _("May be chance: %(n)d of them (%(names)s), whose intervals include equal treatment.")
    family = (
        _(
            "Over all %(groups)d groups together, at an error of 5 %% for each check, %(n)d figures"
            " that stop a model differ from equal treatment (%(names)s)."
        )
        if stopping
        else _(
            "Over all %(groups)d groups together, at an error of 5 %% for each check, no figure"
            " that stops a model differs from equal treatment; %(n)d that are only told do"
            " (%(names)s)."
        )
    )
    shown = ((over, findings), (may_be, chance), (family, stopping or certain))
    return tuple(
        sentence % {"n": len(some), "names": _name_groups(some), "groups": groups}
        for sentence, some in shown
    )


def _name_groups(findings: Sequence[Mapping[str, Any]]) -> str:
    named = dict.fromkeys(f"{name_trait(one['trait'])} “{one['group']}”" for one in findings)
    return join_names(named) or _("none")


def is_no_worse(report: Mapping[str, Any], answered: Mapping[str, Any]) -> bool:
    """Return whether all that stops a model in `report` was in `answered`, and as far off at least.

    Compared in the digits that people were shown. A finding of another limit is another one.
    """
    known = {_name(one): _excess(one) for one in _stopping(answered)}
    return all(_excess(one) <= known.get(_name(one), -1.0) for one in _stopping(report))


def _stopping(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    findings = report.get("findings", [])
    return [one for one in findings if one["rule"] in STOPPING and one["is_certain"]]


def _name(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(finding[key] for key in ("rule", "trait", "group", "limit"))


def _excess(finding: Mapping[str, Any]) -> float:
    """Return how far a figure is beyond its limit, as `describe_finding` shows it."""
    digits = 3 if finding["rule"] == "paid" else 2
    return round(abs(round(finding["value"], digits) - finding["limit"]), digits)


def _state(row: ModelAudit) -> AuditState:
    if row.is_passed:
        return "passed"
    return "failed" if row.waived_at is None else "waived"


def list_group_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the cells of a table of groups: trait, group, people, three ratios and two AUCs."""
    inputs = {(one["trait"], one["group"]): one for one in report.get("feature_areas", [])}
    prices = {(one["trait"], one["group"]): one for one in report.get("price_areas", [])}
    rows = []
    for one in report.get("groups", []):
        key = (one["trait"], one["group"])
        figures = (one["paid"], one["discount"], one["offers"], prices[key], inputs[key])
        digits = (3, 2, 2, 2, 2)
        cells = (_interval(figure, n) for figure, n in zip(figures, digits, strict=True))
        rows.append((name_trait(one["trait"]), one["group"], show_count(one["members"]), *cells))
    return rows


type Meaning = Literal["stops", "told", "chance", "alike"]
_GRAVE: tuple[Meaning, ...] = ("stops", "told", "chance", "alike")


@dataclass(frozen=True, slots=True)
class GroupTreatment:
    """How a group is treated: `lowered`, the share of its prices below the public one (None in
    audits from before it was kept), lower prices against the group with most of them, and what it
    pays against all; both with intervals.

    `meaning` is the gravest finding about the group's prices: it stops a model, is only told, may
    be chance, or there is none.
    """

    trait: str
    group: str
    members: int
    lowered: float | None
    offers: Mapping[str, float | None]
    paid: Mapping[str, float | None]
    meaning: Meaning


def list_treatments(report: Mapping[str, Any]) -> list[GroupTreatment]:
    """Return the groups of a report in its order, with what the findings mean for each."""
    meant: dict[tuple[str, str], set[Meaning]] = {}
    for finding in report.get("findings", ()):
        if finding["rule"] == "features_tell_trait":
            continue  # of the inputs of prices, not of prices
        meant.setdefault((finding["trait"], finding["group"]), set()).add(_weigh(finding))
    return [
        GroupTreatment(
            trait=name_trait(one["trait"]),
            group=one["group"],
            members=one["members"],
            lowered=one.get("lowered"),
            offers=one["offers"],
            paid=one["paid"],
            meaning=min(meant.get((one["trait"], one["group"]), {"alike"}), key=_GRAVE.index),
        )
        for one in report.get("groups", ())
    ]


def _weigh(finding: Mapping[str, Any]) -> Meaning:
    if not finding["is_certain"]:
        return "chance"
    return "stops" if finding["rule"] in STOPPING else "told"


def _interval(figure: Mapping[str, float], digits: int) -> str:
    value, low, high = (
        "∞" if figure[name] is None else show_number(figure[name], digits)
        for name in ("value", "low", "high")
    )
    return f"{value} [{low}, {high}]"
