"""Questions that shopper predictions answer, and the words that explain an answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from shop.ground.kernel.translation import gettext_noop

LEARNED_WEEKS, LATER_WEEKS = 4, 2

# For each input what is said of a shopper above and below the mean.
REASONS: dict[str, tuple[str, str]] = {
    "orders": (gettext_noop("orders often"), gettext_noop("orders rarely")),
    "wait": (
        gettext_noop("waits longer than usual for the next order"),
        gettext_noop("not longer than usual since the last order"),
    ),
    "activity": (
        gettext_noop("visited much lately"),
        gettext_noop("visited little lately"),
    ),
    "cart_adds": (
        gettext_noop("filled the cart lately"),
        gettext_noop("put little in the cart lately"),
    ),
    "offer_clicks": (
        gettext_noop("opened many offers"),
        gettext_noop("opened few offers"),
    ),
    "discount_share": (
        gettext_noop("buys much on offer"),
        gettext_noop("buys little on offer"),
    ),
    "basket_lines": (gettext_noop("large orders"), gettext_noop("small orders")),
    "category_breadth": (
        gettext_noop("buys in many categories"),
        gettext_noop("buys in few categories"),
    ),
    "tenure_days": (gettext_noop("known for long"), gettext_noop("known for a short time")),
}


class Outcome(Enum):
    """What the days after the question show of a shopper."""

    ORDERS = auto()
    NOTHING = auto()
    # Of who buys something then: more than half of the lines are on offer.
    MOSTLY_ON_OFFER = auto()
    # A purchase in a category without one before.
    NEW_CATEGORY = auto()


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `outcome` is so of a shopper in the next `days`; its tag says "likely".

    `meaning` is what the chance is of.
    """

    code: str
    name: str
    days: int
    outcome: Outcome
    meaning: str

    def stages(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Return how many days ago it is asked: to learn, to calibrate, to judge.

        Every outcome of a stage is known when the next one begins.

        >>> QUESTIONS[0].stages()
        ((35, 42, 49, 56), (21, 28), (7, 14))
        """
        week, days = 7, self.days
        starts = (3 * days + 2 * week, 2 * days + week, days)
        counts = (LEARNED_WEEKS, LATER_WEEKS, LATER_WEEKS)
        learned, later, held = (
            tuple(start + week * at for at in range(count))
            for start, count in zip(starts, counts, strict=True)
        )
        return learned, later, held


QUESTIONS = (
    Question(
        "will_buy",
        gettext_noop("likely to buy this week"),
        days=7,
        outcome=Outcome.ORDERS,
        meaning=gettext_noop("orders in the next 7 days"),
    ),
    Question(
        "may_lapse",
        gettext_noop("likely to lapse"),
        days=28,
        outcome=Outcome.NOTHING,
        meaning=gettext_noop("orders nothing in the next 28 days"),
    ),
    Question(
        "on_offer",
        gettext_noop("likely to buy mostly on offer"),
        days=28,
        outcome=Outcome.MOSTLY_ON_OFFER,
        meaning=gettext_noop("of what is bought in the next 28 days, more than half is on offer"),
    ),
    Question(
        "new_category",
        gettext_noop("likely to try a new category"),
        days=14,
        outcome=Outcome.NEW_CATEGORY,
        meaning=gettext_noop("buys in a category new to the shopper in the next 14 days"),
    ),
)
