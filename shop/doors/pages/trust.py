"""The pages that explain prices: why this one, and how all of them are made."""

from __future__ import annotations

from uuid import UUID

from pricing.api import (
    ContestValue,
    active_policy,
    are_price_tests_off,
    contest_price,
    find_contest,
    get_quote,
    resolve_jurisdiction,
)
from pricing.ledger.core.labels import label_text
from profiles.features.api import FEATURES
from profiles.shoppers.api import find_shopper
from shop.doors.pages.context import PageContext
from shop.doors.pages.lots import read_shares
from shop.doors.pages.values import FeatureNote, PrivacyPage, RulesPage, WhyPage
from shop.ground.catalog.selectors import list_cards


def why(ctx: PageContext, quote_id: UUID) -> WhyPage:
    """Return everything behind a quote of this shopper. Raises QuoteNotFound for anybody else's."""
    # "" is nobody's pseudonym, while None would ask as staff: a stranger's link must not open.
    own = ctx.shopper_pseudonym or ""
    trace = get_quote(quote_id, shopper_pseudonym=own, language=ctx.language)
    cards = list_cards([trace.variant_id], ctx.language)
    rule = resolve_jurisdiction(code=trace.jurisdiction_code, now=trace.issued_at)
    return WhyPage(
        trace=trace,
        card=cards[0] if cards else None,
        label=label_text(rule, trace.label_code, ctx.language),
    )


def read_contest(ctx: PageContext, quote_id: UUID) -> ContestValue | None:
    """Return what this shopper asked a person about a price. Two queries, none for a stranger."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    return None if shopper is None else find_contest(quote_id=quote_id, shopper_id=shopper.id)


def question_price(ctx: PageContext, quote_id: UUID, *, email: str, text: str) -> None:
    """Let a known shopper question a price they were shown.

    Raises QuoteNotFound for a price of somebody else, and ContestRefused.
    """
    get_quote(quote_id, shopper_pseudonym=ctx.shopper_pseudonym or "", language=ctx.language)
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    if shopper is not None:
        contest_price(
            quote_id=quote_id,
            shopper_id=shopper.id,
            email=email,
            text=text,
            language=ctx.language,
            now=ctx.now,
        )


def pricing_rules(ctx: PageContext) -> RulesPage:
    """Return the page "How our prices work", from what is configured at this moment.

    Five queries: what chance decides is read from the records it draws by.
    """
    policy = active_policy()
    return RulesPage(
        rule=resolve_jurisdiction(code=ctx.jurisdiction_code, now=ctx.now),
        features=tuple(
            FeatureNote(
                name=feature.name,
                purpose=", ".join(sorted(feature.purposes)),
                source=feature.source,
                sensitivity=feature.sensitivity,
            )
            for feature in FEATURES.values()
            if "price" in feature.purposes
        ),
        personal_cap=policy.personal_cap,
        max_changes_per_day=policy.max_changes_per_day,
        hold_minutes=policy.hold_minutes,
        quote_minutes=policy.quote_minutes,
        no_rise_hours=policy.no_rise_hours,
        drawn=read_shares(market=ctx.market, now=ctx.now),
        are_tests_off=are_price_tests_off(ctx.market),
    )


def privacy(ctx: PageContext) -> PrivacyPage:
    """Return the choices of this visitor. One query for a known shopper, none for a stranger."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    return PrivacyPage(
        consents=shopper.consents if shopper else None,
        rule=resolve_jurisdiction(code=ctx.jurisdiction_code, now=ctx.now),
        gpc=ctx.gpc,
    )
