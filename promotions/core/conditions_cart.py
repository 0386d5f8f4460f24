"""Conditions on what is in the cart, where and by which way it is bought."""

from __future__ import annotations

from dataclasses import dataclass

from promotions.core.carts import EVERYTHING, Scope
from promotions.core.circumstances import Circumstances, Failure


@dataclass(frozen=True, slots=True)
class CartHas:
    """Holds when lines in `scope` come to at least `min_quantity` units and `min_value_minor`.

    The value counts quoted prices before any offer, so it does not depend on which offer is
    looked at first. `reason_code` names what is missing: cart_value, cart_quantity, product,
    category or brand.

    >>> from datetime import UTC, datetime
    >>> from promotions.core.carts import CartLineValue, CartValue, ShopperFacts
    >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=1, unit_minor=2_800)
    >>> cart = CartValue((line,), "USD", "us", "online")
    >>> given = Circumstances(cart, ShopperFacts(), datetime(2026, 11, 26, tzinfo=UTC))
    >>> CartHas(min_value_minor=4_000).failures(given)[0].missing_minor
    1200
    """

    scope: Scope = EVERYTHING
    min_quantity: int = 1
    min_value_minor: int = 0
    reason_code: str = "cart_value_below"

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return what is missing, in units and in money."""
        lines = [line for line in given.cart.lines if self.scope.covers(line)]
        missing_quantity = max(0, self.min_quantity - sum(line.quantity for line in lines))
        missing_minor = max(0, self.min_value_minor - sum(line.value_minor for line in lines))
        if not missing_quantity and not missing_minor:
            return ()
        return (Failure(self.reason_code, missing_minor, missing_quantity),)


@dataclass(frozen=True, slots=True)
class DifferentProducts:
    """Holds when lines in `scope` are of at least `at_least` different products.

    Sizes of one product count once, and so do many pieces of it.

    >>> from datetime import UTC, datetime
    >>> from promotions.core.carts import CartLineValue, CartValue, ShopperFacts
    >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=9, unit_minor=2_800)
    >>> cart = CartValue((line,), "USD", "us", "online")
    >>> given = Circumstances(cart, ShopperFacts(), datetime(2026, 11, 26, tzinfo=UTC))
    >>> DifferentProducts(3).failures(given)[0].missing_quantity
    2
    """

    at_least: int
    scope: Scope = EVERYTHING

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return how many products are missing."""
        products = {line.product_id for line in given.cart.lines if self.scope.covers(line)}
        missing = self.at_least - len(products)
        return (Failure("products_below", 0, missing),) if missing > 0 else ()


@dataclass(frozen=True, slots=True)
class CodeEntered:
    """Holds when one of `codes` (normalised) was entered."""

    codes: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure when none of the codes was entered."""
        return (Failure("code_missing"),) if self.codes.isdisjoint(given.codes) else ()


@dataclass(frozen=True, slots=True)
class ChannelIn:
    """Holds in one of `channels` ("online", "store", "app")."""

    channels: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure in other channels."""
        return () if given.cart.channel in self.channels else (Failure("wrong_channel"),)


@dataclass(frozen=True, slots=True)
class MarketIn:
    """Holds in one of `markets`."""

    markets: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure in other markets."""
        return () if given.cart.market_code in self.markets else (Failure("wrong_market"),)


@dataclass(frozen=True, slots=True)
class RegionIn:
    """Holds in one of `regions`: places as law knows them ("US-NY"), never an exact address."""

    regions: frozenset[str]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure elsewhere, also where the place is unknown."""
        return () if given.cart.region in self.regions else (Failure("wrong_region"),)
