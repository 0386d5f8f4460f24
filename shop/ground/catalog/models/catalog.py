"""Models of stores, the category tree, brands, products and their variants."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from shop.ground.catalog.core.facts import FactSource
from shop.ground.database.naming import name_for_reader

__all__ = [
    "Brand",
    "Category",
    "Product",
    "ProductFacts",
    "ProductWeek",
    "Store",
    "Variant",
]


class Store(models.Model):
    """A physical shop."""

    external_ref = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    market = models.ForeignKey("shop.Market", on_delete=models.PROTECT, related_name="stores")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A node of the tree: department (depth 0), category (1) or type (2)."""

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    external_ref = models.CharField(max_length=200, unique=True)
    slug = models.SlugField(max_length=120, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    path = models.CharField(max_length=300, unique=True)
    depth = models.PositiveSmallIntegerField()
    icon = models.CharField(max_length=80, blank=True)
    position = models.PositiveIntegerField(default=0)
    is_child_directed = models.BooleanField(default=False)
    is_restricted = models.BooleanField(default=False)
    # Products that say something about health, sexual life, belief or origin: all that is below,
    # too.
    is_sensitive = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["depth", "position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(depth__lte=2), name="category_depth"),
            models.CheckConstraint(
                condition=Q(depth=0, parent__isnull=True) | Q(depth__gt=0, parent__isnull=False),
                name="category_parent",
            ),
        ]

    def __str__(self) -> str:
        return name_for_reader(self.name, self.name_zh)


class Brand(models.Model):
    """A brand. In the demo the names are fictional: the data names makers by number only."""

    external_ref = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    is_private_label = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """What is shown. `popularity` orders listings; `is_active` False keeps it for history only."""

    external_ref = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    slug = models.SlugField(max_length=200, unique=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="products")
    description = models.TextField(blank=True)
    description_zh = models.TextField(blank=True, default="", db_default="")
    # Facts by name, such as {"Material": "Cotton"}, and the names of its variants' options in
    # their order: a JSON object keeps none.
    attributes = models.JSONField(blank=True, default=dict, db_default={})
    option_names = models.JSONField(blank=True, default=list, db_default=[])
    is_active = models.BooleanField(default=True)
    # True adds to what its category says; the category's flags hold for all that is in it.
    is_sensitive = models.BooleanField(default=False, db_default=False)
    is_child_directed = models.BooleanField(default=False, db_default=False)
    minimum_age = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="In years, to buy it; empty: as its category says."
    )
    tax_class = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Of tax rates, such as reduced; empty: as its category says.",
    )
    popularity = models.FloatField(default=0.0, db_index=True)
    search_vector = SearchVectorField(null=True, editable=False)
    # Counts its changes: an edit that was begun before the last one is refused, not lost.
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField()
    # When it was counted last: a trigger notes it. Of changes before the column none is known.
    changed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        indexes = [
            GinIndex(fields=["search_vector"], name="product_search"),
            models.Index(fields=["category", "-popularity"], name="product_category_popularity"),
            models.Index(
                fields=["id"],
                name="product_unindexed",
                condition=Q(search_vector__isnull=True, is_active=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_age__isnull=True) | Q(minimum_age__gte=1, minimum_age__lte=99),
                name="product_minimum_age",
            ),
        ]

    def __str__(self) -> str:
        return name_for_reader(self.name, self.name_zh)


class ProductFacts(models.Model):
    """What is known of a product, or of all that is in a category, and who says so.

    What is not known is empty, and then shown nowhere; a product without a row has no facts of its
    own. Texts are as their source writes them, in its language. Of a category only `is_perishable`
    is read: it holds for all below that does not say otherwise.
    """

    class Source(models.TextChoices):
        PACKAGE = FactSource.PACKAGE, "the package"
        MAKER = FactSource.MAKER, "the maker"
        SHOP = FactSource.SHOP, "the shop"
        USUAL = FactSource.USUAL, "what is usual in the category"

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, null=True, related_name="facts"
    )
    category = models.OneToOneField(
        Category, on_delete=models.CASCADE, null=True, related_name="facts"
    )
    ingredients = models.TextField(blank=True, default="", db_default="")
    allergens = models.TextField(blank=True, default="", db_default="")
    nutrition = models.TextField(blank=True, default="", db_default="")
    storage = models.TextField(blank=True, default="", db_default="")
    origin = models.TextField(blank=True, default="", db_default="")
    is_perishable = models.BooleanField(null=True)
    source = models.CharField(max_length=8, choices=Source)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True, category__isnull=False)
                | Q(product__isnull=False, category__isnull=True),
                name="productfacts_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id or self.category_id}: {self.get_source_display()}"


class Variant(models.Model):
    """What is sold and priced. Amounts are minor units of the market's currency."""

    class PriceSource(models.TextChoices):
        MERCHANT = "merchant", "set by the merchant"
        OBSERVED = "observed", "observed in sales"
        ASSUMED = "assumed", "assumed: never seen in sales"

    class CostSource(models.TextChoices):
        MERCHANT = "merchant", "given by the merchant"
        ASSUMED = "assumed", "assumed from the department's usual margin"
        UNKNOWN = "unknown", "unknown"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    external_ref = models.CharField(max_length=64, unique=True)
    sku = models.CharField(max_length=40, unique=True)
    # The number below the bar code (GTIN-8 to GTIN-14), "" where unknown: what others call it, too.
    gtin = models.CharField(max_length=14, blank=True, default="", db_default="")
    name = models.CharField(max_length=80, blank=True)
    # What was chosen for it, such as {"Size": "M"}; {} for a product of one variant.
    options = models.JSONField(blank=True, default=dict, db_default={})
    measure_amount = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    measure_unit = models.CharField(max_length=4, blank=True)
    is_loose = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Sold by weight: the measure is about what one weighs.",
    )
    list_minor = models.PositiveIntegerField()
    list_source = models.CharField(max_length=10, choices=PriceSource, default=PriceSource.MERCHANT)
    cost_minor = models.PositiveIntegerField(null=True, blank=True)
    cost_source = models.CharField(max_length=10, choices=CostSource, default=CostSource.UNKNOWN)
    cost_stated_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="when staff last typed this very cost"
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["product", "position", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(list_minor__gt=0), name="variant_list_positive"),
            models.CheckConstraint(
                condition=Q(measure_amount__isnull=True, measure_unit="")
                | Q(measure_amount__gt=0, measure_unit__in=["g", "ml", "ct"]),
                name="variant_measure",
            ),
            models.CheckConstraint(
                condition=Q(cost_minor__isnull=True, cost_source="unknown")
                | (Q(cost_minor__isnull=False) & ~Q(cost_source="unknown")),
                name="variant_cost_source",
            ),
            models.CheckConstraint(
                condition=Q(gtin="") | Q(gtin__regex=r"^[0-9]{8,14}$"), name="variant_gtin"
            ),
            models.UniqueConstraint(
                fields=["gtin"], condition=~Q(gtin=""), name="variant_gtin_unique"
            ),
            models.UniqueConstraint(
                fields=["product", "options"],
                condition=~Q(options={}),
                name="variant_options_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class ProductWeek(models.Model):
    """How prominently a variant was placed in a week: shares of the chain's sales, 0 to 1."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="weeks")
    week_start = models.DateField()
    display_share = models.FloatField(default=0.0)
    mailer_share = models.FloatField(default=0.0)

    class Meta:
        ordering = ["variant", "week_start"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "week_start"], name="product_week_unique"),
            models.CheckConstraint(
                condition=Q(display_share__gte=0, display_share__lte=1),
                name="product_week_display",
            ),
            models.CheckConstraint(
                condition=Q(mailer_share__gte=0, mailer_share__lte=1), name="product_week_mailer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.week_start}"
