"""The blanks that several sentences share."""

from __future__ import annotations

from promotions.sentences.core.plans import Blank
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

PERCENT = Blank("percent", "percent", gettext_noop("percent"), "10")
AMOUNT = Blank("amount", "money", gettext_noop("amount"), "5.00")
LEAST = Blank("cart_value", "money", gettext_noop("least cart"), "40.00")
GOODS = Blank("goods", "goods", gettext_noop("products"), "", is_needed=False)
STARTS = Blank("starts_at", "moment", gettext_noop("begin"))
ENDS = Blank("ends_at", "moment", pgettext_noop("field", "end"))
BUDGET = Blank("budget", "money", gettext_noop("budget"), "500.00", is_needed=False)
CODE = Blank("coupon", "code", gettext_noop("code"))
PIECES = Blank("pieces", "count", gettext_noop("pieces"), "100")
AUDIENCE = Blank(
    "audience",
    "choice",
    gettext_noop("for whom"),
    "public",
    choices=(("public", gettext_noop("everybody")), ("members", gettext_noop("account holders"))),
)
GOALS: tuple[tuple[str, str], ...] = (
    ("sales", gettext_noop("more sales")),
    ("margin", gettext_noop("more margin")),
    ("newcomers", gettext_noop("new shoppers")),
    ("stock", gettext_noop("clear stock")),
    ("loyalty", gettext_noop("shoppers who come back")),
)
GOAL = Blank("goal", "choice", gettext_noop("goal"), is_needed=False, choices=GOALS)
WINDOW = (STARTS, ENDS, BUDGET, GOAL)

# Which of the products, by their prices
AT_PRICES = (
    Blank(
        "goods_at",
        "choice",
        gettext_noop("at which price"),
        "any",
        is_needed=False,
        choices=(("any", gettext_noop("all of them")), ("list", gettext_noop("not reduced ones"))),
    ),
    Blank("price_from", "money", gettext_noop("lowest price"), "", is_needed=False),
    Blank("price_to", "money", gettext_noop("highest price"), "", is_needed=False),
)

# What a campaign that exists is changed by, one by one
BLANKS: dict[str, Blank] = {
    one.name: one
    for one in (
        *(PERCENT, AMOUNT, GOODS, AUDIENCE, *WINDOW, *AT_PRICES),
        Blank("market_code", "choice", gettext_noop("market"), is_needed=False),
        Blank(
            "max_line_units",
            "count",
            gettext_noop("most pieces of each product"),
            "",
            is_needed=False,
        ),
        Blank(
            "max_order_units", "count", gettext_noop("most pieces of an order"), "", is_needed=False
        ),
        Blank("holdout_percent", "share", gettext_noop("percent held out"), "", is_needed=False),
        Blank("name", "name", gettext_noop("name")),
        Blank("name_zh", "name", gettext_noop("Chinese name"), "", is_needed=False),
    )
}


def count(name: str, label: str, example: str) -> Blank:
    """Return a blank for a whole number."""
    return Blank(name, "count", label, example)
