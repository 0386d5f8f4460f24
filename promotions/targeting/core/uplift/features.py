"""Allow-list of the features of uplift models. Every other feature is refused.

Never: age, sex, ethnicity, religion, health, disability, union, orientation, family, income, job,
education, exact place, name, device, operating system, browser, referrer, battery, language, nor
anything inferred of these. Every name but `goods_affinity` and `given_before` is one that
`profiles.features.core` registers, with its purpose, source and sensitivity; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Frame = Mapping[str, ArrayLike]

ALLOWED: Mapping[str, str] = {
    "activity": "recent visits",
    "cart_adds": "recent additions to the cart",
    "purchases": "lines bought lately",
    "orders": "orders lately",
    "spend": "amount spent lately",
    "discounted": "lines bought on offer lately",
    "offer_clicks": "offers opened lately",
    "recency": "how lately the shopper was here",
    "tenure_days": "days since the first event",
    "goods_affinity": "interest in the goods the campaign is about",
    "given_before": "personal offers given in the last weeks",
}


class FeatureRefused(ValueError):
    """A feature that an uplift model may not use, or one that is missing."""


def require_allowed(names: Sequence[str]) -> None:
    """Raise FeatureRefused unless every name is on the allow-list.

    >>> require_allowed(["spend", "income"])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    FeatureRefused: 'income' may not decide who gets an offer
    """
    for name in names:
        if name not in ALLOWED:
            raise FeatureRefused(f"{name!r} may not decide who gets an offer")


def read_frame(frame: Frame, names: Sequence[str]) -> FloatArray:
    """Return the columns `names` of `frame` side by side, (n, len(names)), all finite.

    >>> read_frame({"spend": [1, 2], "orders": [0, 1]}, ["orders", "spend"]).tolist()
    [[0.0, 1.0], [1.0, 2.0]]
    """
    require_allowed(list(frame))
    missing = sorted(set(names) - set(frame))
    if missing:
        raise FeatureRefused(f"the model needs {', '.join(missing)}")
    found = np.column_stack([np.asarray(frame[name], dtype=float) for name in names])
    if not np.isfinite(found).all():
        raise FeatureRefused("a feature holds something that is no number")
    return found
