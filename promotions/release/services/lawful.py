"""Ask the law about a campaign before it is released."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from promotions.campaigns.api import CampaignRefused
from promotions.law.api import Violation, explain_rule, judge_campaign, title_rule


class LawBroken(CampaignRefused):
    """The campaign would break the law where it runs; `detail["rules"]` names each rule."""

    code = "law_broken"


def require_lawful(*, campaign_id: int, now: datetime, except_rules: Collection[str] = ()) -> None:
    """Raise LawBroken, naming each rule and what to do, unless the campaign may be released."""
    broken = judge_campaign(campaign_id=campaign_id, now=now, except_rules=except_rules)
    if broken:
        language = get_language() or "en"
        told = "\n".join(_say(one, language) for one in broken)
        raise LawBroken(told, rules=[one.rule for one in broken])


def _say(broken: Violation, language: str) -> str:
    rule, remedy = explain_rule(broken, language)
    said = _("%(title)s (%(name)s, %(place)s): %(rule)s %(remedy)s")
    return said % {
        "title": title_rule(broken.rule, language),
        "place": broken.place,
        "name": broken.rule,
        "rule": rule,
        "remedy": remedy,
    }
