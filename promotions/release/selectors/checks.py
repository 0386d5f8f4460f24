"""Read what staff asked about a campaign: the open question, the newest answer, the ones before."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery, Window
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import RowNumber

from promotions.campaigns.api import CampaignView, live_campaigns, view_campaign
from promotions.release.models import CampaignCheck

State = CampaignCheck.State
MOST_SHOWN = 10
# Beside the languages of an answer of the law: rule -> the variants it names
GOODS = "goods"
# Instead of one rule: all that name goods
EVERY_RULE = "every"


@dataclass(frozen=True, slots=True)
class CheckView:
    """A question: its state, who asked, how far it is or how it ended. `by` may be empty."""

    check_id: int
    kind: str
    state: str
    step: str
    percent: int
    depth: int
    rule: str
    revision: int | None
    failure: str
    by: str
    stopped_by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Return whether somebody still waits for the answer."""
        return self.state in (State.WAITING, State.RUNNING)


def list_checks(*, campaign_id: int, kinds: Sequence[str]) -> list[CheckView]:
    """Return the newest ten questions of each kind about a campaign, newest first. One query."""
    rows = CampaignCheck.objects.filter(campaign_id=campaign_id, kind__in=kinds)
    place = Window(RowNumber(), partition_by="kind", order_by="-pk")
    newest = rows.annotate(place=place).filter(place__lte=MOST_SHOWN)
    shown = newest.defer("answer").select_related("asked_by", "stopped_by").order_by("-pk")
    return [
        CheckView(
            check_id=row.pk,
            kind=row.kind,
            state=row.state,
            step=row.step,
            percent=row.percent,
            depth=row.depth,
            rule=row.rule,
            revision=row.revision,
            failure=row.failure,
            by="" if row.asked_by is None else str(row.asked_by),
            stopped_by="" if row.stopped_by is None else str(row.stopped_by),
            asked_at=row.asked_at,
            begun_at=row.begun_at,
            ended_at=row.ended_at,
        )
        for row in shown
    ]


def list_live_verdicts(*, now: datetime) -> list[tuple[CampaignView, bool]]:
    """Return campaigns that apply now, as they begin, each with whether it breaks a rule by the
    newest answer of the law. One query.
    """
    said = KeyTransform("is_lawful", KeyTransform(settings.LANGUAGE_CODE, "answer"))
    answers = CampaignCheck.objects.filter(
        campaign=OuterRef("pk"), kind=CampaignCheck.Kind.LAW, state=State.DONE
    )
    newest = answers.order_by("-pk").annotate(said=said).values("said")[:1]
    rows = live_campaigns(now).annotate(is_lawful=Subquery(newest))
    return [(view_campaign(row, now), row.is_lawful is False) for row in rows]


def load_answers(check_ids: Collection[int], part: str) -> dict[int, Any]:
    """Return a part of what was answered, by check: in a language, or the goods of each rule.

    Only that part leaves the database: a rule may name all goods of a shop. One query, none
    without ids.
    """
    rows = CampaignCheck.objects.filter(pk__in=check_ids)
    return dict(rows.values_list("pk", KeyTransform(part, "answer"))) if check_ids else {}


def load_goods_of(check_id: int, rule: str) -> list[int]:
    """Return the goods that a rule, or EVERY_RULE, named in an answer, ascending. One query."""
    if rule == EVERY_RULE:
        named = load_answers([check_id], GOODS).get(check_id) or {}
        return sorted({one for goods in named.values() for one in goods})
    rows = CampaignCheck.objects.filter(pk=check_id)
    of_rules = KeyTransform(GOODS, "answer")
    return list(rows.values_list(KeyTransform(rule, of_rules), flat=True).first() or ())
