"""The front page. Offers and picks follow what the shopper did, up to the request before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

import numpy as np

from orders.terms.api import list_delivery_options
from orders.values import DeliveryOption
from profiles.recommend.api import recommend_variants
from profiles.values import FeatureRow, OnlineProfile, Recommendation
from shop.doors.pages.cards import choose_shown, first_of_products, join_cards, quote_page
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import add_offers, find_profile, find_ranking_row
from shop.doors.pages.offers import offers as offers_page
from shop.doors.pages.picks import find_novelty
from shop.doors.pages.values import HomePage, ProductCard, Shelf
from shop.doors.pages.viewed import choose_viewed
from shop.ground.catalog.core.values import CategoryTree
from shop.ground.catalog.selectors import (
    catalog_version,
    list_categories,
    list_open_to_all,
    list_stocked_variants,
    load_variant_arrays,
)

PICKS = 12
PER_CATEGORY = 2
SHELF = 6
SHELVES = 2
OFFERS = 4


def home(ctx: PageContext) -> HomePage:
    """Return the front page. All its prices are quoted at one instant, in one call."""
    tree = list_categories(ctx.language, ctx.market)
    profile = find_profile(ctx)
    row = find_ranking_row(profile)
    picks, again = _choose_picks(ctx, profile, row)
    is_personal = any(pick.reason != "popular" for pick in picks)
    first = [pick.variant_id for pick in picks] + again
    shelves = choose_shelves(tree, row, frozenset(first), ctx.market)
    ids = first + [i for _, shelf in shelves for i in shelf]
    viewed = _choose_viewed(ctx, profile, ids)
    chosen = choose_shown(ctx, ids + viewed)
    prices = quote_page(ctx, chosen.variant_ids, "home", chosen.once)
    listed = join_cards(chosen.list_cards(ctx.language), prices)
    cards = add_offers(ctx, chosen.mark(listed))
    by_id = {item.card.variant_id: item for item in cards}

    def take(wanted: Iterable[int]) -> tuple[ProductCard, ...]:
        return tuple(by_id[one] for one in chosen.replace_all(wanted) if one in by_id)

    shown = offers_page(ctx, profile)
    return HomePage(
        flash_sales=shown.flash_sales[:OFFERS],
        offers=shown.offers[:OFFERS],
        picks=Shelf(
            code="picks" if is_personal else _name_shelf(ctx.market),
            category=None,
            cards=take(pick.variant_id for pick in picks),
            is_personal=is_personal,
        ),
        again=Shelf("buy_again", None, take(again), is_personal=True),
        viewed=Shelf("viewed", None, take(viewed), is_personal=True),
        shelves=tuple(
            Shelf("category", tree.nodes[one], take(shelf), is_personal=row is not None)
            for one, shelf in shelves
        ),
        departments=tuple(tree.nodes[root] for root in _open_to_all(tree)),
        delivery=_list_delivery(ctx),
    )


def _list_delivery(ctx: PageContext) -> tuple[DeliveryOption, ...]:
    return list_delivery_options(
        market_code=ctx.market,
        day=ctx.now.date(),
        goods_minor=0,
        language=ctx.language,
        is_restricted=False,
    )


def _choose_picks(
    ctx: PageContext, profile: OnlineProfile | None, row: FeatureRow | None
) -> tuple[list[Recommendation], list[int]]:
    """Return the picks, and what the shopper bought before and most likely wants again."""
    ranked = recommend_variants(
        row,
        PICKS * 5,
        shopper_id=None if profile is None else profile.shopper_id,
        novelty=find_novelty(ctx, profile),
        market=ctx.market,
    )
    again = [pick.variant_id for pick in ranked if pick.reason == "familiar"][:SHELF]
    if len(again) < SHELF // 2:
        again = []
    kept = set(first_of_products(np.array([one.variant_id for one in ranked], np.int64)).tolist())
    others = [pick for pick in ranked if pick.variant_id in kept.difference(again)]
    return spread_picks(others, _map_categories(catalog_version())), again


def _choose_viewed(
    ctx: PageContext, profile: OnlineProfile | None, shown: Sequence[int]
) -> list[int]:
    """Return what the shopper looked at lately and no other shelf shows."""
    if profile is None:
        return []
    return choose_viewed(ctx, profile.shopper_id, profile.consents, frozenset(shown))


def _name_shelf(market: str) -> str:
    """Say that products are popular only once somebody bought some."""
    arrays = load_variant_arrays(market)
    return "popular" if len(arrays.popularity) and arrays.popularity.max() > 0 else "all"


def spread_picks(
    ranked: Sequence[Recommendation], category: Mapping[int, int]
) -> list[Recommendation]:
    """Return the best picks, at most PER_CATEGORY of one category: five milks are no choice.

    Where there are not enough categories the rest is filled up by rank. Deterministic.
    """
    seen: Counter[int] = Counter()
    spread: list[Recommendation] = []
    rest: list[Recommendation] = []
    for pick in ranked:
        place = category.get(pick.variant_id, -1)
        seen[place] += 1
        (spread if seen[place] <= PER_CATEGORY else rest).append(pick)
    return [*spread, *rest][:PICKS]


@lru_cache(maxsize=2)
def _map_categories(version: int) -> dict[int, int]:
    """Return the category of each variant; `version` keys the memory of it."""
    arrays = load_variant_arrays()
    return dict(zip(arrays.variant_id.tolist(), arrays.category_id.tolist(), strict=True))


def choose_shelves(
    tree: CategoryTree, row: FeatureRow | None, taken: frozenset[int], market: str
) -> list[tuple[int, list[int]]]:
    """Return (category id, variant ids): the shopper's favorite types, else the big departments.

    A favorite may be a whole department: of what it holds sensitive products are left out.
    """
    wanted = _favorites(tree, row) or _open_to_all(tree)
    open_to_all = list_open_to_all()
    shelves: list[tuple[int, list[int]]] = []
    for category_id in wanted:
        stocked = np.array(list_stocked_variants(category_id, market=market), dtype=np.int64)
        firsts = first_of_products(stocked).tolist()
        shown = (i for i in firsts if i not in taken and i in open_to_all)
        ids = list(islice(shown, SHELF))
        if len(ids) >= SHELF // 2:
            shelves.append((category_id, ids))
        if len(shelves) == SHELVES:
            break
    return shelves


def _open_to_all(tree: CategoryTree) -> list[int]:
    """Return the departments without alcohol and tobacco: the front page is for all ages."""
    return [root for root in tree.roots if not tree.nodes[root].is_restricted]


def _favorites(tree: CategoryTree, row: FeatureRow | None) -> list[int]:
    if row is None:
        return []
    known = [(weight, i) for i, weight in row.category_affinity.items() if i in tree.nodes]
    return [i for _, i in sorted(known, key=lambda pair: (-pair[0], pair[1]))]
