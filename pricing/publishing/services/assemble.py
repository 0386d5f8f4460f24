"""From repriced variants to a price book."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pricing.base.core.arrays import BoolArray
from pricing.base.core.reference import STRATEGIES
from pricing.experiments.core.price_tests import target_prices
from pricing.learning.core.scene import STAFF
from pricing.learning.selectors.publishing import category_paths
from pricing.ledger.models.books import PriceBook
from pricing.optimum.core.book import Book, read_book
from pricing.optimum.core.quote import drop_signals
from pricing.publishing.services.drafts import Draft
from pricing.publishing.services.publish_context import PublishContext
from shop.ground.kernel.arrays import unpack_arrays
from shop.ground.kernel.clock import epoch_ms


def assemble_book(
    draft: Draft,
    *,
    version: int,
    currency: str,
    context: PublishContext,
) -> Book:
    """Return a book that holds exactly the variants of `draft`, without segment prices.

    The draft has the market's elasticities, the book those of a shopper without signals.
    """
    families, paths = category_paths(draft.shelf.tree)
    variants = draft.shelf.variants
    sensitivity_mean = draft.proposed.segments.sensitivity_mean
    return Book(
        version=version,
        model_version=0 if context.model is None else context.model[0].id,
        policy_version=context.policy.version,
        currency=currency,
        learned_ms=context.learned_ms,
        terms=drop_signals(draft.terms, sensitivity_mean),
        sensitivity_mean=sensitivity_mean,
        references=draft.references,
        measure_amount=variants.measure_amount,
        measure_unit=variants.measure_unit,
        sku=variants.sku,
        segments=(),
        segment_minor=np.zeros((0, len(draft.terms)), dtype=np.int64),
        family_of=families,
        paths=paths,
        weights=draft.weights,
        is_test=find_tested(draft),
    )


def find_tested(draft: Draft) -> BoolArray:
    """Return where the public price is one that chance or an arm moved, (m,); staff's word is none.

    A price that a guardrail keeps from going back after its test is one still.
    """
    public, arms, shocks = draft.terms.public_minor, draft.arms, draft.shocks
    stays = arms.is_intact & (public == draft.old_public)
    by_arm = ((arms.sets & (arms.factor < 1.0)) | stays) & (public < arms.base_minor)
    by_chance = public == target_prices(shocks, draft.terms.exponent)
    by_chance |= shocks.is_intact & (public == shocks.running_minor)
    is_test: BoolArray = by_arm | (by_chance & (public != shocks.base_minor))
    return is_test & (draft.proposed.cause != STAFF)


def open_book(row: PriceBook, *, currency: str, exponent: int) -> Book:
    """Return the book of a row; its `arrays`, policy and model must be loaded."""
    model = row.model_version
    return read_book(
        unpack_arrays(row.arrays),
        version=row.version,
        model_version=row.model_version_id or 0,
        policy_version=row.policy.version,
        currency=currency,
        exponent=exponent,
        trained_ms=0 if model is None else epoch_ms(model.trained_at),
    )


def patch_book(old: Book, fresh: Book) -> Book:
    """Return `old` with the rows of `fresh`; segments pay at most the new public price there.

    Each variant keeps the sensitivity mean that its own elasticity was divided by.
    """
    at, is_there = old.find(fresh.terms.variant_id)
    rows, at = np.flatnonzero(is_there), at[is_there]

    def put(before: Any, after: Any) -> Any:
        changed = before.astype(np.result_type(before, after))
        changed[at] = after[rows]
        return changed

    names = [name for name in old.terms.__slots__ if name != "exponent"]
    terms = {name: put(getattr(old.terms, name), getattr(fresh.terms, name)) for name in names}
    segment_minor = old.segment_minor.copy()
    segment_minor[:, at] = np.minimum(segment_minor[:, at], terms["public_minor"][at])
    return replace(
        old,
        version=fresh.version,
        terms=replace(old.terms, **terms),
        sensitivity_mean=put(old.sensitivity_mean, fresh.sensitivity_mean),
        is_test=put(old.is_test, fresh.is_test),
        measure_amount=put(old.measure_amount, fresh.measure_amount),
        measure_unit=put(old.measure_unit, fresh.measure_unit),
        sku=put(old.sku, fresh.sku),
        references={name: put(old.references[name], fresh.references[name]) for name in STRATEGIES},
        segment_minor=segment_minor,
    )
