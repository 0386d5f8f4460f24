"""Customer records imported from lists of the merchant."""

from __future__ import annotations

from django.db import models

from profiles.shoppers.models.shoppers import Shopper


class Customer(models.Model):
    """Name, address and number of a shopper, as a list of customers gave them.

    What a shopper agreed to is on `Shopper` and in `ConsentRecord`, never here: `marketing` is what
    the earlier shop noted, so that nobody who unsubscribed there is asked again.
    """

    class Marketing(models.TextChoices):
        SUBSCRIBED = "subscribed", "subscribed"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        BOUNCED = "bounced", "mails came back"

    shopper = models.OneToOneField(
        Shopper, on_delete=models.CASCADE, primary_key=True, related_name="customer"
    )
    # NULL, not "": unique allows many of the one, not of the other.
    number = models.CharField(max_length=40, unique=True, null=True, blank=True)
    name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    address_line1 = models.CharField(max_length=120, blank=True)
    address_line2 = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=2, blank=True)
    language = models.CharField(max_length=16, blank=True)
    marketing = models.CharField(max_length=12, choices=Marketing, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["shopper"]

    def __str__(self) -> str:
        return self.number or str(self.shopper_id)
