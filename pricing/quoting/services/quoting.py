"""The request path: the current price of each variant for this shopper."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from pricing.base.core.values import BoolArray, IntArray, PriceView, QuoteBatch, QuoteContext
from pricing.base.metrics import (
    guard_hits_total,
    quote_fallbacks_total,
    quote_seconds,
    quotes_total,
)
from pricing.ledger.core.offered import HeldQuote
from pricing.optimum.core.decide import Decisions
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import GENERAL_FEATURES
from pricing.policy.core import ACTIONS, BIT
from pricing.quoting.selectors.serving import Serving, get_serving
from pricing.quoting.services.deciding import (
    Decided,
    Page,
    ShopperState,
    decide_page,
    read_shopper_state,
)
from pricing.quoting.services.issue import gather_impressions, issue_quotes, send_impressions
from pricing.quoting.services.public_views import (
    SalesContext,
    make_public_view,
    price_unpriced_variants,
    public_views,
    view_unpriced_variants,
)
from profiles.experiments.api import ArmChoice, choose_arm, list_running, log_exposures
from profiles.shoppers.api import find_shopper
from profiles.values import Consents, Participant, ProfilePart
from shop.ground.kernel.clock import epoch_ms

# An arm of an experiment with the subject "prices" says `{"personal": false}`: its shoppers see
# public prices; arms without it see what they would see anyway.

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


HOUR_MS = 3_600_000
# What ends a promise. All else (a late profile, an old model, a database that is silent) keeps the
# shop from making new personal prices, and no promised one from standing.
ENDING = frozenset({"anonymous", "gpc", "jurisdiction", "kill_switch"})


class ReadOnce:
    """What a request that asks for prices more than once reads of its shopper once.

    Made for one request and one shopper, with all variants that will be asked for.
    """

    def __init__(self, variant_ids: Sequence[int]) -> None:
        self.variant_ids = np.array(variant_ids, dtype=np.int64)
        self.states: dict[str, ShopperState] = {}


def quote_variants(
    *, context: QuoteContext, variant_ids: Sequence[int], once: ReadOnce | None = None
) -> QuoteBatch:
    """Return the price of each variant for the shopper of `context`, in the order asked.

    One Redis round trip to read, one more only if new quotes are issued; looks at public prices go
    along or are sent without waiting. No query while rules and book are fresh. Whatever stands in
    the way of a personal price (consent, law, kill switch, Redis down, no model) gives the public
    price, the very view an anonymous visitor gets. What was promised stands meanwhile, unless
    consent, law or a kill switch ends it; reading it without Redis takes two queries. With `once`
    the first call of a request reads the shopper for all.
    """
    begun = time.perf_counter()
    serving = get_serving()
    ids = list(dict.fromkeys(int(one) for one in variant_ids))
    page, missing = _open_page(serving, context, ids)
    views: dict[int, PriceView] = {}
    reason = "no_book"
    if page is not None:
        views = _public_views(page, context)
        reason = find_obstacle(serving, page, context)
        if reason in ENDING:
            send_impressions(gather_impressions(page, context))
        else:
            state = _read(page, context, reason, once)
            tests_prices = serving.tests_prices and not page.tests_off and not state.obstacle
            personal, reason = _personal_views(page, context, views, state, tests_prices)
            views |= personal
    if missing:
        views |= view_unpriced_variants(context, serving, missing)
    batch = QuoteBatch(
        prices={one: views[one] for one in ids if one in views},
        rung_counts=_count(views),
        fallback_reason=reason,
    )
    _measure(batch, time.perf_counter() - begun)
    return batch


def quote_listing(
    *, context: QuoteContext, variant_ids: IntArray, once: ReadOnce | None = None
) -> IntArray:
    """Return this shopper's prices (minor units) of many variants, for sorting; stores nothing.

    The same decisions as `quote_variants` makes, in arrays only. A variant nobody can price is 0.
    """
    serving = get_serving()
    ids = np.asarray(variant_ids, dtype=np.int64)
    served = serving.served(context.market, context.channel, context.now, context.shopper_pseudonym)
    if served is None:
        return price_unpriced_variants(ids, context.market)
    at, is_there = served.book.find(ids)
    if not is_there.any():
        return price_unpriced_variants(ids, context.market)
    prices, page = served.book.terms.public_minor[at], None
    if context.shopper_pseudonym is not None and not context.gpc:
        page, _ = _open_page(serving, context, ids[is_there].tolist())
    if page is not None and (found := find_obstacle(serving, page, context)) not in ENDING:
        state = _read(page, context, found, once)
        if not state.reason:
            prices = prices.copy()
            tests_prices = serving.tests_prices and not page.tests_off and not state.obstacle
            prices[is_there] = _list_prices(page, context, state, tests_prices)
    if not is_there.all():
        prices = np.where(is_there, prices, price_unpriced_variants(ids, context.market))
    return prices


def find_obstacle(serving: Serving, page: Page, context: QuoteContext) -> str:
    """Return why no new personal price is possible before anything is read about the shopper."""
    learned_ms, is_closed = page.book.learned_ms, page.served.is_closed
    age_ms = page.now_ms - learned_ms
    obstacles = (
        ("anonymous", context.shopper_pseudonym is None),
        ("gpc", context.gpc),
        ("jurisdiction", not page.place.rule.personal_allowed),
        ("kill_switch", bool(len(is_closed)) and bool(is_closed.all())),
        ("no_word_from_database", serving.is_blind),
        ("profile_lags", context.shopper_pseudonym in serving.lagging),
        ("no_model", learned_ms == 0),
        ("stale_model", age_ms > serving.policy.max_model_age_hours * HOUR_MS),
    )
    return next((name for name, is_so in obstacles if is_so), "")


def _open_page(
    serving: Serving, context: QuoteContext, ids: Sequence[int]
) -> tuple[Page | None, list[int]]:
    """Return the page of the variants in the book, and the ids that are not in it."""
    served = serving.served(context.market, context.channel, context.now, context.shopper_pseudonym)
    if served is None or not ids:
        return None, list(ids)
    at, is_there = served.book.find(np.array(ids, dtype=np.int64))
    if not is_there.any():
        return None, list(ids)
    missing = [] if is_there.all() else np.array(ids)[~is_there].tolist()
    at = at[is_there]
    terms = served.book.terms.take(at)
    if served.is_closed.any():
        terms = _close(terms, served.is_closed[at])
    place = SalesContext(
        market=context.market,
        channel=context.channel,
        jurisdiction_code=context.jurisdiction_code,
        rule=serving.rule(context.jurisdiction_code, context.now),
        language=context.language,
    )
    tests_off = serving.has_tests_off(context.market)
    now_ms = epoch_ms(context.now)
    return Page(served, place, now_ms, serving.policy, at, terms, tests_off), missing


def _close(terms: VariantTerms, is_closed: BoolArray) -> VariantTerms:
    return VariantTerms(
        **{name: getattr(terms, name) for name in terms.__slots__ if name != "is_open"},
        is_open=terms.is_open & ~is_closed,
    )


def _public_views(page: Page, context: QuoteContext) -> dict[int, PriceView]:
    shelf = public_views.shelf(page.served, page.place, page.now_ms)
    views = {}
    for position, variant_id in zip(page.at.tolist(), page.terms.variant_id.tolist(), strict=True):
        view = shelf.get(position)
        if view is None:
            view = make_public_view(page.book, position, page.place, page.policy, context.now)
            shelf[position] = view
        views[variant_id] = view
    return views


def _read(
    page: Page, context: QuoteContext, obstacle: str, once: ReadOnce | None = None
) -> ShopperState:
    if once is not None and obstacle in once.states:
        return once.states[obstacle]
    terms = page.terms
    if once is not None:
        at, is_there = page.book.find(once.variant_ids)
        terms = page.book.terms.take(at[is_there])
    state = read_shopper_state(
        pseudonym=context.shopper_pseudonym or "",
        place=(page.place.market, page.place.channel),
        wanted=ProfilePart(
            sums=GENERAL_FEATURES,
            category_ids=page.book.kin_of(terms.category_id),
            variant_ids=terms.variant_id.tolist(),
        ),
        now=context.now,
        obstacle=obstacle,
    )
    if once is not None:
        once.states[obstacle] = state
    return state


def _list_prices(
    page: Page, context: QuoteContext, state: ShopperState, tests_prices: bool
) -> IntArray:
    """Return the prices of a page for sorting, (m,): what `_personal_views` would show."""
    decided = decide_page(page, context, state)
    if tests_prices and shows_public(choose_price_arms(context, state), decided.held_quotes):
        return page.terms.public_minor
    return decided.decided.quoted_minor


def _personal_views(
    page: Page,
    context: QuoteContext,
    views: Mapping[int, PriceView],
    state: ShopperState,
    tests_prices: bool,
) -> tuple[dict[int, PriceView], str]:
    """Return the views of the prices that were decided for this shopper, or why there are none."""
    if state.reason:
        send_impressions(gather_impressions(page, context))
        return {}, state.reason
    decided = decide_page(page, context, state)
    _count_guards(decided.decided, decided.is_decision)
    impressions = gather_impressions(
        page, context, where=~decided.is_decision, shopper_id=state.shopper_id or 0
    )
    if not decided.is_decision.any():
        send_impressions(impressions)
        return {}, state.obstacle
    if tests_prices and _is_shown_public(context, state, decided):
        send_impressions(gather_impressions(page, context, shopper_id=state.shopper_id or 0))
        return {}, "experiment"
    return issue_quotes(
        decided=decided,
        state=state,
        book=page.book,
        place=page.place,
        policy=page.policy,
        views=views,
        context=context,
        looks=impressions,
    )


def _is_shown_public(context: QuoteContext, state: ShopperState, decided: Decided) -> bool:
    """Return whether an experiment shows public prices instead; log that the shopper's arm was
    seen, whichever it is. One statement at a shopper's first sight."""
    choices = choose_price_arms(context, state)
    log_exposures(choices, now=context.now)
    return shows_public(choices, decided.held_quotes)


def _count(views: dict[int, PriceView]) -> dict[str, int]:
    counts = {"personal": 0, "book": 0, "public": 0}
    for view in views.values():
        counts[view.rung] += 1
    return counts


def _count_guards(made: Decisions, where: BoolArray) -> None:
    actions = made.actions[where]
    if actions.any():
        for name in ACTIONS:
            hits = int(np.count_nonzero(actions & BIT[name]))
            if hits:
                guard_hits_total.labels(gate="personal", action=name).inc(hits)


def _measure(batch: QuoteBatch, seconds: float) -> None:
    for price_point, count in batch.rung_counts.items():
        if count:
            quotes_total.labels(rung=price_point).inc(count)
    if batch.fallback_reason:
        quote_fallbacks_total.labels(reason=batch.fallback_reason).inc()
    quote_seconds.labels(kind="page").observe(seconds)
