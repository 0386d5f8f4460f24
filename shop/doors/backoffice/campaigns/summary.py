"""The card beside a campaign: state, products, audience, budget, dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from profiles.experiments.api import LEAST_CLUSTERS
from promotions.campaigns.api import (
    OFFERS,
    CampaignView,
    compile_campaign,
    cover_variants,
    find_owner,
)
from promotions.engine.api import OfferValue, Scope, Stacking, parse_scope
from promotions.planning.api import PHASES, UseCount, count_uses
from shop.doors.backoffice.campaigns.audiences import count_audience
from shop.doors.backoffice.campaigns.checks import market_of
from shop.doors.backoffice.campaigns.product_picker import say_on_sale
from shop.doors.backoffice.memory import remember
from shop.ground.catalog.selectors import find_place, load_variant_arrays
from shop.ground.staff.columns import show_money, show_tag
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_clauses
from shop.ground.staff.region import show_moment

WHOM: dict[str, Promise] = {
    "public": gettext_lazy("everybody"),
    "members": gettext_lazy("account holders"),
    "personal": gettext_lazy("chosen shoppers"),
}
COMBINES: dict[Stacking, Promise] = {
    Stacking.STACK: gettext_lazy("with other offers"),
    Stacking.BEST_UNIT: gettext_lazy("each piece gets the best offer of its group"),
    Stacking.BEST: gettext_lazy("only the best offer of its group applies"),
    Stacking.EXCLUSIVE: gettext_lazy("with no other offer"),
}
LOW_PERCENT = 90
REACH_SECONDS = 60.0


def summarize(
    campaign: CampaignView,
    *,
    now: datetime,
    offers: Sequence[OfferValue] | None = None,
    owner: str | None = None,
    uses: Sequence[UseCount] | None = None,
) -> dict[str, Any]:
    """Return what the card says of a campaign; offers, owner and uses are given by who has them.
    About ten queries without them, none with them where the audience was counted in the last
    minute."""
    zone = find_place(campaign.market_code).time_zone
    offers = compile_campaign(campaign.campaign_id) if offers is None else offers
    return {
        "phase": show_tag(*PHASES[campaign.phase]),
        "goods": say_products(offers),
        "whom": WHOM[campaign.audience],
        "reach": _say_reach(campaign, now, offers) if offers else "",
        "combines": _say_combining(offers),
        "starts": show_moment(campaign.starts_at, zone).removesuffix(zone),
        "ends": show_moment(campaign.ends_at, zone).removesuffix(zone),
        "zone": zone,
        "budget": describe_budget(campaign, uses),
        "owner": find_owner(campaign.campaign_id) if owner is None else owner,
    }


def foresee_summary(
    campaign: CampaignView, said: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Return what the card would say of a snapshot that is not saved. Two queries at most."""
    zone = find_place(str(said["market_code"])).time_zone
    starts, ends = (datetime.fromisoformat(said[name]) for name in ("starts_at", "ends_at"))
    changed = replace(campaign, budget_minor=said["budget_minor"], audience=said["audience"])
    active = [one for one in said[OFFERS] if one.get("is_active", True)]
    # What an offer lists one by one takes the place of its scope.
    scopes = [
        parse_scope({"variants": one["variants"]} if "variants" in one else one.get("scope") or {})
        for one in active
    ]
    return {
        "goods": say_scopes(scopes),
        "whom": WHOM[changed.audience],
        "reach": "" if changed.audience != campaign.audience else _say_reach(campaign, now),
        "starts": show_moment(starts, zone).removesuffix(zone),
        "ends": show_moment(ends, zone).removesuffix(zone),
        "zone": zone,
        "budget": describe_budget(changed),
    }


def say_products(offers: Iterable[OfferValue]) -> str:
    """Return how many products on sale offers cover. No query while fresh."""
    return say_scopes([scope for offer in offers for scope in offer.scopes])


def say_scopes(scopes: Iterable[Scope]) -> str:
    """Return how many products on sale scopes mean. No query while fresh."""
    arrays = load_variant_arrays()
    covered = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for scope in scopes:
        covered |= cover_variants(scope, arrays)
    if len(covered) and covered.all():
        return _("all products")
    return say_on_sale(arrays.count_products(covered))


def describe_budget(
    campaign: CampaignView, counted: Sequence[UseCount] | None = None
) -> dict[str, Any]:
    """Return spent, budget and the bar between them; no bar without a budget.

    One query, none where the uses were `counted`.
    """
    currency = find_place(campaign.market_code).currency
    counted = count_uses(campaign.campaign_id) if counted is None else counted
    uses = sum(one.uses for one in counted)
    # Only a budget is counted against: without one what was given is the sum of its uses.
    given = sum(one.amount_minor for one in counted if one.state in ("held", "committed"))
    spent = given if campaign.budget_minor is None else campaign.spent_minor
    said = {
        "spent": show_money(spent, currency),
        "uses": uses,
        "uses_said": show_count(uses),
    }
    if campaign.budget_minor is None:
        return {**said, "of": "", "percent": 0, "is_low": False}
    percent = min(100, 100 * campaign.spent_minor // max(campaign.budget_minor, 1))
    return {
        **said,
        "of": show_money(campaign.budget_minor, currency),
        "percent": percent,
        "is_low": percent >= LOW_PERCENT,
    }


def _say_reach(
    campaign: CampaignView, now: datetime, offers: Sequence[OfferValue] | None = None
) -> str:
    """Return how many shoppers it is for, counted once a minute for each version."""
    found = remember(
        ("reach", campaign.campaign_id, campaign.revision, campaign.status),
        REACH_SECONDS,
        lambda: count_audience(
            campaign_id=campaign.campaign_id,
            market_code=market_of(campaign),
            carts=(),
            now=now,
            offers=offers,
        ),
    )
    said = (
        _("at most %(n)s of %(of)s shoppers") if found.is_at_most else _("%(n)s of %(of)s shoppers")
    )
    whole = said % {"n": show_count(found.count), "of": show_count(found.total)}
    if not campaign.holdout_percent:
        return whole
    return join_clauses([whole, say_power(found.count, campaign.holdout_percent)])


def say_power(shoppers: int, percent: int) -> str:
    """Return how many are held out, and whether that many can ever show what it brings."""
    held = round(shoppers * percent / 100)
    words = {"held": show_count(held), "least": show_count(LEAST_CLUSTERS)}
    if min(held, shoppers - held) >= LEAST_CLUSTERS:
        return _("about %(held)s of them are held out") % words
    return (
        _(
            "about %(held)s of them are held out: too few to ever show what it brings, both groups "
            "need %(least)s"
        )
        % words
    )


def _say_combining(offers: Iterable[OfferValue]) -> list[str]:
    return list(dict.fromkeys(str(COMBINES[offer.stacking]) for offer in offers))
