"""The price block: what a price shows beside itself, in four rows, and how it is spoken.

Row 1 is what one piece costs now, row 2 one comparison, row 3 the unit price, row 4 one word on the
nature of the price. What the piece brings off the order as a whole is no comparison of its price:
it stands below them. HTML, mails and the API write the same block.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from babel.dates import format_time
from django.utils.timezone import localtime

from pricing.base.core.texts import GERMAN_LOWEST, say
from pricing.base.core.values import PriceView, Reason
from pricing.ledger.core.record import PUBLIC_TEST, prescribed_words
from promotions.offers.selectors.evaluation import LinePreview
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import (
    gettext_noop,
    locale_of,
    pgettext_noop,
    translate,
)

EVERYONE = gettext_noop("Everyone {amount}")
FREE = gettext_noop("Free with your cart")
BEFORE_OFFERS = gettext_noop("Before offers")
EVERYONE_BEFORE = gettext_noop("Everyone {amount}, before offers")
MEMBERS = gettext_noop("{amount} with a free account")
REACHES = gettext_noop("Brings {amount} off your order")
TOGETHER = gettext_noop("{size} for {amount}, {each} each")
REFERENCE = pgettext_noop("price", "{name} {amount}")
ABOUT = gettext_noop("about {amount} each")
NAMED = gettext_noop("{name}: {text}")
SEVERAL_UNITS = gettext_noop("for {size} {amount}")
TAGS = {
    "personal": gettext_noop("Auto-set personal price"),
    "kept": gettext_noop("Kept price"),
    "offer": gettext_noop("Personal offer"),
    "test": gettext_noop("Price test for everyone"),
    "members": gettext_noop("Signed-in price"),
    "group": gettext_noop("Offer for your group"),
    "same": gettext_noop("Same for everyone"),
}
SHORT_TAG = gettext_noop("Personal price")
KEPT_UNTIL = gettext_noop("Kept until {time}")
SPOKEN = {
    "mine": gettext_noop("Your price {amount}"),
    "cut": gettext_noop("reduced by {percent}%"),
    "each": gettext_noop("{amount} per {unit}"),
}
# Names of the signs that unit prices are written with in English; in Chinese the names are written.
SIGNS = {
    "lb": "pound",
    "oz": "ounce",
    "fl oz": "fluid ounce",
    "qt": "quart",
    "gal": "gallon",
    "kg": "kilogram",
    "1 kg": "kilogram",
    "g": "gram",
    "l": "liter",
    "1 l": "liter",
}
CHINA = "cn"
SOLD_OUT = gettext_noop("Sold out")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Row 2: `text` with its amount at {amount}; `kind` says whose price or which it is.

    Kinds: everyone, reference (a legal was-price: the only one that is struck through), members
    (who is not signed in), together (several pieces), piece (of loose products), deal (`text`
    alone), before (of a line: before its offers).
    `language` is that of the words where the law wants another one than the page's.
    """

    kind: str
    text: str
    amount_minor: int = 0
    amount: str = ""
    language: str = ""

    @property
    def before(self) -> str:
        """Return what stands before the amount."""
        return self.text.partition("{amount}")[0]

    @property
    def after(self) -> str:
        """Return what stands behind the amount."""
        return self.text.partition("{amount}")[2]

    @property
    def said(self) -> str:
        """Return the comparison as one text."""
        return self.text.replace("{amount}", self.amount)


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """What a block must know of the product: whether any is left, and what the law asks of it.

    `minimum_age` is None for what everybody may buy. `is_same_for_all`: never priced personally.
    `is_loose`: sold by weight, where the unit price leads.
    """

    is_sold_out: bool = False
    is_same_for_all: bool = False
    minimum_age: int | None = None
    is_loose: bool = False


NO_FACTS = ProductFacts()


@dataclass(frozen=True, slots=True)
class PriceBlock:
    """A price with everything that is shown beside it, in one language.

    `tag` is the short word on the nature of the price (its `kind` a key of TAGS or "statutory"),
    `label` the law's sentence. `can_switch_off` keeps a switch beside the tag, as China asks.
    `ribbon` stands on the picture. `reached_minor` comes off the order as a whole once the piece is
    in the cart, and `reached` says so. `spoken` says all of it in one sentence.
    """

    variant_id: int
    currency: str
    now_minor: int
    now: str
    is_personal: bool
    percent: int = 0
    comparison: Comparison | None = None
    unit_minor: int | None = None
    unit: str = ""
    unit_several: str = ""
    kind: str = ""
    tag: str = ""
    label: str = ""
    can_switch_off: bool = False
    ribbon: str = ""
    ends_at: datetime | None = None
    minimum_age: int | None = None
    quote_id: UUID | None = None
    own_offer_id: int | None = None
    reached_minor: int | None = None
    reached: str = ""
    spoken: str = ""

    @property
    def cut(self) -> str:
        """Return the announced reduction, rounded down."""
        return f"\u2212{self.percent}%" if self.percent else ""


def build_price_block(
    price: PriceView,
    language: str,
    offer: LinePreview | None = None,
    members_minor: int | None = None,
    goods: ProductFacts = NO_FACTS,
    *,
    is_before_offers: bool = False,
) -> PriceBlock:
    """Return the block of a price, with what offers make of it and what the products ask.

    `is_before_offers` is for a line that offers lower: what everyone pays is said before offers
    too, as the offers of everyone count there.

    >>> milk = PriceView(1, "USD", 300, 279, 259, True, label="Personal price")
    >>> block = build_price_block(milk, "en")
    >>> block.now, block.comparison.said, block.tag
    ('$2.59', 'Everyone $2.79', 'Auto-set personal price')
    """
    now = _find_now(price, offer)
    comparison = _compare(price, now, offer, members_minor, language)
    if is_before_offers:
        comparison = _compare_before_offers(price, language)
    kind, label = _find_nature(price, offer, goods, language)
    prescribed = prescribed_words(label)
    can_switch_off = price.is_personal and price.label_code.startswith(CHINA)
    block = PriceBlock(
        variant_id=price.variant_id,
        currency=price.currency,
        now_minor=now,
        now=format_money(now, price.currency, locale_of(language)),
        is_personal=price.is_personal or kind in ("offer", "statutory"),
        percent=_find_percent(price, now, comparison),
        comparison=comparison,
        unit_minor=_unit_minor(price, now),
        unit=_say_unit(price, now, language),
        unit_several=_say_unit_of_several(price, comparison, offer, language),
        kind="statutory" if prescribed else kind,
        tag=prescribed or _find_tag(kind, price, can_switch_off, language),
        label=label,
        can_switch_off=can_switch_off,
        ribbon=_find_ribbon(offer, kind, comparison, goods, language),
        ends_at=offer.ends_at if offer is not None and offer.labels else None,
        minimum_age=goods.minimum_age,
        quote_id=price.quote_id if price.is_personal or price.is_kept else None,
        own_offer_id=None if offer is None else offer.own_offer_id,
    )
    block = _add_reached(block, offer, language)
    block = _lead_with_unit(block, language) if goods.is_loose else block
    return replace(block, spoken=_speak(block, price, language))


def list_parts(price: PriceView, offer: LinePreview | None, language: str) -> tuple[Reason, ...]:
    """Return the parts of what one more piece costs, offers included; they sum to `now_minor` of
    its block. The first is the public price.

    >>> milk = PriceView(1, "USD", 300, 279, 259, True)
    >>> [(part.code, part.amount_minor) for part in list_parts(milk, None, "en")]
    [('public', 279), ('personal', -20)]
    """
    parts = price.reasons
    if not parts:
        parts = (Reason("public", price.public_minor, say("public", language)),)
        if price.quoted_minor < price.public_minor:
            code = "personal" if price.is_personal else "kept"
            less = price.quoted_minor - price.public_minor
            parts = (*parts, Reason(code, less, say(code, language)))
    if offer is None or _find_now(price, offer) == price.quoted_minor:
        return parts
    return (*parts, *offer.parts)


def _find_percent(price: PriceView, now: int, comparison: Comparison | None) -> int:
    """Return the announced reduction in percent, 0 where none is."""
    is_reduced = comparison is not None and comparison.kind == "reference"
    return percent_off(price.reference_minor or 0, now) if is_reduced else 0


def _lead_with_unit(block: PriceBlock, language: str) -> PriceBlock:
    """Return the block of loose products: the unit price first, then about what one piece costs.

    Only where nothing else is compared: "Everyone" and "before" are prices of a piece.
    """
    if not block.unit or block.comparison is not None:
        return block
    about = Comparison("piece", translate(ABOUT, language), block.now_minor, block.now)
    return replace(block, now=block.unit, unit="", comparison=about)


def percent_off(reference_minor: int, now_minor: int) -> int:
    """Return a reduction in percent, rounded down so that it never claims more than it is.

    >>> percent_off(1000, 801), percent_off(1000, 1000)
    (19, 0)
    """
    if reference_minor <= now_minor:
        return 0
    return (reference_minor - now_minor) * 100 // reference_minor


def _find_now(price: PriceView, offer: LinePreview | None) -> int:
    """Return what one more piece costs; its price where it makes other things free or cheaper."""
    if offer is None or not 0 < offer.adjusted_minor <= price.quoted_minor:
        return price.quoted_minor
    return offer.adjusted_minor


def _compare(
    price: PriceView,
    now: int,
    offer: LinePreview | None,
    members_minor: int | None,
    language: str,
) -> Comparison | None:
    """Return the one comparison: with everyone, the reference, members or several pieces.

    A block that says what the piece brings off the order has no room for several pieces.
    """
    if offer is not None and offer.adjusted_minor <= 0:
        return Comparison("deal", translate(FREE, language))
    theirs = None if offer is None else offer.everyone_minor
    everyone = price.public_minor if theirs is None else theirs
    is_own = price.quoted_minor < price.public_minor
    is_own |= offer is not None and offer.audience != "public"
    money = (price.currency, locale_of(language))
    if is_own and everyone > now:
        return Comparison(
            "everyone", translate(EVERYONE, language), everyone, format_money(everyone, *money)
        )
    # A test announces no reduction: what it lowers is not struck through.
    is_announced = not is_own and price.label_code != PUBLIC_TEST
    if is_announced and price.reference_minor is not None and price.reference_minor > now:
        name = price.reference_name
        return Comparison(
            "reference",
            translate(REFERENCE, language).replace("{name}", name),
            price.reference_minor,
            format_money(price.reference_minor, *money),
            "de" if name == GERMAN_LOWEST else "",
        )
    if members_minor is not None and members_minor < now:
        members = format_money(members_minor, *money)
        return Comparison("members", translate(MEMBERS, language), members_minor, members)
    if offer is None or offer.reached_minor:
        return None
    return _compare_several(offer, now, price.currency, language)


def _compare_before_offers(price: PriceView, language: str) -> Comparison:
    """Return what stands beside a price that offers on its line lower."""
    if price.quoted_minor >= price.public_minor:
        return Comparison("before", translate(BEFORE_OFFERS, language))
    everyone = format_money(price.public_minor, price.currency, locale_of(language))
    text = translate(EVERYONE_BEFORE, language)
    return Comparison("before", text, price.public_minor, everyone)


def _compare_several(
    offer: LinePreview, now: int, currency: str, language: str
) -> Comparison | None:
    """Return what several pieces cost."""
    money = (currency, locale_of(language))
    if not offer.deals:
        return None
    deal = offer.deals[0]
    if not deal.size or deal.together_minor >= deal.size * now:
        return Comparison("deal", deal.text)
    each = format_money(-(-deal.together_minor // deal.size), *money)
    text = translate(TOGETHER, language).replace("{size}", str(deal.size)).replace("{each}", each)
    together = format_money(deal.together_minor, *money)
    return Comparison("together", text, deal.together_minor, together)


def _add_reached(block: PriceBlock, offer: LinePreview | None, language: str) -> PriceBlock:
    """Return the block with "Brings $5.00 off your order" where the piece reaches a discount."""
    if offer is None or not offer.reached_minor:
        return block
    off = format_money(offer.reached_minor, block.currency, locale_of(language))
    text = translate(REACHES, language, amount=off)
    return replace(block, reached_minor=offer.reached_minor, reached=text)


def _find_nature(
    price: PriceView, offer: LinePreview | None, goods: ProductFacts, language: str
) -> tuple[str, str]:
    """Return the kind of the price, by priority, and the law's sentence on it."""
    if price.is_personal:
        return "personal", price.label
    if price.is_kept:
        return "kept", ""
    if offer is not None and offer.own_offer_id is not None:
        law = offer.law_label
        if not law or prescribed_words(law):
            return "offer", law
        name = translate(TAGS["offer"], language)
        return "offer", translate(NAMED, language, name=name, text=law)
    if offer is not None and offer.audience in ("members", "group"):
        return offer.audience, ""
    if price.label_code == PUBLIC_TEST:
        return "test", price.label
    return ("same" if goods.is_same_for_all else ""), ""


def _find_tag(kind: str, price: PriceView, can_switch_off: bool, language: str) -> str:
    """Return the short word on the nature of a price; a shorter one beside a switch, so that both
    fit on one line of a phone's card."""
    if not kind:
        return ""
    if kind == "kept" and price.expires_at is not None:
        ends = localtime(price.expires_at)
        time = format_time(ends.time(), "short", locale=locale_of(language))
        return translate(KEPT_UNTIL, language, time=time)
    return translate(SHORT_TAG if can_switch_off else TAGS[kind], language)


def _unit_minor(price: PriceView, minor: int) -> int | None:
    """Return what one unit costs at a price of one piece, half up; None where that is nothing."""
    if price.unit_minor is None or not price.units:
        return price.unit_minor
    return int(minor / price.units + 0.5) or None


def _say_unit(price: PriceView, now: int, language: str) -> str:
    """Return "$0.65/qt", the unit price of row 1, or "" where there is none."""
    minor = _unit_minor(price, now)
    if minor is None:
        return ""
    return f"{format_money(minor, price.currency, locale_of(language))}/{price.unit_label}"


def _say_unit_of_several(
    price: PriceView, comparison: Comparison | None, offer: LinePreview | None, language: str
) -> str:
    """Return "for 2 $0.63", the unit price of several pieces, where these are row 2."""
    if comparison is None or comparison.kind != "together" or offer is None or not price.units:
        return ""
    size = offer.deals[0].size
    minor = int(comparison.amount_minor / size / price.units + 0.5)
    amount = format_money(minor, price.currency, locale_of(language))
    return translate(SEVERAL_UNITS, language, size=size, amount=amount)


def _find_ribbon(
    offer: LinePreview | None,
    kind: str,
    comparison: Comparison | None,
    goods: ProductFacts,
    language: str,
) -> str:
    """Return what stands on the picture: a personal offer beside a personal price, that nothing is
    left, the promotion, or the age."""
    is_own = offer is not None and offer.own_offer_id is not None
    if is_own and kind == "personal":
        return translate(TAGS["offer"], language)
    if goods.is_sold_out:
        return translate(SOLD_OUT, language)
    if offer is not None and offer.labels:
        return offer.labels[0]
    if offer is not None and offer.deals and (comparison is None or comparison.kind != "together"):
        return offer.deals[0].text
    return f"{goods.minimum_age}+" if goods.minimum_age else ""


def _speak(block: PriceBlock, price: PriceView, language: str) -> str:
    """Return the block as one sentence."""
    is_own = block.comparison is not None and block.comparison.kind == "everyone"
    each = _speak_unit(block, price, language)
    now = block.now if block.unit or not each else each  # loose: the unit price leads
    parts = [translate(SPOKEN["mine"], language, amount=now) if is_own else now]
    if block.percent:
        parts.append(translate(SPOKEN["cut"], language, percent=block.percent))
    if block.comparison is not None:
        parts.append(block.comparison.said)
    if block.unit:
        parts.append(each)
    if block.reached:
        parts.append(block.reached)
    if block.label or block.tag:
        parts.append(block.label or block.tag)
    return say("comma", language).join(parts)


def _speak_unit(block: PriceBlock, price: PriceView, language: str) -> str:
    """Return "$0.65 per quart", "" where there is no unit price."""
    if block.unit_minor is None:
        return ""
    return translate(
        SPOKEN["each"],
        language,
        amount=format_money(block.unit_minor, price.currency, locale_of(language)),
        unit=SIGNS.get(price.unit_label, price.unit_label),
    )
