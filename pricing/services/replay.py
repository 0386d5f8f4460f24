"""Make a stored decision again from its stored inputs and the versions it names."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from pricing.core.record import replay_record
from pricing.selectors.quotes import load_row
from pricing.selectors.rules import load_policy
from pricing.selectors.versions import load_weights
from shop.kernel.errors import FairtagError


class NotReplayable(FairtagError):
    """The quote is a public price, or its decision never reached the table."""

    code = "not_replayable"


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision made again: identical or not, and where it differs."""

    quote_id: UUID
    is_identical: bool
    stored_minor: int
    replayed_minor: int
    differences: tuple[str, ...]


def replay_quote(*, quote_id: UUID) -> Replay:
    """Decide quote `quote_id` again and compare every stored value bit for bit. Writes nothing.

    At most three queries. Raises QuoteNotFound, NotReplayable.
    """
    row = load_row(quote_id)
    if not row["inputs"]:
        raise NotReplayable("This is a price for everybody: there was nothing to decide.")
    try:
        policy = load_policy(row["policy_version"])
        weights = load_weights(row["model_version"])
    except ObjectDoesNotExist as error:
        raise NotReplayable("A version this quote names is no longer stored.") from error
    outcome = replay_record(row, weights, policy)
    return Replay(
        quote_id=quote_id,
        is_identical=not outcome.differences,
        stored_minor=row["quoted_minor"],
        replayed_minor=outcome.quoted_minor,
        differences=outcome.differences,
    )
