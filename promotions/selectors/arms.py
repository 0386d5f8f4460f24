"""Campaigns under experiment: who gets their offers, by the arm of each shopper.

An experiment with the subject "offers" names a campaign's code. The setting `offers` of an arm
lists the codes of the offers it gets: all of the campaign without the setting, none for [].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from profiles.selectors import ArmChoice, choose_arm, list_running, list_shoppers
from promotions.core.carts import CartValue
from promotions.core.shoppers import ShopperView
from promotions.core.values import OfferValue
from promotions.models import Campaign
from promotions.selectors.book import live_at, load_offer_book


@dataclass(frozen=True, slots=True)
class OfferArms:
    """The arm of one shopper in each campaign under experiment, by campaign id."""

    choices: Mapping[int, ArmChoice] = field(default_factory=dict)

    @property
    def names(self) -> dict[int, str]:
        """Return the code of each arm, by campaign id."""
        return {campaign_id: choice.arm for campaign_id, choice in self.choices.items()}

    def hides(self, campaign_id: int, offer_code: str) -> bool:
        """Return whether an offer is not for the shopper's arm."""
        choice = self.choices.get(campaign_id)
        if choice is None or "offers" not in choice.settings:
            return False
        return offer_code not in choice.settings["offers"]

    def keep(self, offers: Iterable[OfferValue]) -> list[OfferValue]:
        """Return the offers that are for the shopper's arm."""
        return [one for one in offers if not self.hides(one.campaign_id, one.code)]


def list_tested_campaigns() -> dict[int, str]:
    """Return the experiment (its code) of each campaign under one. One query if there is any."""
    running = {one.subject_ref: one.plan.code for one in list_running("offers")}
    if not running:
        return {}
    rows = Campaign.objects.filter(code__in=running).values_list("pk", "code")
    return {pk: running[code] for pk, code in rows}


def find_offer_arms(
    campaign_ids: Iterable[int],
    shopper: ShopperView,
    channel: str,
    tested: Mapping[int, str] | None = None,
) -> OfferArms:
    """Return the arms of a shopper for those of the campaigns that are under experiment.

    `tested` is what `list_tested_campaigns` says, for who asked it already. Nobody in particular
    gets the plain arm. Two queries if any is, at most; else none.
    """
    tested = list_tested_campaigns() if tested is None else tested
    wanted = {one: tested[one] for one in campaign_ids if one in tested}
    if not wanted:
        return OfferArms()
    found = [] if shopper.shopper_id is None else list_shoppers([shopper.shopper_id])
    chosen = {
        campaign_id: choose_arm(
            code,
            shopper=found[0] if found else None,
            channel=channel,
            segment=shopper.segment,
            tags=shopper.tags,
        )
        for campaign_id, code in wanted.items()
    }
    return OfferArms({key: one for key, one in chosen.items() if one is not None})


def list_cart_arms(*, cart: CartValue, shopper: ShopperView, now: datetime) -> list[ArmChoice]:
    """Return the arms whose difference a cart shows: it holds goods their campaigns cover.

    The same in every arm, so that arms may be compared; give them to `log_exposures`.
    """
    if not list_running("offers"):
        return []
    covered = {
        offer.campaign_id
        for offer in load_offer_book().index.touching(cart.lines)
        if live_at(offer, now, cart.market_code)
    }
    return list(find_offer_arms(covered, shopper, cart.channel).choices.values())
