"""Words that a guesser tries first at this shop: a password needs more than them."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LEAST_REST = 8
# Longest first: "prices" goes before "price".
WORDS = (
    *("supermarket", "groceries", "customer", "discount", "personal", "shopping", "welcome"),
    *("checkout", "fairtag", "grocery", "account", "coupon", "market", "prices", "admin"),
    *("offers", "points", "offer", "price", "store", "cart", "shop"),
)
_WORDS = re.compile("|".join(WORDS))


class ShopWordsValidator:
    """Refuses passwords that are too short without the words of the shop."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError.

        >>> ShopWordsValidator().validate("quiet-river-shop")
        """
        if len(_WORDS.sub("", password.lower())) < min(LEAST_REST, len(password)):
            raise ValidationError(
                _("This password is mostly made of words of this shop, which are guessed first."),
                code="password_of_shop_words",
            )

    def get_help_text(self) -> str:
        """Return what the page says beside the field."""
        return _("Your password can’t be mostly made of words of this shop, such as its name.")
