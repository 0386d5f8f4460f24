"""Does the name of a campaign speak of more than its offers cover?"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from django.utils.translation import gettext as _

from promotions.campaigns.api import CampaignView, cover_variants
from promotions.engine.api import OfferValue, parse_scope
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.staff.numbers import show_count

# Names with these words say themselves that not all products are meant.
PARTLY = re.compile(r"\b(selected|some)\b", re.IGNORECASE)


def say_named_too_much(campaign: CampaignView, offers: Iterable[OfferValue]) -> str:
    """Return of which category the English name of a draft speaks while its offers cover some of
    it only; "" where it speaks of none, of all of it or of selected products. No query once cached.
    """
    name = campaign.name
    nodes = list_categories("en").nodes.values()
    spoken = [
        node for node in nodes if re.search(rf"\b{re.escape(node.name)}\b", name, re.IGNORECASE)
    ]
    if campaign.status != "draft" or not spoken or PARTLY.search(name):
        return ""
    arrays = load_variant_arrays()
    named = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    longest = max(len(node.name) for node in spoken)
    for node in spoken:
        if len(node.name) == longest:
            named |= cover_variants(parse_scope({"categories": [node.category_id]}), arrays)
    covered = np.zeros_like(named)
    for offer in offers:
        for scope in offer.scopes:
            covered |= cover_variants(scope, arrays)
    count, of = arrays.count_products(covered & named), arrays.count_products(named)
    if not 0 < count < of:
        return ""
    said = _(
        "The name speaks of %(category)s; the offer covers %(count)s of %(of)s products on sale."
    )
    category = next(node.name for node in spoken if len(node.name) == longest)
    return said % {"category": category, "count": show_count(count), "of": show_count(of)}
