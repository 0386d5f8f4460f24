"""View-models: what a page shows, as frozen values. HTML and JSON render the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orders.fulfilment.api import Progress
from orders.returns.api import OrderReturns
from orders.satisfaction.api import Rating
from orders.values import Contact, DeliveryOption, OrderSummary, OrderView
from pricing.base.core.values import JurisdictionRule, PriceView, QuoteTrace, Reason
from profiles.values import Consents, SegmentValue, ShopperValue
from promotions.offers.api import LinePreview, PersonalOffer, Previews
from shop.doors.pages.lots import DrawnShares
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import (
    CatalogCard,
    CategoryNode,
    Facet,
    ProductDetail,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a card stands for beside its variant: `count` variants of the product.

    `is_from`: their prices differ, and the card shows the lowest of what is in stock. `is_size`:
    they differ by size only, and the card is of the one that it shows. `available` counts pieces
    of all of them, where any may be chosen.
    """

    count: int
    is_from: bool
    available: int
    is_size: bool = False


@dataclass(frozen=True, slots=True)
class ProductCard:
    """One variant in a listing, with this shopper's price and what offers make of it.

    `members_minor` is what every member pays, for who is not signed in. `choice` is None for a
    product of one variant. `is_same_for_all`: never priced personally; `minimum_age` of who buys.
    `quantity` is how many of the variant are in the cart; `is_saved`: it is on the wish list.
    `drawn` is what doors have written of it, by how they write: a card that is the same for
    everybody is the same object on all pages (`share_card`), and is written once.
    """

    card: CatalogCard
    price: PriceView
    offer: LinePreview | None = None
    members_minor: int | None = None
    choice: Choice | None = None
    is_same_for_all: bool = False
    minimum_age: int | None = None
    quantity: int = 0
    is_saved: bool = False
    drawn: dict[object, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def available(self) -> int:
        """Return how many pieces there are of what the card is of."""
        choice = self.choice
        return self.card.available if choice is None or choice.is_size else choice.available


@dataclass(frozen=True, slots=True)
class Shelf:
    """A named row of cards; `code` says why it is there ("buy_again", "popular", ...)."""

    code: str
    category: CategoryNode | None
    cards: tuple[ProductCard, ...]
    is_personal: bool = False


@dataclass(frozen=True, slots=True)
class HomePage:
    """The front page: offers and picks follow what the shopper did up to this request.

    `again` is what the shopper bought before, `viewed` what they looked at lately, each without
    cards for who did nothing of the kind.
    `flash_sales` are the offers that end at a moment fixed before anybody saw them, by that moment.
    `delivery` are the ways in which an order placed now comes.
    """

    flash_sales: tuple[PersonalOffer, ...]
    offers: tuple[PersonalOffer, ...]
    picks: Shelf
    again: Shelf
    viewed: Shelf
    shelves: tuple[Shelf, ...]
    departments: tuple[CategoryNode, ...]
    delivery: tuple[DeliveryOption, ...] = ()


PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """How a listing is narrowed, sorted and paged; the URL holds exactly this.

    `sort` is one of SORTS, `limit` how many a page has. Prices are bounds, in minor units, on what
    this shopper would pay.
    """

    page: int = 1
    sort: str = "popular"
    brands: frozenset[int] = frozenset()
    sizes: frozenset[str] = frozenset()
    in_stock: bool = False
    price_min: int | None = None
    price_max: int | None = None
    limit: int = PAGE_SIZE


SORTS = ("popular", "price", "price_high", "unit", "name")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a narrowed, sorted list of variants. `is_cut`: there may be more."""

    cards: tuple[ProductCard, ...]
    facets: tuple[Facet, ...]
    query: ListingQuery
    total: int
    page: int
    pages: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class CategoryPage:
    """A category with its place in the tree.

    `hidden_age`: what asks for this age is left out of the listing; 0 where nothing is.
    """

    category: CategoryNode
    trail: tuple[CategoryNode, ...]
    children: tuple[CategoryNode, ...]
    listing: Listing
    hidden_age: int = 0


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Results of a search, in the whole shop or `inside` a category.

    With none, `suggestions` and `popular` show ways on. `hidden_age`: what asks for this age
    is left out; 0 where nothing is.
    """

    words: str
    corrected: str | None
    suggestions: tuple[str, ...]
    listing: Listing
    popular: tuple[ProductCard, ...] = ()
    inside: CategoryNode | None = None
    hidden_age: int = 0


@dataclass(frozen=True, slots=True)
class OffersPage:
    """All offers of the shopper: flash sales by their end, then the others, most fitting first."""

    flash_sales: tuple[PersonalOffer, ...]
    offers: tuple[PersonalOffer, ...]


@dataclass(frozen=True, slots=True)
class OfferPage:
    """An offer, what it covers, and what it asks, clause by clause."""

    offer: PersonalOffer
    listing: Listing
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionValue:
    """A value of an option and the variant it leads to; `is_available`: some of it is in stock."""

    value: str
    variant_id: int
    is_current: bool
    is_available: bool


@dataclass(frozen=True, slots=True)
class OptionChoice:
    """An option of a product, such as its size, with the values there are."""

    name: str
    values: tuple[OptionValue, ...]


@dataclass(frozen=True, slots=True)
class ProductPage:
    """A product; `price` is of the variant shown, `prices` of every variant by id.

    `delivery` is what each way costs for one piece alone: nothing is sprung on anybody later.
    `together` is what buyers of it buy as well, the same for everybody; `viewed` what this shopper
    looked at lately.
    `returns` is what the shop promises about sending it back. `earns` is what one piece earns in
    points. `previews` is what offers make of the prices of all variants, `offer` and
    `members_minor` those of the one shown.
    """

    detail: ProductDetail
    price: PriceView
    prices: dict[int, PriceView]
    related: tuple[ProductCard, ...]
    together: tuple[ProductCard, ...] = ()
    viewed: tuple[ProductCard, ...] = ()
    choices: tuple[OptionChoice, ...] = ()
    delivery: tuple[DeliveryOption, ...] = ()
    previews: Previews = field(default_factory=Previews)
    earns: int = 0
    returns: str = ""

    @property
    def offer(self) -> LinePreview | None:
        """Return what offers make of the shown variant's price."""
        return self.previews.mine.get(self.detail.card.variant_id)

    @property
    def everyone_minor(self) -> int:
        """Return what one piece of the shown variant costs an anonymous visitor."""
        offer = self.offer
        if offer is None:
            return self.price.public_minor
        theirs = offer.everyone_minor
        return offer.adjusted_minor if theirs is None else theirs

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return the photographs of the shown variant and of the whole product, its own first;
        without any the variant's drawn pack."""
        card = self.detail.card
        fit = [one for one in self.detail.pictures if one.variant_id in (None, card.variant_id)]
        drawn = () if fit or card.picture is None else (card.picture,)
        return (*sorted(fit, key=lambda one: one.variant_id is None), *drawn)

    @property
    def members_minor(self) -> int | None:
        """Return what every member pays for it, for who is not signed in."""
        return self.previews.members.get(self.detail.card.variant_id)


@dataclass(frozen=True, slots=True)
class WhyPage:
    """Everything behind one price, and the product it is the price of.

    `trace` is the quote as it was recorded, None where its record is on the way and nothing knows
    it yet. `parts` sum to `amount_minor`: while the quote holds, what one more piece costs at its
    price, offers included; else the quoted price. `now_minor` is what one more piece costs by now,
    None where the quote has run out or the product is sold no more. `is_late`: the record of the
    quote is on its way. `reason` says why a shopper has offers that not everybody has.
    """

    trace: QuoteTrace | None
    card: CatalogCard | None
    label: str
    parts: tuple[Reason, ...]
    amount_minor: int
    now_minor: int | None = None
    is_late: bool = False
    reason: str = ""

    @property
    def quote(self) -> QuoteTrace:
        """Return the recorded quote, for who asks for no other. Raises LookupError without one."""
        if self.trace is None:
            raise LookupError("The record of this quote is on its way.")
        return self.trace


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """A kind of data that personal prices may use."""

    name: str
    purpose: str
    source: str
    sensitivity: str


@dataclass(frozen=True, slots=True)
class RulesPage:
    """ "How our prices work", generated from the live configuration.

    `drawn` is what chance decides; `are_tests_off` says that staff have switched price tests off in
    this market.
    """

    rule: JurisdictionRule
    features: tuple[FeatureNote, ...]
    personal_cap: float
    max_changes_per_day: int
    hold_minutes: int
    quote_minutes: int
    no_rise_hours: int
    drawn: DrawnShares
    are_tests_off: bool


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """The choices of whoever looks; `consents` None for a visitor nobody knows."""

    consents: Consents | None
    rule: JurisdictionRule
    gpc: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What we know about a shopper, as far as possible in words.

    `affinities` are interests by category with their share of the strongest; `monthly` is how
    often the shopper does what a feature counts, in events a month. `shopper` is None for an
    account that has done nothing yet. `contact` is where the last order went; `points` None for
    who is no member; `order_count` counts all orders.
    """

    shopper: ShopperValue | None
    segment: SegmentValue | None = None
    tags: tuple[str, ...] = ()
    affinities: tuple[tuple[CategoryNode, float], ...] = ()
    monthly: dict[str, float] = field(default_factory=dict)
    orders: tuple[OrderSummary, ...] = ()
    order_count: int = 0
    contact: Contact | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order at the address `ref`; unless `is_known` it comes without name and address, and
    without the words of its rating. `is_rateable`: something of it has arrived.

    `may_ask_to_cancel`: it is packed and has not left; `is_cancel_requested`: its shopper asked.
    `names`: what its products and offers are called today, by their name in the order, where that
    is of another language than the page.
    """

    order: OrderView
    ref: str
    is_known: bool
    progress: Progress
    returns: OrderReturns
    is_rateable: bool = False
    rating: Rating | None = None
    may_ask_to_cancel: bool = False
    is_cancel_requested: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """A page of orders; `next_before` leads to the next, None on the last."""

    orders: tuple[OrderSummary, ...]
    next_before: str | None
