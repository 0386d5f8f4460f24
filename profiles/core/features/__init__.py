"""One definition of features: additive sums with forward decay, online and in batch."""

from profiles.core.features.registry import FEATURES, Feature, UnknownFeature, check_registry

__all__ = ["FEATURES", "Feature", "UnknownFeature", "check_registry"]
