"""Fit what recommends: what goes together, how products sell."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from django.db import transaction

from profiles.features.api import sensitive_products
from profiles.fitted import delete_old_versions
from profiles.recommend.core.fitting import fit_recommender, recommender_arrays
from profiles.recommend.models import SimilarityVersion
from profiles.recommend.selectors import (
    forget_recommender,
    load_purchases,
    local_seconds,
)
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.arrays import hash_arrays, pack_arrays


def refit_recommender(*, now: datetime) -> int:
    """Learn what goes together, how products sell and what follows for who bought what; return how
    many of the products suggest others.

    Sensitive products take no part: they suggest nothing and nothing suggests them.
    """
    products = load_variant_arrays()
    hidden = sensitive_products().variant_id
    bought = load_purchases(now)
    bought = bought.take(~np.isin(bought.variant, hidden))
    kept = ~np.isin(products.variant_id, hidden)
    kinds = np.unique(products.category_id[kept], return_inverse=True)[1]
    ids = products.variant_id[kept]
    model, lessons = fit_recommender(bought, ids, kinds, now=local_seconds(now))
    if not len(model.similar.variant_id):
        return 0
    arrays = recommender_arrays(model)
    with transaction.atomic():
        SimilarityVersion.objects.filter(is_active=True).update(is_active=False)
        SimilarityVersion.objects.create(
            fitted_at=now,
            as_of=now,
            arrays=pack_arrays(arrays),
            sha256=hash_arrays(arrays),
            metrics={
                "variants": len(model.similar.variant_id),
                "goods": len(ids),
                "lines": len(bought.at),
                "baskets": lessons,
            },
            is_active=True,
        )
        delete_old_versions(SimilarityVersion)
    forget_recommender()
    return len(model.similar.variant_id)
