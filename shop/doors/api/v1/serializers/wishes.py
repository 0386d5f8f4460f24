"""What a shopper keeps in mind, and what a shop's forms and rules ask for."""

from __future__ import annotations

from rest_framework import serializers

from orders.satisfaction.api import HIGHEST, LONGEST_WORDS, LOWEST, Rating
from orders.terms.api import CountryRules
from shop.doors.api.answers import AnswerSerializer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.context import write_region
from shop.doors.api.v1.serializers.catalog import VariantSerializer
from shop.doors.pages.checkout import OrderedAgain


class WishesSerializer(AnswerSerializer[None]):
    """The saved variants that are still sold, the newest first."""

    given = ("items",)

    items = VariantSerializer(many=True)


class TellMeSerializer(InputSerializer):
    """Where to write to; an account has an address already."""

    email = serializers.EmailField(max_length=254, required=False)


class AwaitedSerializer(AnswerSerializer[None]):
    """What became of the request."""

    given = ("is_awaited", "needs_confirmation")

    is_awaited = serializers.BooleanField()
    needs_confirmation = serializers.BooleanField(
        help_text="By the link in a letter to the address."
    )


class OrderedAgainSerializer(AnswerSerializer[OrderedAgain]):
    """What went into the cart; load it anew."""

    added = serializers.IntegerField(help_text="Lines put into the cart.")
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Names of what is not to be had, or only in part."
    )


class RateOrderSerializer(InputSerializer):
    """How the order was; without `words` those that are there stay."""

    score = serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST)
    words = serializers.CharField(max_length=LONGEST_WORDS, required=False, allow_blank=True)


class RatingSerializer(AnswerSerializer[Rating]):
    """What the buyer said of the order."""

    score = serializers.IntegerField()
    words = serializers.CharField(allow_blank=True)
    rated_at = serializers.DateTimeField()


class ReturnRuleSerializer(AnswerSerializer[tuple[str, str]]):
    """Where a part of the shop differs."""

    category = computed(lambda rule: rule[0], serializers.CharField())
    promise = computed(lambda rule: rule[1], serializers.CharField())


class ReturnRulesSerializer(AnswerSerializer[None]):
    """What comes back, until when and at whose cost, in words."""

    given = ("promise", "exceptions")

    promise = serializers.CharField(help_text="For everything else.")
    exceptions = ReturnRuleSerializer(many=True)


class RegionSerializer(AnswerSerializer[tuple[str, str]]):
    """A region to choose from."""

    code = computed(lambda one: one[0], serializers.CharField(help_text="Such as US-NY."))
    name = computed(lambda one: one[1], serializers.CharField())


class ServedCountrySerializer(AnswerSerializer[tuple[str, str]]):
    """A country the shop delivers to."""

    code = computed(lambda one: one[0], serializers.CharField(help_text="ISO 3166-1, such as US."))
    name = computed(lambda one: one[1], serializers.CharField())


class ServedCountriesSerializer(AnswerSerializer[None]):
    """Where the shop delivers, the market's own country first."""

    given = ("countries",)

    countries = ServedCountrySerializer(many=True)


class AddressFormSerializer(AnswerSerializer[CountryRules]):
    """What an address in a country needs, and how it is written."""

    given = ("country", "regions")

    country = serializers.CharField()
    required = computed(
        lambda rules: sorted(rules.required),
        serializers.ListField(
            child=serializers.CharField(), help_text="Fields of `contact` that may not be empty."
        ),
    )
    regions = RegionSerializer(many=True, help_text="Empty where an address needs none.")
    postcode_example = serializers.CharField(allow_blank=True)
    postcode_patterns = computed(
        lambda rules: [one.pattern for one in rules.postcode_patterns],
        serializers.ListField(child=serializers.CharField(), help_text="Regular expressions."),
    )
    layout = serializers.CharField(
        help_text="%N name, %A street, %C city, %S region, %Z postcode, %n a new line."
    )


def list_form_regions(country: str, regions: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the regions of a form with their codes as answers of orders have them."""
    return [(write_region(country, code), name) for code, name in regions]
