"""The door of `recommend`, the only module of it that others import.

What to show whom.
"""

from profiles.recommend.selectors import (
    get_similarity_model,
    list_bought_together,
    recommend_variants,
)
from profiles.recommend.services import refit_recommender

__all__ = [
    "get_similarity_model",
    "list_bought_together",
    "recommend_variants",
    "refit_recommender",
]
