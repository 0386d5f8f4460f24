"""Personal prices under experiment: who sees everybody's prices although they need not.

An arm of an experiment with the subject "prices" says `{"personal": false}`: its shoppers see
public prices; arms without it see what they would see anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from pricing.base.core.values import QuoteContext
from pricing.ledger.core.held_quotes import HeldQuote
from pricing.quoting.services.deciding import ShopperState
from profiles.experiments.api import ArmChoice, choose_arm, list_running
from profiles.shoppers.api import find_shopper
from profiles.values import Consents, Participant

# What never changes of a shopper is asked for once: market, and whether it is a login.
MOST_KNOWN = 50_000
_known: dict[str, tuple[str, bool]] = {}


def choose_price_arms(context: QuoteContext, state: ShopperState) -> list[ArmChoice]:
    """Return the arms of a shopper in experiments with personal prices.

    Give them to `log_exposures` where something personal would be shown, in every arm alike. No
    query for a guest known to this process; one at first, and one for a login until its first
    exposure.
    """
    pseudonym = context.shopper_pseudonym
    if pseudonym is None or state.shopper_id is None:
        return []
    market, is_member = _recall(pseudonym)
    # Without consent to personal prices nothing was decided, and this is not asked.
    asks = Participant(
        shopper_id=state.shopper_id,
        pseudonym=pseudonym,
        consents=Consents(price=True),
        market_code=market,
        is_member=is_member,
    )
    found = (
        choose_arm(one.plan.code, shopper=asks, channel=context.channel, segment=state.segment)
        for one in list_running("prices")
    )
    return [one for one in found if one is not None]


def shows_public(choices: Sequence[ArmChoice], promised: Sequence[HeldQuote | None]) -> bool:
    """Return whether an arm shows public prices: not while a personal one is promised."""
    if not any(one.settings.get("personal") is False for one in choices):
        return False
    return all(one is None for one in promised)


def _recall(pseudonym: str) -> tuple[str, bool]:
    if pseudonym not in _known:
        if len(_known) > MOST_KNOWN:
            _known.clear()
        row = find_shopper(pseudonym)
        _known[pseudonym] = (
            ("", False)
            if row is None
            else (
                row.market_code,
                row.account_id is not None,
            )
        )
    return _known[pseudonym]


def forget_participants() -> None:
    """Forget who is a login (tests)."""
    _known.clear()
