"""Membership tiers: computed when read from a year's purchases, kept for a while when lost."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier: reached with `threshold_minor` of paid products inside the window."""

    code: str
    name: str
    name_zh: str
    threshold_minor: int

    def label(self, language: str) -> str:
        """Return the tier's name in `language`."""
        return (self.name_zh or self.name) if language.startswith("zh") else self.name


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one order counts, returns taken off, and when it was paid."""

    at: datetime
    minor: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a shopper stands. `tier` None: below the lowest tier.

    `kept_until` is set while a tier is only kept by grace: from then on a lower one holds.
    `lost_at` is when the tier ends if nothing more is bought, grace included.
    """

    spend_minor: int
    tier: Tier | None
    kept_until: datetime | None
    lost_at: datetime | None
    next_tier: Tier | None
    missing_minor: int

    @property
    def progress(self) -> float:
        """Return the way to the next tier, 0 to 1; 1 at the top."""
        if self.next_tier is None:
            return 1.0
        whole = self.next_tier.threshold_minor
        return min(1.0, self.spend_minor / whole) if whole else 1.0


def find_standing(
    purchases: Sequence[Purchase],
    tiers: Sequence[Tier],
    *,
    now: datetime,
    window: timedelta,
    grace: timedelta,
) -> Standing:
    """Return the standing at `now`; the order of `purchases` and `tiers` does not matter.

    spend(t) = sum of purchases with t - window < at <= t. The tier is the highest whose threshold
    was reached at some t in (now - grace, now]: who falls below keeps it for `grace`.

    >>> from datetime import UTC
    >>> day = timedelta(days=1)
    >>> now, gold = datetime(2026, 1, 1, tzinfo=UTC), Tier("gold", "Gold", "", 500)
    >>> bought = [Purchase(now - 370 * day, 600)]
    >>> kept = find_standing(bought, [gold], now=now, window=365 * day, grace=60 * day)
    >>> kept.spend_minor, kept.tier.code, (kept.kept_until - now).days
    (0, 'gold', 55)
    """
    ladder = sorted(tiers, key=lambda tier: (tier.threshold_minor, tier.code))
    past = _Past([each for each in purchases if each.at <= now], window)
    spend = past.spend_at(now)
    held, kept_until = _reached(ladder, spend), None
    for drop in reversed(past.drops):
        if now - grace < drop <= now:
            before = _reached(ladder, past.spend_before(drop))
            if _rank(ladder, before) > _rank(ladder, held):
                held, kept_until = before, drop + grace
    above = [tier for tier in ladder if _rank(ladder, tier) > _rank(ladder, held)]
    following = above[0] if above else None
    return Standing(
        spend_minor=spend,
        tier=held,
        kept_until=kept_until,
        lost_at=kept_until or _find_loss(past, held, now, grace),
        next_tier=following,
        missing_minor=max(0, following.threshold_minor - spend) if following else 0,
    )


class _Past:
    """Purchases up to now, as running sums: a spend at any moment costs two look-ups."""

    def __init__(self, purchases: Sequence[Purchase], window: timedelta) -> None:
        ordered = sorted(purchases, key=lambda each: each.at)
        self.at = [each.at for each in ordered]
        self.sums = [0, *accumulate(each.minor for each in ordered)]
        self.window = window
        self.drops = [at + window for at in dict.fromkeys(self.at)]

    def spend_at(self, at: datetime) -> int:
        """Return the sum of purchases in (at - window, at]."""
        until, since = bisect_right(self.at, at), bisect_right(self.at, at - self.window)
        return self.sums[until] - self.sums[since]

    def spend_before(self, at: datetime) -> int:
        """Return the spend in the last moment before `at`."""
        until, since = bisect_left(self.at, at), bisect_left(self.at, at - self.window)
        return self.sums[until] - self.sums[since]


def _find_loss(past: _Past, held: Tier | None, now: datetime, grace: timedelta) -> datetime | None:
    if held is None or held.threshold_minor <= 0:
        return None
    for drop in past.drops:
        if drop > now and past.spend_at(drop) < held.threshold_minor:
            return drop + grace
    return None


def _reached(ladder: Sequence[Tier], spend_minor: int) -> Tier | None:
    reached = [tier for tier in ladder if tier.threshold_minor <= spend_minor]
    return reached[-1] if reached else None


def _rank(ladder: Sequence[Tier], tier: Tier | None) -> int:
    return -1 if tier is None else ladder.index(tier)


# The identity key is written down here. Two shoppers count as one household when any key of one
# is a key of the other: the e-mail address without case, tag and Gmail's dots; the phone's last
# nine digits; the delivery address (first line and postcode, letters and digits only). Keys are
# kept as keyed hashes only, and forgotten with the shopper.

DOTLESS_HOSTS = frozenset({"gmail.com", "googlemail.com"})
SHORTEST_PHONE = 7


def list_identity_keys(
    *, email: str = "", phone: str = "", line1: str = "", postcode: str = ""
) -> tuple[str, ...]:
    """Return the plain keys of a contact, sorted; what is empty gives no key.

    >>> list_identity_keys(email="A.Lice+shop@GMail.com", phone="+1 (212) 555-0134")
    ('email:alice@gmail.com', 'phone:125550134')
    >>> list_identity_keys(line1="12 High St.", postcode="10001")
    ('address:12highst|10001',)
    """
    keys = []
    if "@" in email:
        keys.append(f"email:{_canonical_email(email)}")
    digits = re.sub(r"\D", "", phone)
    if len(digits) >= SHORTEST_PHONE:
        keys.append(f"phone:{digits[-9:]}")
    if line1.strip() and postcode.strip():
        keys.append(f"address:{_letters(line1)}|{_letters(postcode)}")
    return tuple(sorted(keys))


def judge_invitation(
    *, referrer_id: int, invited_id: int, inviters: Mapping[int, int], has_ordered: bool
) -> str:
    """Return why an invitation does not count, or "".

    `inviters` maps who was invited to who invited them: a chain that leads from the referrer back
    to the invited is a loop. Reasons: own_code, not_new, loop.

    >>> judge_invitation(referrer_id=1, invited_id=2, inviters={1: 3, 3: 2}, has_ordered=False)
    'loop'
    """
    if referrer_id == invited_id:
        return "own_code"
    if has_ordered:
        return "not_new"
    seen, at = set(), referrer_id
    while at in inviters and at not in seen:
        seen.add(at)
        at = inviters[at]
        if at == invited_id:
            return "loop"
    return ""


def judge_reward(
    *, invited_keys: Collection[str], referrer_keys: Collection[str], rewarded: int, cap: int
) -> str:
    """Return why a referrer gets nothing for an order, or "". Reasons: same_household, cap.

    >>> judge_reward(invited_keys={"a"}, referrer_keys={"a", "b"}, rewarded=0, cap=5)
    'same_household'
    """
    if not set(invited_keys).isdisjoint(referrer_keys):
        return "same_household"
    return "cap_reached" if rewarded >= cap else ""


def _canonical_email(email: str) -> str:
    name, _, host = email.strip().lower().rpartition("@")
    name = name.partition("+")[0]
    if host in DOTLESS_HOSTS:
        name, host = name.replace(".", ""), "gmail.com"
    return f"{name}@{host}"


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())
