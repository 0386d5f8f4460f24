"""Imports of lists of products and of customers, and what each of their rows did."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

__all__ = ["ProductImport", "ProductImportRow"]


class ProductImport(models.Model):
    """One list that was taken in: its file, which column is what, and how far it is.

    `done` of `total` are rows while it is checked, else products of the file in its order: all
    before `done` are written, so that a killed worker's successor goes on from there.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "columns to be chosen"
        CHECKING = "checking", "being checked"
        CHECKED = "checked", "checked"
        WAITING = "waiting", "waits for a second person"
        APPLYING = "applying", "being taken over"
        DONE = "done", "taken over"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"
        FAILED = "failed", "could not be read"

    class Kind(models.TextChoices):
        PRODUCTS = "products", "products"
        CUSTOMERS = "customers", "customers"

    kind = models.CharField(
        max_length=9, choices=Kind, default=Kind.PRODUCTS, db_default=Kind.PRODUCTS
    )
    file_name = models.CharField(max_length=200)
    upload = models.CharField(max_length=80, editable=False, help_text="Where the file is kept.")
    pictures_name = models.CharField(max_length=200, blank=True)
    market = models.ForeignKey("shop.Market", on_delete=models.PROTECT, related_name="+")
    change = models.JSONField(
        null=True,
        editable=False,
        help_text="The change of many products that the list was made for; empty: a file.",
    )
    encoding = models.CharField(max_length=20, blank=True)
    header = models.JSONField(default=list, help_text="The columns of the file.")
    fields = models.JSONField(default=list, help_text="What each of them is; empty: passed over.")
    sample = models.JSONField(default=list, editable=False, help_text="Its first rows.")
    is_whole = models.BooleanField(
        default=False, help_text="Take over all rows or none: a refused one stops the others."
    )
    state = models.CharField(max_length=9, choices=State, default=State.UPLOADED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    problem = models.JSONField(default=dict, help_text="Why the file cannot be read.")
    reason = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Why its doubtful prices are meant."
    )
    by_token = models.BigIntegerField(
        null=True, editable=False, help_text="The token by which a system asked for it."
    )
    is_forgotten = models.BooleanField(
        default=False,
        db_default=False,
        help_text="File and rows were deleted: they name people, and their time was over.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="product_import_open",
                condition=Q(state__in=["checking", "applying", "undoing"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"


class ProductImportRow(models.Model):
    """What becomes of one row: of each column that changes, the value before and after.

    Rows that change nothing are only counted. `group` is the number of its product or customer in
    the file. `email` is whom a row of customers is about: who is erased is erased here, too.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        APPLIED = "applied", "taken over"
        UNDONE = "undone", "undone"
        KEPT = "kept", "kept: undoing was refused"

    product_import = models.ForeignKey(ProductImport, on_delete=models.CASCADE, related_name="rows")
    group = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    handle = models.CharField(max_length=64, blank=True)
    sku = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True, db_default="")
    outcome = models.CharField(max_length=8)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    kept_because = models.JSONField(default=dict, help_text="Why it could not be undone.")

    class Meta:
        ordering = ["product_import", "line"]
        constraints = [
            models.UniqueConstraint(
                fields=["product_import", "line"], name="product_import_row_once"
            )
        ]
        indexes = [
            models.Index(fields=["product_import", "group"], name="product_import_group"),
            models.Index(
                fields=["sku"], name="product_import_withdrawn", condition=Q(state="undone")
            ),
            models.Index(fields=["email"], name="product_import_person", condition=~Q(email="")),
        ]

    def __str__(self) -> str:
        return f"line {self.line}: {self.outcome}"
