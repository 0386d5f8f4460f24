"""Products, their stock and pictures as systems of staff send and get them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shop.doors.api.v1.serializers.staff_orders import StaffPageSerializer

MOST_VARIANTS = 100
MOST_MINOR = 2**31 - 1
MOST_PIECES = 1_000_000


def _words(**options: Any) -> serializers.DictField:
    return serializers.DictField(child=serializers.CharField(max_length=400), **options)


def _text(most: int, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True, **options)


class VariantDocumentSerializer(serializers.Serializer[object]):
    """A variant. Amounts are in minor units of the home market's currency."""

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


class ProductDocumentSerializer(serializers.Serializer[object]):
    """A product. Fields that are left out stay as they are; an empty one is taken away.

    A new product needs `title`, `category` and a variant with a price. Variants that are not
    named stay: nothing that was sold is deleted, `archived` takes it out of the shop.
    """

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


class StaffVariantSerializer(serializers.Serializer[object]):
    """A variant as it is, with its stock."""

    sku = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    price_minor = serializers.IntegerField()
    cost_minor = serializers.IntegerField(allow_null=True)
    prices = serializers.DictField(child=serializers.IntegerField())
    barcode = serializers.CharField(allow_blank=True)
    size = serializers.CharField(allow_blank=True)
    archived = serializers.BooleanField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField(help_text="Of those on hand, spoken for by orders.")


class StaffProductSerializer(serializers.Serializer[object]):
    """A product as it is: changed and sent back it is a document."""

    handle = serializers.CharField()
    version = serializers.CharField(help_text="The ETag: send it as If-Match.")
    slug = serializers.CharField(help_text="Its address in the shop.")
    currency = serializers.CharField()
    is_active = serializers.BooleanField(help_text="False: archived.")
    title = serializers.CharField()
    title_zh = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    description_zh = serializers.CharField(allow_blank=True)
    category = serializers.ListField(child=serializers.CharField())
    category_path = serializers.CharField(help_text="As campaigns and addresses name it.")
    brand = serializers.CharField(allow_blank=True)
    tax_class = serializers.CharField(allow_blank=True)
    sensitive = serializers.BooleanField()
    child_directed = serializers.BooleanField()
    minimum_age = serializers.IntegerField(allow_null=True)
    attributes = serializers.DictField(child=serializers.CharField())
    variants = StaffVariantSerializer(many=True)


class ProductWrittenSerializer(StaffProductSerializer):
    """A product after it was written."""

    is_new = serializers.BooleanField()
    changes = serializers.ListField(child=serializers.CharField(), help_text="Names of fields.")


class StaffProductsQuerySerializer(StaffPageSerializer):
    """Which page of the products, or which one."""

    sku = _text(40, default="", help_text="The product that has a variant with this SKU.")


class StaffProductPageSerializer(serializers.Serializer[object]):
    """Products in the order in which they were made, archived ones included."""

    products = StaffProductSerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class MoveStockSerializer(serializers.Serializer[object]):
    """What came in, or what a count found."""

    kind = serializers.ChoiceField(choices=["received", "counted"])
    pieces = serializers.IntegerField(min_value=0, max_value=MOST_PIECES)
    reason = serializers.CharField(min_length=5, max_length=80)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing cannot come in."""
        if attrs["kind"] == "received" and attrs["pieces"] == 0:
            raise serializers.ValidationError({"pieces": ["Say how many pieces came in."]})
        return attrs


class StockSerializer(serializers.Serializer[object]):
    """The stock of a variant."""

    sku = serializers.CharField()
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField()


class PictureFormSerializer(serializers.Serializer[object]):
    """A form with a picture and its words."""

    picture = serializers.FileField(help_text="JPEG, PNG, WebP or AVIF of at most 15 MB.")
    alt = _text(200, default="", help_text="What it shows, for those who do not see it.")
    alt_zh = _text(200, default="")


class StaffPictureSerializer(serializers.Serializer[object]):
    """A picture; a worker makes its sizes soon after the upload."""

    picture_id = serializers.IntegerField()
    file_name = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="pending, ready or refused.")
    refusal = serializers.CharField(allow_blank=True, help_text="Why it was refused, as a code.")
    alt = serializers.CharField(allow_blank=True)
    alt_zh = serializers.CharField(allow_blank=True)


class StaffPicturesSerializer(serializers.Serializer[object]):
    """The pictures of a product, in their order."""

    pictures = StaffPictureSerializer(many=True)
