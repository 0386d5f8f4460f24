"""Categories, products, search."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shop.doors.api.v1.serializers.prices import MoneySerializer, PriceSerializer
from shop.doors.pages.values import SORTS

MAX_WORDS = 200
MAX_PAGE = 10_000
MAX_MINOR = 10**12
FACET_CODES = ("brand", "size", "stock")
SUGGESTION_KINDS = ("query", "category", "product")


class CategorySerializer(serializers.Serializer[object]):
    """A category."""

    category_id = serializers.IntegerField()
    parent_id = serializers.IntegerField(allow_null=True)
    path = serializers.CharField(help_text="The category's address under /categories/.")
    name = serializers.CharField()
    depth = serializers.IntegerField(help_text="0 department, 1 category, 2 type.")
    picture_url = serializers.CharField(allow_null=True)
    product_count = serializers.IntegerField()
    is_restricted = serializers.BooleanField(help_text="Age-restricted: never priced personally.")
    is_sensitive = serializers.BooleanField(
        help_text="Health, sexual life, belief: never priced personally, in no feature, no pick."
    )


@extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/CategoryBranch"}})
class _Children(serializers.Field[object, object, object, object]):
    """The tree refers to itself, which a serializer cannot write down."""


class CategoryBranchSerializer(CategorySerializer):
    """A category with everything below it."""

    children = _Children()


class CategoryTreeSerializer(serializers.Serializer[object]):
    """All departments."""

    categories = CategoryBranchSerializer(many=True)


class MeasureSerializer(serializers.Serializer[object]):
    """Content of one piece."""

    amount = serializers.CharField(help_text="Decimal number.")
    unit = serializers.ChoiceField(choices=("g", "ml", "ct"))


class NamedValueSerializer(serializers.Serializer[object]):
    """A fact by its name."""

    name = serializers.CharField()
    value = serializers.CharField()


class PictureSizeSerializer(serializers.Serializer[object]):
    """A file of a picture; files are the same for everybody and never change."""

    width = serializers.IntegerField()
    url = serializers.CharField()


class PictureSerializer(serializers.Serializer[object]):
    """A photograph in several sizes, narrowest first."""

    alt = serializers.CharField(allow_blank=True)
    width = serializers.IntegerField(help_text="Of the widest file, in pixels.")
    height = serializers.IntegerField()
    variant_id = serializers.IntegerField(
        allow_null=True, help_text="The variant it shows; null: all of them."
    )
    sizes = PictureSizeSerializer(many=True)


class PlainVariantSerializer(serializers.Serializer[object]):
    """What is sold; its price stands beside it."""

    product_id = serializers.IntegerField()
    variant_id = serializers.IntegerField()
    sku = serializers.CharField()
    slug = serializers.CharField(help_text="The product's address under /products/.")
    name = serializers.CharField()
    brand = serializers.CharField()
    category_id = serializers.IntegerField()
    category_path = serializers.CharField()
    size = serializers.CharField(allow_blank=True)
    measure = MeasureSerializer(allow_null=True)
    options = NamedValueSerializer(
        many=True, help_text="What tells it from the product's other variants, such as its size."
    )
    picture_url = serializers.CharField(allow_null=True)
    available = serializers.IntegerField(help_text="Pieces that can be ordered now.")


class OfferedPriceSerializer(serializers.Serializer[object]):
    """What one more piece adds to the price of the caller's cart, as it is now."""

    price = MoneySerializer(
        help_text="Nothing or less where the piece makes other products cheaper, as in a set."
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
        help_text="For whom they are: everybody, members (or a tier), a group the shopper proved,"
        " chosen shoppers.",
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


class DealSerializer(serializers.Serializer[object]):
    """An offer on several pieces, of which this may be one."""

    offer_id = serializers.IntegerField()
    text = serializers.CharField(help_text="What it gives and asks, with its products named.")


class VariantSerializer(PlainVariantSerializer):
    """What is sold, with this shopper's price and what offers make of it."""

    price = PriceSerializer()
    offered = OfferedPriceSerializer(
        allow_null=True,
        help_text="Null: one piece more costs its price, and no offer is kept away.",
    )
    deals = DealSerializer(
        many=True, help_text="Offers that apply once there are enough pieces: 2 for 5.00, 3 for 2."
    )
    members_pay = MoneySerializer(
        allow_null=True, help_text="Not signed in: what every member pays, if that is less."
    )


class FacetOptionSerializer(serializers.Serializer[object]):
    """One choice and how many variants it would leave."""

    value = serializers.CharField(help_text="What the query parameter takes.")
    label = serializers.CharField()
    count = serializers.IntegerField()
    is_selected = serializers.BooleanField()


class FacetSerializer(serializers.Serializer[object]):
    """One group of choices."""

    code = serializers.ChoiceField(choices=FACET_CODES)
    options = FacetOptionSerializer(many=True)


class ListingSerializer(serializers.Serializer[object]):
    """One page of a listing. Sorting and price bounds use this shopper's own prices."""

    total = serializers.IntegerField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    sort = serializers.ChoiceField(choices=SORTS)
    facets = FacetSerializer(many=True)
    items = VariantSerializer(many=True)


class CategoryPageSerializer(ListingSerializer):
    """A category with one page of its products."""

    category = CategorySerializer()
    trail = CategorySerializer(many=True, help_text="From the department to this category.")
    children = CategorySerializer(many=True)


class SearchPageSerializer(ListingSerializer):
    """What a search found."""

    words = serializers.CharField(allow_blank=True)
    corrected = serializers.CharField(
        allow_null=True, help_text="What was searched instead, when the words had typos."
    )
    suggestions = serializers.ListField(child=serializers.CharField())
    popular = VariantSerializer(many=True, help_text="Shown when nothing was found.")


class SiblingSerializer(serializers.Serializer[object]):
    """The same kind of product in another size."""

    variant_id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    size = serializers.CharField(allow_blank=True)
    is_current = serializers.BooleanField()


class ProductSerializer(serializers.Serializer[object]):
    """A product with all its variants."""

    product_id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    brand = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    attributes = NamedValueSerializer(many=True)
    pictures = PictureSerializer(
        many=True, help_text="Empty: show `picture_url`, the drawing of its category."
    )
    is_active = serializers.BooleanField(help_text="False: no longer sold.")
    is_restricted = serializers.BooleanField()
    is_sensitive = serializers.BooleanField()
    trail = CategorySerializer(many=True)
    variants = VariantSerializer(many=True)
    siblings = SiblingSerializer(many=True)
    related = VariantSerializer(many=True)


class SuggestionSerializer(serializers.Serializer[object]):
    """A completion of what has been typed."""

    kind = serializers.ChoiceField(choices=SUGGESTION_KINDS)
    text = serializers.CharField()
    slug = serializers.CharField(allow_blank=True, help_text="Of a product.")
    path = serializers.CharField(allow_blank=True, help_text="Of a category.")


class SuggestionsSerializer(serializers.Serializer[object]):
    """Completions, best first."""

    suggestions = SuggestionSerializer(many=True)


class ListingQuerySerializer(serializers.Serializer[object]):
    """How a listing is narrowed, sorted and paged."""

    page = serializers.IntegerField(min_value=1, max_value=MAX_PAGE, default=1)
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


class SearchQuerySerializer(ListingQuerySerializer):
    """A search with the same ways to narrow it."""

    q = serializers.CharField(max_length=MAX_WORDS, help_text="Words, a SKU, or Chinese text.")


class SuggestQuerySerializer(serializers.Serializer[object]):
    """What has been typed so far."""

    q = serializers.CharField(max_length=MAX_WORDS)
