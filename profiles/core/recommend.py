"""Which variants to show a shopper: what they keep buying, what goes with it, what is popular."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import cycle

from profiles.core.values import Recommendation

# Groceries are bought again and again: two known ones for each new one.
PATTERN = ("familiar", "familiar", "goes_with")


def blend(
    *,
    interests: Mapping[int, float],
    together: Mapping[int, float],
    popular: Iterable[int],
    allowed: Container[int],
    exclude: Container[int],
    limit: int,
    pattern: Sequence[str] = PATTERN,
) -> list[Recommendation]:
    """Return up to `limit` recommendations, best first, each variant once.

    `interests` are decayed sums by variant (recency-weighted frequency), `together` the scores of
    a similarity model, `popular` ids in order. Known and new variants alternate by `pattern`; when
    one kind runs out the other goes on, and popular ones fill what is left. Scores fall evenly
    from 1 and only order the list.

    >>> [r.variant_id for r in blend(
    ...     interests={1: 5.0, 2: 3.0, 3: 1.0}, together={8: 0.4, 1: 0.9}, popular=[9, 1],
    ...     allowed={1, 2, 3, 8, 9}, exclude={3}, limit=4,
    ... )]
    [1, 2, 8, 9]
    """

    def usable(ids: Iterable[int]) -> Iterator[int]:
        return (key for key in ids if key in allowed and key not in exclude)

    queues = {
        "familiar": usable(_ranked(interests)),
        "goes_with": usable(key for key in _ranked(together) if key not in interests),
    }
    chosen: dict[int, str] = {}
    # A kind that the pattern leaves out comes after those it names: lists are never cut short.
    for reason in cycle([*pattern, *(kind for kind in queues if kind not in pattern)]):
        if len(chosen) >= limit or not queues:
            break
        if reason not in queues:
            continue
        variant = next((key for key in queues[reason] if key not in chosen), None)
        if variant is None:
            del queues[reason]
        else:
            chosen[variant] = reason
    for variant in usable(popular):
        if len(chosen) >= limit:
            break
        chosen.setdefault(variant, "popular")
    return _scored(list(chosen.items()))


def _ranked(scores: Mapping[int, float]) -> list[int]:
    """Return the ids by falling score, ties by id, so that the order never flickers.

    Nine digits count: the last bits of a sum depend on the order in which it was added up.
    """
    return sorted(scores, key=lambda key: (-float(f"{scores[key]:.9g}"), key))


def _scored(chosen: Sequence[tuple[int, str]]) -> list[Recommendation]:
    count = len(chosen)
    return [
        Recommendation(variant_id=variant, score=(count - at) / count, reason=reason)
        for at, (variant, reason) in enumerate(chosen)
    ]
