"""Products, their stock and pictures as systems of staff send and get them."""

from __future__ import annotations

from typing import Any, NamedTuple

from rest_framework import serializers

from pricing.api import home_place
from shop.doors.api.answers import AnswerSerializer, AnyField, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.v1.serializers.staff_orders import StaffPageSerializer
from shop.doors.product_lists.api import SoldProduct, write_size
from shop.ground.catalog.core.loading import VariantRow
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.pictures import EditedPicture

MOST_VARIANTS = 100
MOST_MINOR = 2**31 - 1
MOST_PIECES = 1_000_000


def _words(**options: Any) -> serializers.DictField:
    return serializers.DictField(child=serializers.CharField(max_length=400), **options)


def _text(most: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True, **options)


class VariantDocumentSerializer(InputSerializer):
    """A variant. Amounts are in minor units of the home market's currency."""

    echoes = frozenset({"on_hand", "reserved"})

    sku = serializers.CharField(max_length=40)
    options = _words(required=False, help_text="What shoppers choose: at most three by name.")
    price_minor = serializers.IntegerField(required=False, min_value=1, max_value=MOST_MINOR)
    cost_minor = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_MINOR
    )
    prices = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_MINOR),
        required=False,
        help_text="List prices of further markets by their code, in their currencies.",
    )
    barcode = _text(14)
    size = _text(80, help_text='Such as "500 g"; given back in grams, millilitres or pieces.')
    archived = serializers.BooleanField(required=False)
    opening_stock = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_PIECES,
        help_text="Pieces of a variant that is new. Stock that is there moves by moveStock.",
    )


class ProductDocumentSerializer(InputSerializer):
    """A product. Fields that are left out stay as they are; an empty one is taken away.

    A new product needs `title`, `category` and a variant with a price. Variants that are not
    named stay: nothing that was sold is deleted, `archived` takes it out of the shop.
    """

    echoes = frozenset(
        {"handle", "version", "slug", "currency", "is_active", "category_path"}
        | {"is_new", "changes"}
    )

    title = serializers.CharField(max_length=200, required=False)
    title_zh = _text(200)
    description = _text(20_000)
    description_zh = _text(20_000)
    category = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        min_length=1,
        max_length=3,
        help_text="Its names from the top; those that are not there are made.",
    )
    brand = _text(120, help_text="A new name creates a brand.")
    tax_class = _text(40, help_text="Empty: as the category says.")
    sensitive = serializers.BooleanField(required=False)
    child_directed = serializers.BooleanField(required=False)
    minimum_age = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=99
    )
    attributes = _words(required=False)
    variants = serializers.ListField(
        child=VariantDocumentSerializer(), required=False, max_length=MOST_VARIANTS
    )
    meant_prices = serializers.IntegerField(
        default=0,
        min_value=0,
        help_text="How many doubtful prices are meant: as `prices_doubted` says in `params`, once"
        " somebody has looked at them.",
    )
    reason = serializers.CharField(
        default="", max_length=300, allow_blank=True, help_text="Why doubtful prices are meant."
    )


class _SoldVariant(NamedTuple):
    row: VariantRow
    sold: SoldProduct


def _order_options(one: _SoldVariant) -> dict[str, str]:
    options, names = one.row.options, one.sold.stored.row.option_names
    return {name: options[name] for name in names if name in options}


def _write_size(one: _SoldVariant) -> str:
    row = one.row
    return write_size(row.measure_amount, row.measure_unit) if row.measure_amount else ""


class StaffVariantSerializer(AnswerSerializer[_SoldVariant]):
    """A variant as it is, with its stock."""

    sku = serializers.CharField(source="row.sku")
    options = computed(_order_options, serializers.DictField(child=serializers.CharField()))
    price_minor = serializers.IntegerField(source="row.list_minor")
    cost_minor = serializers.IntegerField(source="row.cost_minor", allow_null=True)
    prices = computed(
        lambda one: one.sold.stored.prices.get(one.row.sku, {}),
        serializers.DictField(child=serializers.IntegerField()),
    )
    barcode = computed(lambda one: one.row.gtin or "", serializers.CharField(allow_blank=True))
    size = computed(_write_size, serializers.CharField(allow_blank=True))
    archived = computed(lambda one: not one.row.is_active, serializers.BooleanField())
    on_hand = computed(lambda one: one.sold.stock[one.row.sku][0], serializers.IntegerField())
    reserved = computed(
        lambda one: one.sold.stock[one.row.sku][1],
        serializers.IntegerField(help_text="Of those on hand, spoken for by orders."),
    )


def _filled[F: AnyField](name: str, field: F, *, empty: object = "") -> F:
    """Return a field that is `empty` where the product has no value of its own."""
    return computed(lambda sold: getattr(sold.stored.row, name) or empty, field)


class StaffProductSerializer(AnswerSerializer[SoldProduct]):
    """A product as it is: changed and sent back it is a document."""

    handle = serializers.CharField(source="stored.row.ref")
    version = computed(
        lambda sold: str(sold.stored.revision),
        serializers.CharField(help_text="The ETag: send it as If-Match."),
    )
    slug = serializers.CharField(source="stored.row.slug", help_text="Its address in the shop.")
    currency = computed(lambda sold: get_market(home_place()[0]).currency, serializers.CharField())
    is_active = serializers.BooleanField(
        source="stored.row.is_active", help_text="False: archived."
    )
    title = serializers.CharField(source="stored.row.name")
    title_zh = serializers.CharField(source="stored.row.name_zh", allow_blank=True)
    description = serializers.CharField(source="stored.row.description", allow_blank=True)
    description_zh = _filled("description_zh", serializers.CharField(allow_blank=True))
    category = serializers.ListField(child=serializers.CharField())
    category_path = serializers.CharField(
        source="stored.row.category_path", help_text="As campaigns and addresses name it."
    )
    brand = serializers.CharField(source="stored.brand", allow_blank=True)
    tax_class = _filled("tax_class", serializers.CharField(allow_blank=True))
    sensitive = _filled("is_sensitive", serializers.BooleanField(), empty=False)
    child_directed = _filled("is_child_directed", serializers.BooleanField(), empty=False)
    minimum_age = _filled("minimum_age", serializers.IntegerField(allow_null=True), empty=None)
    attributes = _filled(
        "attributes", serializers.DictField(child=serializers.CharField()), empty={}
    )
    variants = computed(
        lambda sold: [_SoldVariant(row, sold) for row in sold.stored.row.variants],
        StaffVariantSerializer(many=True),
    )


class ProductWrittenSerializer(StaffProductSerializer):
    """A product after it was written."""

    given = ("is_new", "changes")

    is_new = serializers.BooleanField()
    changes = serializers.ListField(child=serializers.CharField(), help_text="Names of fields.")


class StaffProductsQuerySerializer(StaffPageSerializer):
    """Which page of the products, or which one."""

    sku = _text(40, default="", help_text="The product that has a variant with this SKU.")


class StaffProductPageSerializer(AnswerSerializer[None]):
    """Products in the order in which they were made, archived ones included."""

    given = ("products", "next_cursor")

    products = StaffProductSerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class MoveStockSerializer(InputSerializer):
    """What came in, or what a count found."""

    kind = serializers.ChoiceField(choices=["received", "counted"])
    pieces = serializers.IntegerField(min_value=0, max_value=MOST_PIECES)
    reason = serializers.CharField(min_length=5, max_length=80)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing cannot come in."""
        if attrs["kind"] == "received" and attrs["pieces"] == 0:
            raise serializers.ValidationError({"pieces": ["Say how many pieces came in."]})
        return attrs


class StockSerializer(AnswerSerializer[None]):
    """The stock of a variant."""

    given = ("sku", "on_hand", "reserved")

    sku = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()


class PictureFormSerializer(InputSerializer):
    """A form with a picture and its words."""

    picture = serializers.FileField(help_text="JPEG, PNG, WebP or AVIF of at most 15 MB.")
    alt = _text(200, default="", help_text="What it shows, for those who do not see it.")
    alt_zh = _text(200, default="")


class StaffPictureSerializer(AnswerSerializer[EditedPicture]):
    """A picture; a worker makes its sizes soon after the upload."""

    picture_id = serializers.IntegerField()
    file_name = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="pending, ready or refused.")
    refusal = serializers.CharField(allow_blank=True, help_text="Why it was refused, as a code.")
    alt = serializers.CharField(allow_blank=True)
    alt_zh = serializers.CharField(allow_blank=True)


class StaffPicturesSerializer(AnswerSerializer[None]):
    """The pictures of a product, in their order."""

    given = ("pictures",)

    pictures = StaffPictureSerializer(many=True)
