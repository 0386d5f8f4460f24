"""What must hold before a campaign is released: the law, and that no experiment splits it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from profiles.experiments.api import list_running
from promotions.campaigns.api import CampaignRefused
from promotions.campaigns.models import Campaign
from promotions.law.api import Violation, explain_rule, judge_campaign, title_rule


class PublicUnderExperiment(CampaignRefused):
    """An offer that some do not get is not open to everybody, and may not be called so."""

    code = "public_under_experiment"


def require_untested(campaign: Campaign) -> None:
    """Raise PublicUnderExperiment for a public campaign whose experiment runs. No query while what
    runs is fresh in memory."""
    if campaign.audience != Campaign.Audience.PUBLIC:
        return
    running = {one.subject_ref: one.plan.code for one in list_running("offers")}
    if campaign.code in running:
        raise PublicUnderExperiment(
            _(
                "The experiment “%(experiment)s” keeps this campaign from some: it cannot be"
                " open to everybody. Stop the experiment first, or leave it for account holders or"
                " chosen shoppers."
            )
            % {"experiment": running[campaign.code]},
            campaign=campaign.code,
        )


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
    said = _("%(title)s (%(place)s): %(rule)s %(remedy)s")
    return said % {
        "title": title_rule(broken.rule, language),
        "place": broken.place,
        "rule": rule,
        "remedy": remedy,
    }
