"""Categories, products and search."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from shop.doors.api.base import ApiView
from shop.doors.api.language import page_language
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import examples
from shop.doors.api.v1.serializers.catalog import (
    CategoryPageSerializer,
    CategoryTreeSerializer,
    ListingQuerySerializer,
    ProductSerializer,
    SearchPageSerializer,
    SearchQuerySerializer,
    SuggestionsSerializer,
    SuggestQuerySerializer,
    TreeQuerySerializer,
)
from shop.doors.pages.category import category, search
from shop.doors.pages.product import product
from shop.doors.pages.values import ListingQuery
from shop.ground.catalog.selectors import catalog_version, list_categories, suggest

TAG = "catalogue"


class CategoriesView(ApiView):
    """The tree of categories: the same for everybody."""

    public_seconds = 60

    @describe(
        "listCategories",
        "List all categories as a tree",
        tag=TAG,
        query=TreeQuerySerializer,
        response=CategoryTreeSerializer,
        example={"categories": [{**examples.CATEGORY, "children": []}]},
    )
    def get(self, request: Request) -> HttpResponse:
        """Departments, their categories and types, without prices.

        Send the ETag back as If-None-Match: an unchanged tree answers 304.
        """
        language, depth = page_language(), self.read_query(TreeQuerySerializer)["depth"]
        etag = f'"{catalog_version()}-{language}"'
        if request.headers.get("If-None-Match", "").removeprefix("W/") == etag:
            return HttpResponse(status=304, headers={"ETag": etag})
        tree = list_categories(language, settings.MARKET_CODE).cut(depth)
        return text_response(CategoryTreeSerializer.to_json(tree), headers={"ETag": etag})


class CategoryView(ApiView):
    """One category with a page of its products."""

    @describe(
        "getCategory",
        "Show a category with its products at my price",
        tag=TAG,
        query=ListingQuerySerializer,
        response=CategoryPageSerializer,
        example=examples.CATEGORY_PAGE,
        refusals=("category_not_found",),
    )
    def get(self, request: Request, path: str) -> HttpResponse:
        """A page of products, with facets. Sorting and price bounds use the caller's own prices."""
        ctx = self.context
        page = category(ctx, path, listing_query(self.read_query(ListingQuerySerializer)))
        return text_response(CategoryPageSerializer.to_json(page, ctx.locale))


class ProductView(ApiView):
    """One product."""

    @describe(
        "getProduct",
        "Show a product with all its sizes at my price",
        tag=TAG,
        response=ProductSerializer,
        example=examples.PRODUCT,
        refusals=("product_not_found",),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Variants with prices and stock, other sizes, related products."""
        ctx = self.context
        return text_response(ProductSerializer.to_json(product(ctx, slug), ctx.locale))


class SearchView(ApiView):
    """Search."""

    @describe(
        "search",
        "Search products",
        tag=TAG,
        query=SearchQuerySerializer,
        response=SearchPageSerializer,
        example=examples.SEARCH_PAGE,
    )
    def get(self, request: Request) -> HttpResponse:
        """Finds words with typos and plurals, SKUs, and Chinese text. Facets as in a category."""
        query = self.read_query(SearchQuerySerializer)
        ctx = self.context
        page = search(ctx, query["q"], listing_query(query))
        return text_response(SearchPageSerializer.to_json(page, ctx.locale))


class SuggestView(ApiView):
    """Completions while typing."""

    @describe(
        "suggest",
        "Complete what has been typed",
        tag=TAG,
        query=SuggestQuerySerializer,
        response=SuggestionsSerializer,
        example=examples.SUGGESTIONS,
    )
    def get(self, request: Request) -> HttpResponse:
        """Words, categories and products, best first; survives typos."""
        query = self.read_query(SuggestQuerySerializer)
        found = suggest(query["q"], page_language(), market=settings.MARKET_CODE)
        return text_response(SuggestionsSerializer.to_json(None, suggestions=found))


def listing_query(query: dict[str, Any]) -> ListingQuery:
    """Return the checked query string as pages take it."""
    return ListingQuery(
        page=query["page"],
        sort=query["sort"],
        brands=frozenset(query["brand"]),
        sizes=frozenset(query["size"]),
        in_stock=query["in_stock"],
        price_min=query["price_min"],
        price_max=query["price_max"],
        limit=query["limit"],
    )
