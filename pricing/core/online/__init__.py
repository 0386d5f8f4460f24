"""What outcomes say about elasticities, minute by minute, on top of the model of the night.

>>> from pricing.core.online import Evidence, Sightings, take_in
>>> from pricing.core.demand.served import example_served
>>> served, seen = example_served(), Sightings.of_one(variant_id=7, family_id=1, log_ratio=-0.1)
>>> evidence, report = take_in(Evidence.nothing(), seen, served)
>>> report.exposures, report.purchases, evidence.variant_id.tolist()
(1, 0, [7])
"""

from pricing.core.online.delays import Delays
from pricing.core.online.evidence import Evidence
from pricing.core.online.learned import LearnedDemand, learn_from
from pricing.core.online.looked import Looked, LookedDemand, believe, stand_beside
from pricing.core.online.sightings import Sightings
from pricing.core.online.updating import Report, look_ahead, take_in

__all__ = [
    "Delays",
    "Evidence",
    "LearnedDemand",
    "Looked",
    "LookedDemand",
    "Report",
    "Sightings",
    "believe",
    "learn_from",
    "look_ahead",
    "stand_beside",
    "take_in",
]
