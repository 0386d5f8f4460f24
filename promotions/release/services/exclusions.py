"""Take products out of a campaign: a new version whose offers do not mean them any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    OFFERS,
    CampaignRefused,
    Status,
    cover_variants,
    lock_campaign,
    take_snapshot,
    write_rows,
)
from promotions.campaigns.models import Campaign
from promotions.engine.api import parse_scope
from promotions.law.api import title_rule
from promotions.release.core import Covered, EmptyOffer, take_out
from promotions.release.models import CampaignCheck
from promotions.release.selectors import EVERY_RULE, load_products_of
from promotions.release.services.revisions import (
    RELEASED,
    Saved,
    open_for_change,
    record_change,
)
from shop.ground.catalog.selectors import list_categories, load_variant_arrays

type IntArray = npt.NDArray[np.int64]
type BoolArray = npt.NDArray[np.bool_]

# A category of so many products, all of them to be taken out, is left out by its name.
WHOLE_FROM = 20
# So many are taken out while somebody waits; more are left to a worker.
MOST_AT_ONCE = 1_000
MAY_TAKE_OUT = (Status.DRAFT, *RELEASED)


@transaction.atomic
def take_out_products(
    *,
    campaign_id: int,
    variant_ids: Iterable[int],
    reason: str,
    by_id: int | None,
    now: datetime,
    asked_of: int | None = None,
) -> Saved:
    """Make every active offer of a draft, or of a released campaign, leave out the variants, as one
    new version.

    With `asked_of` only if it still is at that version. Of a released campaign the version holds at
    once where it is lawful: it goes no further than what was agreed. An earlier version of a draft
    brings the variants back (`roll_back`). Raises CampaignRefused for what waits or has ended, and
    where an offer would mean nothing any more; LawBroken.
    """
    ids = frozenset(variant_ids)
    campaign = lock_campaign(campaign_id)
    if campaign.status not in MAY_TAKE_OUT:
        raise CampaignRefused(
            _("A campaign that waits for approval or has ended cannot be changed: copy it first.")
        )
    if asked_of is not None and campaign.revision != asked_of:
        raise CampaignRefused(_("The campaign changed since the law was checked: check it again."))
    open_for_change(campaign_id=campaign_id, now=now)
    said = take_snapshot(campaign_id)
    offers = _leave_out(said[OFFERS], ids)
    campaign.refresh_from_db()
    write_rows(campaign=campaign, snapshot={**said, OFFERS: offers})
    return record_change(campaign_id=campaign_id, reason=reason, by_id=by_id, now=now)


@transaction.atomic
def accept_below_floor(*, campaign_id: int, reason: str, by_id: int | None, now: datetime) -> Saved:
    """Let the offers of a draft sell below the price floor, as a new version.

    Whatever its size, its release then waits for a second person. Raises CampaignRefused.
    """
    campaign = lock_campaign(campaign_id)
    if campaign.status != Status.DRAFT:
        raise CampaignRefused(_("Only a draft can be changed like this: copy the campaign first."))
    open_for_change(campaign_id=campaign_id, now=now)
    Campaign.objects.filter(pk=campaign_id).update(sells_below_floor=True)
    return record_change(campaign_id=campaign_id, reason=reason, by_id=by_id, now=now)


@transaction.atomic
def take_out_asked(*, check_id: int, now: datetime) -> None:
    """Take out the products that a question names, once: a second try finds the question answered.

    Raises CampaignRefused as `take_out_products` does, and where the answer that named them is
    gone.
    """
    check = CampaignCheck.objects.defer("answer").get(pk=check_id)
    if not check.rule or check.is_taken_out:
        return
    about = CampaignCheck.objects.defer("answer").filter(pk=check.about_id or 0).first()
    products = [] if about is None else load_products_of(about.pk, check.rule)
    if about is None or not products:
        raise CampaignRefused(_("This rule names no products that can be taken out."))
    saved = take_out_products(
        campaign_id=check.campaign_id,
        variant_ids=products,
        reason=say_why_taken_out(check.rule),
        by_id=check.asked_by_id,
        now=now,
        asked_of=about.revision,
    )
    CampaignCheck.objects.filter(pk=check_id).update(is_taken_out=True, revision=saved.revision)


def leave_out_of(offer: Mapping[str, Any], variant_ids: Iterable[int]) -> dict[str, Any]:
    """Return an offer of a snapshot without the variants; one of nothing else stays as it is."""
    ids = frozenset(variant_ids)
    try:
        return take_out(offer, ids, lambda scope: _cover(scope, ids))
    except EmptyOffer:
        return dict(offer)


def say_why_taken_out(rule: str) -> str:
    """Return the reason that is kept with the version."""
    every = _("every rule that names products")
    named = every if rule == EVERY_RULE else title_rule(rule, get_language() or "en")
    return _("taken out as the law says: %(rule)s") % {"rule": named}


def _leave_out(offers: Sequence[Mapping[str, Any]], ids: frozenset[int]) -> list[Mapping[str, Any]]:
    try:
        return [
            take_out(offer, ids, lambda scope: _cover(scope, ids)) if offer["is_active"] else offer
            for offer in offers
        ]
    except EmptyOffer as nothing:
        told = _("Without these products the offer “%(name)s” would mean nothing.")
        name = next(one["name"] for one in offers if one["code"] == nothing.args[0])
        raise CampaignRefused(told % {"name": name}) from nothing


def _cover(scope: Any, ids: frozenset[int]) -> Covered:
    arrays = load_variant_arrays()
    meant = cover_variants(parse_scope(scope), arrays)
    is_taken = np.isin(arrays.variant_id, sorted(ids))
    taken = arrays.variant_id[meant & is_taken]
    whole = _list_whole(arrays.category_id, is_taken)
    below = [one for category in whole for one in list_categories("en").below(category)]
    within = arrays.variant_id[meant & is_taken & np.isin(arrays.category_id, below)]
    # Only categories of which the scope means something: the others need no exception
    meant_in = set(arrays.category_id[meant & is_taken].tolist())
    whole = [one for one in whole if meant_in & list_categories("en").below(one)]
    return Covered(
        frozenset(taken.tolist()),
        has_others=bool((meant & ~is_taken).any()),
        whole=frozenset(whole),
        within=frozenset(within.tolist()),
    )


def _list_whole(category_of: IntArray, is_taken: BoolArray) -> list[int]:
    """Return the highest categories of WHOLE_FROM products or more that are taken out whole.

    What comes into such a category later is left out too: a law against its kind of products means
    it as well, and nobody asks the law again for a new product.
    """
    tree = list_categories("en")
    there, out = Counter[int](), Counter[int]()
    ids, first = np.unique(category_of, return_inverse=True)
    products, taken = np.bincount(first), np.bincount(first, weights=is_taken).astype(np.int64)
    for category, count, gone in zip(ids.tolist(), products.tolist(), taken.tolist(), strict=True):
        for node in tree.trail(category) if category in tree.nodes else ():
            there[node.category_id] += count
            out[node.category_id] += gone
    whole = {one for one, taken in out.items() if taken == there[one] >= WHOLE_FROM}
    return [one for one in sorted(whole) if tree.nodes[one].parent_id not in whole]
