"""Why a model may not take the slot, in the reader's language."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

type Text = str | Promise

# What the leaderboard says (English, with its figures) -> our sentence with the same figures.
SENTENCES: tuple[tuple[str, Text], ...] = (
    (
        r"no randomi[sz]ed prices to compare its elasticities with",
        gettext_lazy("no randomized prices to compare its elasticities with"),
    ),
    (
        r"its elasticities are (?P<own>\S+) from the \S+ ones, the champion's (?P<other>\S+)",
        gettext_lazy(
            "its elasticities are %(own)s from the randomized ones, the champion's %(other)s"
        ),
    ),
    (
        r"(?P<own>\S+) of its elasticities are not negative",
        gettext_lazy("%(own)s of its elasticities are not negative"),
    ),
    (
        r"its calibration error is (?P<own>\S+), the champion's (?P<other>\S+)",
        gettext_lazy("its calibration error is %(own)s, the champion's %(other)s"),
    ),
    (r"its 90 % intervals hold (?P<own>\S+)", gettext_lazy("its 90 %% intervals hold %(own)s")),
    (
        r"an elasticity is not a positive number",
        gettext_lazy("an elasticity is not a positive number"),
    ),
    (
        r"more than a quarter of the elasticities have the wrong sign",
        gettext_lazy("more than a quarter of the elasticities have the wrong sign"),
    ),
    (
        r"the forecast of the held-out weeks is worse than useless",
        gettext_lazy("the forecast of the held-out weeks is worse than useless"),
    ),
)


def say_verdict(reason: str) -> str:
    """Return a reason in the reader's language; an unknown one as it is."""
    for pattern, sentence in SENTENCES:
        found = re.fullmatch(pattern, reason)
        if found is not None:
            return str(sentence) % found.groupdict() if "%" in str(sentence) else str(sentence)
    return reason
