"""The version on trial and the one that a rollback put back: what serving lays over the books."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from pricing.demand.core.served import ServedDemand
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import UntrustedModel, load_model
from pricing.learning.core.taught import find_learned
from pricing.learning.models.learning import ModelChange, ModelRamp, RampStep
from pricing.learning.selectors.evidence import UntrustedEvidence, lay_evidence
from pricing.learning.selectors.impression_fits import UntrustedImpressions
from pricing.optimum.core.batch import Book
from profiles.lots import Purpose, is_in_share
from shop.ground.kernel.clock import epoch_ms

logger = logging.getLogger(__name__)

# What says that trial or rollback changed, as part of the one small query of serving.
TRIAL_NOTICE = """
    (SELECT coalesce(max(id), 0) FROM pricing_rampstep),
    (SELECT coalesce(max(id), 0) FROM pricing_modelramp WHERE ended_at IS NULL),
    (SELECT coalesce(max(id), 0) FROM pricing_modelchange WHERE kind = 'rolled_back'),
    (SELECT coalesce(max(id), 0) FROM pricing_demandmodelversion WHERE status = 'active')
"""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A version that quotes a share of the shoppers: always the same ones, by a sticky hash."""

    model_version: int
    salt: str
    share: float

    def has(self, pseudonym: str) -> bool:
        """Return whether a shopper is quoted by the version on trial.

        Whoever is in a share is in every larger one.
        """
        return is_in_share(pseudonym, self.share, Purpose.TRIAL, self.salt)


def load_rollout() -> Rollout | None:
    """Return the open trial if it quotes anybody; in the shadow it does not. Two queries."""
    ramp = ModelRamp.objects.filter(ended_at__isnull=True).first()
    if ramp is None:
        return None
    share = RampStep.objects.filter(ramp=ramp).values_list("share", flat=True).first() or 0.0
    return Rollout(ramp.model_id, ramp.salt, share) if share > 0.0 else None


def find_stand_in() -> int | None:
    """Return the version that a rollback put back into use, if it still is. Two queries.

    Books made by the version before it go on with the elasticities of this one until the next
    book: a rollback is quicker than pricing everything anew.
    """
    newest = ModelChange.objects.exclude(kind__startswith="ramp").order_by("-id").first()
    if newest is None or newest.kind != ModelChange.Kind.ROLLED_BACK:
        return None
    status = DemandModelVersion.Status.ACTIVE
    is_active = DemandModelVersion.objects.filter(pk=newest.model_id, status=status).exists()
    return newest.model_id if is_active else None


def lay_model(book: Book, model_version: int, place: tuple[str, str]) -> Book | None:
    """Return `book` with the elasticities and weights of another version; public prices stay.

    So does the mean of 1 + z that they were made with: it divides these elasticities too. None, and
    a line in the log, if its arrays are not what was stored. Four queries.
    """
    try:
        served = load_tried(model_version, place)
    except (
        UntrustedModel,
        UntrustedEvidence,
        UntrustedImpressions,
        DemandModelVersion.DoesNotExist,
    ):
        logger.exception("model %s cannot be laid over price book %s", model_version, book.version)
        return None
    category = book.terms.category_id.tolist()
    family = np.array([book.family_of.get(one, one) for one in category], dtype=np.int64)
    mean, sd, _ = served.elasticities(book.terms.variant_id, family)
    is_number = np.isfinite(mean) & np.isfinite(sd) & (mean > 0.0)
    trained = DemandModelVersion.objects.values_list("trained_at", flat=True).get(pk=model_version)
    return replace(
        book,
        model_version=model_version,
        learned_ms=find_learned(epoch_ms(trained), served),
        weights=served.weights,
        terms=replace(
            book.terms,
            elasticity=np.where(is_number, mean / book.sensitivity_mean, 1.0),
            elasticity_sd=np.where(is_number, sd / book.sensitivity_mean, 0.0),
            is_open=book.terms.is_open & is_number,
        ),
    )


def load_tried(model_version: int, place: tuple[str, str]) -> ServedDemand:
    """Return any model version with what impressions and outcomes at a place say on top. Three
    queries.

    Raises DemandModelVersion.DoesNotExist, UntrustedModel, UntrustedEvidence, UntrustedImpressions.
    """
    return lay_evidence(model_version, load_model(model_version), place)
