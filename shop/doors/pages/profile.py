"""Profile of the shopper for rankings: with consent, or none."""

from __future__ import annotations

from profiles.segments.api import OnlineUnavailable, read_online_profiles, read_taste
from profiles.values import FeatureRow, OnlineProfile, Participant
from shop.doors.pages.context import PageContext


def find_profile(ctx: PageContext) -> OnlineProfile | None:
    """Return the online profile, or None for a stranger, under Sec-GPC, and without Redis."""
    if ctx.shopper_pseudonym is None or ctx.gpc:
        return None
    try:
        found = read_online_profiles([ctx.shopper_pseudonym], ctx.now)
    except OnlineUnavailable:
        return None
    return found.get(ctx.shopper_pseudonym)


def find_taste(ctx: PageContext) -> OnlineProfile | None:
    """Return which goods a shopper likes, or None as `find_profile` does."""
    if ctx.shopper_pseudonym is None or ctx.gpc:
        return None
    try:
        return read_taste(ctx.shopper_pseudonym, ctx.now)
    except OnlineUnavailable:
        return None


def find_participant(ctx: PageContext, profile: OnlineProfile | None) -> Participant | None:
    """Return who takes part in experiments; None for who does not count, or whom nobody knows."""
    if not ctx.is_counted or profile is None or profile.shopper_id is None:
        return None
    if profile.consents is None:
        return None
    return Participant(
        shopper_id=profile.shopper_id,
        pseudonym=profile.pseudonym,
        consents=profile.consents,
        market_code=ctx.market,
        is_member=ctx.account_id is not None,
    )


def find_ranking_row(profile: OnlineProfile | None) -> FeatureRow | None:
    """Return the features a ranking may use: only with consent, and only when there are some."""
    if profile is None or profile.consents is None or not profile.consents.recommendations:
        return None
    row = profile.feature_row
    return row if row is not None and row.category_affinity else None
