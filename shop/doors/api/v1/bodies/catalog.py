"""Categories, product cards, products and listings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.templatetags.static import static

from promotions.offers.api import LinePreview
from shop.doors.api.v1.bodies.prices import Json, moment, money, optional_money, price_body
from shop.doors.pages.cards import join_cards
from shop.doors.pages.members import join_offers
from shop.doors.pages.values import CategoryPage, Listing, ProductCard, ProductPage, SearchPage
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import (
    CatalogCard,
    CategoryNode,
    CategoryTree,
    Facet,
    SiblingSize,
    Suggestion,
)


def card_body(item: ProductCard, locale: str) -> Json:
    """Return a variant as listings show it, with this shopper's price."""
    return {
        **variant_body(item.card),
        "price": price_body(item.price, locale),
        **offered_body(item.price.currency, locale, item.offer, item.members_minor),
    }


def offered_body(
    currency: str, locale: str, offer: LinePreview | None, members_minor: int | None
) -> Json:
    """Return what offers make of a price, and what members pay."""
    shown = offer if offer is not None and (offer.is_priced or offer.barred) else None
    offered = shown and {
        "price": money(shown.adjusted_minor, currency, locale),
        "labels": list(shown.labels),
        "barred": list(shown.barred),
        "is_exclusive": shown.is_exclusive,
        "audience": shown.audience,
        "own_offer_id": shown.own_offer_id,
        "law_label": shown.law_label,
        "ends_at": moment(shown.ends_at),
    }
    deals = () if offer is None else offer.deals
    return {
        "offered": offered,
        "deals": [{"offer_id": deal.offer_id, "text": deal.text} for deal in deals],
        "members_pay": optional_money(members_minor, currency, locale),
    }


def card_bodies(items: Iterable[ProductCard], locale: str) -> list[Json]:
    """Return cards in the order given."""
    return [card_body(item, locale) for item in items]


def variant_body(card: CatalogCard) -> Json:
    """Return a variant without a price."""
    amount = card.measure_amount
    return {
        "product_id": card.product_id,
        "variant_id": card.variant_id,
        "sku": card.sku,
        "slug": card.slug,
        "name": card.name,
        "brand": card.brand,
        "category_id": card.category_id,
        "category_path": card.category_path,
        "size": card.size_label,
        "measure": None
        if amount is None
        else {"amount": f"{amount.normalize():f}", "unit": card.measure_unit},
        "options": _pairs(card.options),
        "picture_url": shown_url(card.photo, card.picture),
        "available": card.available,
    }


def category_body(node: CategoryNode) -> Json:
    """Return a category without its children."""
    return {
        "category_id": node.category_id,
        "parent_id": node.parent_id,
        "path": node.path,
        "name": node.name,
        "depth": node.depth,
        "picture_url": shown_url(node.photo, node.picture),
        "product_count": node.product_count,
        "is_restricted": node.is_restricted,
        "is_sensitive": node.is_sensitive,
    }


def category_bodies(nodes: Iterable[CategoryNode]) -> list[Json]:
    """Return categories in the order given."""
    return [category_body(node) for node in nodes]


def tree_body(tree: CategoryTree) -> Json:
    """Return all categories as a tree of departments."""
    return {"categories": [_branch(tree, root) for root in tree.roots]}


def _branch(tree: CategoryTree, category_id: int) -> Json:
    node = tree.nodes[category_id]
    children = [_branch(tree, child) for child in node.children]
    return {**category_body(node), "children": children}


def category_page_body(page: CategoryPage, locale: str) -> Json:
    """Return a category with one page of its products."""
    return {
        "category": category_body(page.category),
        "trail": category_bodies(page.trail),
        "children": category_bodies(page.children),
        **listing_body(page.listing, locale),
    }


def search_page_body(page: SearchPage, locale: str) -> Json:
    """Return search results, or ways on when there are none."""
    return {
        "words": page.words,
        "corrected": page.corrected,
        "suggestions": list(page.suggestions),
        "popular": card_bodies(page.popular, locale),
        **listing_body(page.listing, locale),
    }


def listing_body(listing: Listing, locale: str) -> Json:
    """Return one page of a listing: cards, facets and where in the listing it stands."""
    return {
        "total": listing.total,
        "page": listing.page,
        "pages": listing.pages,
        "sort": listing.query.sort,
        "facets": [facet_body(facet) for facet in listing.facets],
        "items": card_bodies(listing.cards, locale),
    }


def facet_body(facet: Facet) -> Json:
    """Return one group of choices; `value` is what the query parameter takes."""
    options: list[dict[str, Any]] = [
        {
            "value": option.value,
            "label": option.label,
            "count": option.count,
            "is_selected": option.is_selected,
        }
        for option in facet.options
    ]
    return {"code": facet.code, "options": options}


def product_page_body(page: ProductPage, locale: str) -> Json:
    """Return a product with all its variants and their prices."""
    detail = page.detail
    return {
        "product_id": detail.card.product_id,
        "slug": detail.card.slug,
        "name": detail.card.name,
        "brand": detail.card.brand,
        "description": detail.description,
        "attributes": _pairs(detail.attributes.items()),
        "pictures": [picture_body(one) for one in detail.photos],
        "is_active": detail.is_active,
        "is_restricted": detail.is_restricted,
        "is_sensitive": detail.is_sensitive,
        "trail": category_bodies(detail.breadcrumbs),
        "variants": [
            card_body(item, locale)
            for item in join_offers(join_cards(detail.variants, page.prices), page.previews)
        ],
        "siblings": [sibling_body(sibling) for sibling in page.siblings],
        "related": card_bodies(page.related, locale),
    }


def picture_body(picture: Picture) -> Json:
    """Return a photograph with the addresses of its sizes, narrowest first."""
    return {
        "alt": picture.alt,
        "width": picture.width,
        "height": picture.height,
        "variant_id": picture.variant_id,
        "sizes": [{"width": width, "url": address} for width, address in picture.sizes],
    }


def _pairs(named: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in named]


def sibling_body(sibling: SiblingSize) -> Json:
    """Return the same kind of product in another size."""
    return {
        "variant_id": sibling.variant_id,
        "slug": sibling.slug,
        "name": sibling.name,
        "size": sibling.size_label,
        "is_current": sibling.is_current,
    }


def suggestion_body(suggestion: Suggestion) -> Json:
    """Return a completion; `slug` or `path` leads to the product or category it names."""
    return {
        "kind": suggestion.kind,
        "text": suggestion.text,
        "slug": suggestion.slug,
        "path": suggestion.path,
    }


@lru_cache(maxsize=8192)
def shown_url(photo: Picture | None, drawing: str) -> str | None:
    """Return the address of a product's photograph, or of its category's drawing."""
    return photo.at_least(640) if photo else picture_url(drawing)


def picture_url(picture: str) -> str | None:
    """Return the address of a picture by its static path; None without one."""
    return static(picture) if picture else None
