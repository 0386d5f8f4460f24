"""Referral: who may be rewarded for whom, and by what two shoppers are known to be one.

The identity key is written down here. Two shoppers count as one household when any key of one is
a key of the other: the e-mail address without case, tag and Gmail's dots; the phone's last nine
digits; the delivery address (first line and postcode, letters and digits only). Keys are kept as
keyed hashes only, and forgotten with the shopper.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

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
