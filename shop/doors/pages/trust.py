"""The pages that explain prices: why this one, and how all of them are made."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.utils.translation import gettext as _

from pricing.api import (
    ContestValue,
    QuoteNotFound,
    QuoteOfAnother,
    active_policy,
    are_price_tests_off,
    contest_price,
    find_contest,
    get_quote,
    resolve_jurisdiction,
)
from pricing.base.core.texts import say
from pricing.base.core.values import QuoteTrace
from pricing.ledger.core.record import label_text
from profiles.features.api import FEATURES
from profiles.shoppers.api import find_shopper
from promotions.offers.api import list_parts
from shop.doors.pages.cards import card_block, join_cards, quote_page
from shop.doors.pages.context import PageContext
from shop.doors.pages.lots import read_shares
from shop.doors.pages.members import Visitor, add_offers, join_offers, preview_cards
from shop.doors.pages.values import FeatureNote, PrivacyPage, ProductCard, RulesPage, WhyPage
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.staff.keys import LARGEST_KEY

REASONS = {
    "members": gettext_noop("You get this price because you are signed in: {offers}."),
    "group": gettext_noop(
        "You get this price because you proved that you belong to a group: {offers}."
    ),
}


def why(
    ctx: PageContext,
    quote_id: UUID,
    *,
    variant_id: int | None = None,
    visitor: Visitor | None = None,
) -> WhyPage:
    """Return everything behind a quote of this shopper, offers on the product included.

    Raises QuoteNotFound for anybody else's. With `variant_id` a quote that nothing knows yet is
    explained by what the product costs now, which is what the page showed.
    """
    trace = _find_trace(ctx, quote_id, is_needed=variant_id is None)
    asked, visitor = variant_id if trace is None else trace.variant_id, visitor or Visitor(ctx)
    now = None
    if asked is not None and (trace is None or ctx.now < trace.expires_at):
        now = _price_now(ctx, asked, visitor)
    if now is not None:
        shown = now if trace is None else _as_quoted(ctx, now, trace, visitor)
        page = _explain(shown, ctx.language)
        return replace(
            page,
            trace=trace,
            now_minor=card_block(now, ctx.language).now_minor,
            is_late=trace is None or not trace.is_complete,
        )
    if trace is None:
        raise QuoteNotFound(_("There is no such quote."))
    return WhyPage(
        trace=trace,
        card=next(iter(list_cards([trace.variant_id], ctx.language)), None),
        label=_label(trace, ctx.language),
        parts=trace.reasons,
        amount_minor=trace.quoted_minor,
        is_late=not trace.is_complete,
    )


def why_product(ctx: PageContext, variant_id: int, *, visitor: Visitor | None = None) -> WhyPage:
    """Return what is behind the price of a product that has no quote of its own: that of shoppers
    with an account, or of a group. Raises QuoteNotFound for what is sold no more."""
    is_key = variant_id <= LARGEST_KEY
    now = _price_now(ctx, variant_id, visitor or Visitor(ctx)) if is_key else None
    if now is None:
        raise QuoteNotFound(_("There is no such price."))
    return _explain(now, ctx.language)


def _explain(shown: ProductCard, language: str) -> WhyPage:
    """Return the parts of the price on a card, and why not everybody has it."""
    parts, amount = list_parts(shown.price, shown.offer, language), card_block(shown, language)
    return WhyPage(
        trace=None,
        card=shown.card,
        label=shown.price.label,
        parts=parts,
        amount_minor=amount.now_minor,
        now_minor=amount.now_minor,
        reason=" ".join(
            translate(said, language, offers=say("comma", language).join(named))
            for audience, said in REASONS.items()
            if (named := [part.text for part in parts if part.code == audience])
        ),
    )


def _as_quoted(
    ctx: PageContext, now: ProductCard, trace: QuoteTrace, visitor: Visitor
) -> ProductCard:
    """Return the product at the price of a quote that holds, as the page showed it: what was done
    since may have made a lower one."""
    if now.price.quote_id == trace.quote_id:
        return now
    public_minor = now.price.public_minor
    is_personal = trace.is_personal and trace.quoted_minor < public_minor
    price = replace(
        now.price,
        quoted_minor=min(trace.quoted_minor, public_minor),
        is_personal=is_personal,
        label_code=trace.label_code if is_personal else "",
        label=_label(trace, ctx.language) if is_personal else "",
        quote_id=trace.quote_id,
        expires_at=trace.expires_at,
        reasons=(),
    )
    shown = replace(now, price=price, offer=None, members_minor=None)
    previews = preview_cards(ctx, [now.card], {now.card.variant_id: price}, visitor)
    return join_offers([shown], previews)[0]


def _label(trace: QuoteTrace, language: str) -> str:
    rule = resolve_jurisdiction(code=trace.jurisdiction_code, now=trace.issued_at)
    return label_text(rule, trace.label_code, language)


def _find_trace(ctx: PageContext, quote_id: UUID, *, is_needed: bool) -> QuoteTrace | None:
    # "" is nobody's pseudonym, while None would ask as staff: a stranger's link must not open.
    own = ctx.shopper_pseudonym or ""
    try:
        return get_quote(quote_id, shopper_pseudonym=own, language=ctx.language)
    except QuoteNotFound as error:
        if is_needed or isinstance(error, QuoteOfAnother):
            raise
        return None


def _price_now(ctx: PageContext, variant_id: int, visitor: Visitor) -> ProductCard | None:
    """Return the product as its card shows it now; None where it is sold no more."""
    prices = quote_page(ctx, [variant_id], "why")
    cards = join_cards(list_cards([variant_id], ctx.language), prices)
    return next(iter(add_offers(ctx, cards, visitor)), None)


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
