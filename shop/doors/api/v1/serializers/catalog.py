"""Categories, products, search."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.templatetags.static import static
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from promotions.offers.api import Deal, LinePreview
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, Writer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.v1.serializers.prices import CardBlock, PriceSerializer
from shop.doors.pages.cards import join_cards
from shop.doors.pages.members import join_offers
from shop.doors.pages.values import (
    PAGE_SIZE,
    SORTS,
    CategoryPage,
    ProductCard,
    ProductPage,
    SearchPage,
)
from shop.ground.catalog.core.facts import FACT_TEXTS, PERISHABLE, FactSource, KnownFact
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import (
    CatalogCard,
    CategoryNode,
    CategoryTree,
    Facet,
    FacetOption,
    Suggestion,
)

MAX_WORDS = 200
MAX_PAGE = 10_000
MOST_LISTED = 96
MAX_MINOR = 10**12
FACET_CODES = ("brand", "size", "stock")
SUGGESTION_KINDS = ("query", "category", "product")


def picture_url(picture: Picture | None) -> str | None:
    """Return the address of a product's picture; None where the product is gone."""
    return picture.at_least(640) if picture else None


@lru_cache(maxsize=8192)
def _category_url(photo: Picture | None, drawing: str) -> str | None:
    """Return the address of the photograph that stands for a category, or of its drawing."""
    return picture_url(photo) or static(drawing)


class CategorySerializer(AnswerSerializer[CategoryNode]):
    """A category."""

    category_id = serializers.IntegerField()
    parent_id = serializers.IntegerField(allow_null=True)
    path = serializers.CharField(help_text="The category's address under /categories/.")
    name = serializers.CharField()
    depth = serializers.IntegerField(help_text="0 department, 1 category, 2 type.")
    picture_url = computed(
        lambda node: _category_url(node.photo, node.picture), serializers.CharField(allow_null=True)
    )
    product_count = serializers.IntegerField()
    is_restricted = serializers.BooleanField(help_text="Age-restricted: never priced personally.")
    is_sensitive = serializers.BooleanField(
        help_text="Health, sexual life, belief: never priced personally, in no feature, no pick."
    )


class _Branch(NamedTuple):
    tree: CategoryTree
    node: CategoryNode


def _branches(tree: CategoryTree, ids: tuple[int, ...]) -> list[_Branch]:
    return [_Branch(tree, tree.nodes[one]) for one in ids]


def _write_children(branch: _Branch, *shown: str) -> str:
    write = CategoryBranchSerializer.writer()
    children = _branches(branch.tree, branch.node.children)
    return f"[{','.join([write(child, *shown) for child in children])}]"


@extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/CategoryBranch"}})
class _Children(serializers.Field[object, object, object, object]):
    """The tree refers to itself, which a serializer cannot write down."""

    @property
    def branch(self) -> type[AnswerSerializer[Any]]:
        """What each of the children is."""
        return CategoryBranchSerializer

    def writer(self) -> Writer:
        """Return the function that writes the children of a branch."""
        return _write_children


class CategoryBranchSerializer(CategorySerializer):
    """A category with everything below it."""

    inherited_from = "node"

    children = _Children(source="*")


class CategoryTreeSerializer(AnswerSerializer[CategoryTree]):
    """All departments."""

    categories = computed(
        lambda tree: _branches(tree, tree.roots), CategoryBranchSerializer(many=True)
    )


class MeasureSerializer(AnswerSerializer[CatalogCard]):
    """Content of one piece."""

    amount = computed(
        lambda card: f"{card.measure_amount.normalize():f}",
        serializers.CharField(help_text="Decimal number."),
    )
    unit = serializers.ChoiceField(source="measure_unit", choices=("g", "ml", "ct"))


class NamedValueSerializer(AnswerSerializer[tuple[str, str]]):
    """A fact by its name."""

    name = computed(itemgetter(0), serializers.CharField())
    value = computed(itemgetter(1), serializers.CharField())


class PictureSizeSerializer(AnswerSerializer[tuple[int, str]]):
    """A file of a picture; files are the same for everybody and never change."""

    width = computed(itemgetter(0), serializers.IntegerField())
    url = computed(itemgetter(1), serializers.CharField())


class PictureSerializer(AnswerSerializer[Picture]):
    """A photograph in several sizes, narrowest first."""

    alt = serializers.CharField(allow_blank=True)
    width = serializers.IntegerField(help_text="Of the widest file, in pixels.")
    height = serializers.IntegerField()
    variant_id = serializers.IntegerField(
        allow_null=True, help_text="The variant it shows; null: all of them."
    )
    sizes = PictureSizeSerializer(many=True)


class PlainVariantSerializer(AnswerSerializer[CatalogCard]):
    """What is sold; its price stands beside it."""

    product_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    slug = serializers.CharField(help_text="The product's address under /products/.")
    name = serializers.CharField()
    brand = serializers.CharField()
    title = serializers.CharField(
        help_text="Brand, name and size: tells it from every other of its category."
    )
    category_id = serializers.IntegerField()
    category_path = serializers.CharField()
    size = serializers.CharField(source="size_label", allow_blank=True)
    measure = computed(
        lambda card: None if card.measure_amount is None else card,
        MeasureSerializer(allow_null=True),
    )
    options = NamedValueSerializer(
        many=True, help_text="What tells it from the product's other variants, such as its size."
    )
    picture_url = computed(
        lambda card: picture_url(card.picture), serializers.CharField(allow_null=True)
    )
    is_illustration = computed(
        lambda card: card.picture is not None and card.picture.is_illustration,
        serializers.BooleanField(help_text="The picture is drawn: say so where you show it."),
    )
    picture_sizes = computed(
        lambda card: (card.picture.rasters or card.picture.sizes) if card.picture else (),
        PictureSizeSerializer(
            many=True,
            help_text="The picture for clients that show no SVG, narrowest first: PNG of a drawing,"
            " WebP of a photograph.",
        ),
    )
    available = serializers.IntegerField(help_text="Pieces that can be ordered now.")


class OfferedPriceSerializer(AnswerSerializer[LinePreview]):
    """What one more piece adds to the price of the caller's cart, as it is now."""

    price = MoneySerializer(
        source="adjusted_minor",
        help_text="Nothing or less where the piece makes other products cheaper, as in a set.",
    )
    labels = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the offers that lower it."
    )
    barred = serializers.ListField(
        child=serializers.CharField(),
        help_text="Names of offers that would lower it in an empty cart, but not in this one.",
    )
    is_exclusive = serializers.BooleanField(
        help_text="An offer that lowers it does not combine with some others: other products in the"
        " cart may end it."
    )
    audience = serializers.ChoiceField(
        choices=("public", "members", "group", "personal"),
        help_text="For whom they are: everybody, account holders (or a tier), a group the"
        " shopper proved, chosen shoppers.",
    )
    own_offer_id = serializers.IntegerField(
        allow_null=True, help_text="The offer for chosen shoppers among them: it says its reason."
    )
    law_label = serializers.CharField(
        allow_blank=True,
        help_text="What the place's law wants said of an offer for chosen shoppers; else empty.",
    )
    ends_at = serializers.DateTimeField(
        allow_null=True, help_text="The first end of these offers; null where none lowers it."
    )


class DealSerializer(AnswerSerializer[Deal]):
    """An offer on several pieces, of which this may be one."""

    offer_id = serializers.IntegerField()
    text = serializers.CharField(help_text="What it gives and asks, with its products named.")


def _find_offered(item: ProductCard) -> LinePreview | None:
    offer = item.offer
    return offer if offer is not None and (offer.is_priced or offer.barred) else None


def _write_shared(write: Writer) -> Writer:
    """Return the writer of cards that writes one once for all who see the very same card."""

    def write_known(item: ProductCard, currency: str, locale: str, given: object = None) -> str:
        text = item.drawn.get(("json", locale))
        if text is None:
            text = item.drawn["json", locale] = write(item, currency, locale, given)
        return text

    return write_known


class VariantSerializer(PlainVariantSerializer):
    """What is sold, with this shopper's price and what offers make of it."""

    inherited_from = "card"
    currency_from = "price.currency"

    price = PriceSerializer()
    offered = computed(
        _find_offered,
        OfferedPriceSerializer(
            allow_null=True,
            help_text="Null: one piece more costs its price, and no offer is kept away.",
        ),
    )
    deals = computed(
        lambda item: () if item.offer is None else item.offer.deals,
        DealSerializer(
            many=True,
            help_text="Offers that apply once there are enough pieces: 2 for 5.00, 3 for 2.",
        ),
    )
    shown = CardBlock(source="*")
    members_pay = MoneySerializer(
        source="members_minor",
        allow_null=True,
        help_text="Not signed in: what everybody with an account pays, if that is less.",
    )
    minimum_age = serializers.IntegerField(
        allow_null=True,
        help_text="In years, of who buys it; ask before you show it. Null: everybody may.",
    )

    @classmethod
    def writer(cls) -> Writer:
        """Return the function that writes a card: once, as long as pages hand out the same."""
        return _write_shared(super().writer())


class FacetOptionSerializer(AnswerSerializer[FacetOption]):
    """One choice and how many variants it would leave."""

    value = serializers.CharField(help_text="What the query parameter takes.")
    label = serializers.CharField()
    count = serializers.IntegerField()
    is_selected = serializers.BooleanField()


class FacetSerializer(AnswerSerializer[Facet]):
    """One group of choices."""

    code = serializers.ChoiceField(choices=FACET_CODES)
    options = FacetOptionSerializer(many=True)


class ListingSerializer[P](AnswerSerializer[P]):
    """One page of a listing. Sorting and price bounds use this shopper's own prices."""

    total = serializers.IntegerField(source="listing.total")
    page = serializers.IntegerField(source="listing.page")
    pages = serializers.IntegerField(source="listing.pages")
    sort = serializers.ChoiceField(source="listing.query.sort", choices=SORTS)
    facets = FacetSerializer(source="listing.facets", many=True)
    items = VariantSerializer(source="listing.cards", many=True)


class CategoryPageSerializer(ListingSerializer[CategoryPage]):
    """A category with one page of its products."""

    category = CategorySerializer()
    trail = CategorySerializer(many=True, help_text="From the department to this category.")
    children = CategorySerializer(many=True)


class SearchPageSerializer(ListingSerializer[SearchPage]):
    """What a search found."""

    words = serializers.CharField(allow_blank=True)
    corrected = serializers.CharField(
        allow_null=True, help_text="What was searched instead, when the words had typos."
    )
    suggestions = serializers.ListField(child=serializers.CharField())
    popular = VariantSerializer(many=True, help_text="Shown when nothing was found.")


def _list_variants(page: ProductPage) -> tuple[ProductCard, ...]:
    return join_offers(join_cards(page.detail.variants, page.prices), page.previews)


class FactSerializer(AnswerSerializer[KnownFact]):
    """One fact of a product, and who states it."""

    fact = serializers.ChoiceField(source="code", choices=[*FACT_TEXTS, PERISHABLE])
    name = serializers.CharField()
    text = serializers.CharField()
    stated_by = serializers.ChoiceField(source="source", choices=[str(one) for one in FactSource])


class ProductSerializer(AnswerSerializer[ProductPage]):
    """A product with all its variants."""

    product_id = serializers.IntegerField(source="detail.card.product_id")
    slug = serializers.CharField(source="detail.card.slug")
    name = serializers.CharField(source="detail.card.name")
    brand = serializers.CharField(source="detail.card.brand")
    description = serializers.CharField(source="detail.description", allow_blank=True)
    attributes = computed(
        lambda page: page.detail.attributes.items(), NamedValueSerializer(many=True)
    )
    facts = FactSerializer(
        source="detail.facts", many=True, help_text="What is known; what is not is not here."
    )
    pictures = PictureSerializer(
        source="detail.pictures",
        many=True,
        help_text="Photographs. Empty: show the drawing at a variant's `picture_url`.",
    )
    is_active = serializers.BooleanField(
        source="detail.is_active", help_text="False: no longer sold."
    )
    is_restricted = serializers.BooleanField(source="detail.is_restricted")
    is_sensitive = serializers.BooleanField(source="detail.is_sensitive")
    trail = CategorySerializer(source="detail.breadcrumbs", many=True)
    variants = computed(_list_variants, VariantSerializer(many=True))
    related = VariantSerializer(many=True)


class SuggestionSerializer(AnswerSerializer[Suggestion]):
    """A completion of what has been typed."""

    kind = serializers.ChoiceField(choices=SUGGESTION_KINDS)
    text = serializers.CharField()
    slug = serializers.CharField(allow_blank=True, help_text="Of a product.")
    path = serializers.CharField(allow_blank=True, help_text="Of a category.")


class SuggestionsSerializer(AnswerSerializer[None]):
    """Completions, best first."""

    given = ("suggestions",)

    suggestions = SuggestionSerializer(many=True)


class ListingQuerySerializer(InputSerializer):
    """How a listing is narrowed, sorted and paged."""

    page = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=1)
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST_LISTED, default=PAGE_SIZE, help_text="Products a page."
    )
    sort = serializers.ChoiceField(choices=SORTS, default=SORTS[0])
    brand = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=50,
        default=list,
        help_text="Brand ids (facet values); repeat for more than one.",
    )
    size = serializers.ListField(
        child=serializers.CharField(max_length=80),
        max_length=50,
        default=list,
        help_text="Sizes (facet values); repeat for more than one.",
    )
    in_stock = serializers.BooleanField(default=False)
    price_min = serializers.IntegerField(
        min_value=0, max_value=MAX_MINOR, default=None, help_text="Least quoted price, minor units."
    )
    price_max = serializers.IntegerField(
        min_value=0, max_value=MAX_MINOR, default=None, help_text="Most quoted price, minor units."
    )


class TreeQuerySerializer(InputSerializer):
    """How far down the tree of categories is wanted."""

    depth = serializers.IntegerField(
        min_value=1, max_value=3, default=3, help_text="Levels: 1 for the departments alone."
    )


class SearchQuerySerializer(ListingQuerySerializer):
    """A search with the same ways to narrow it."""

    q = serializers.CharField(max_length=MAX_WORDS, help_text="Words, a SKU, or Chinese text.")


class SuggestQuerySerializer(InputSerializer):
    """What has been typed so far."""

    q = serializers.CharField(max_length=MAX_WORDS)
