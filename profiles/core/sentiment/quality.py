"""How well a sentiment model tells glad from sorry on texts it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score


@dataclass(frozen=True, slots=True)
class SentimentQuality:
    """Area under the ROC curve, share told right, and log-loss, on `count` held-out texts."""

    count: int
    auc: float
    accuracy: float
    log_loss: float


def judge_sentiment(
    is_positive: NDArray[np.bool_], probability: NDArray[np.float64]
) -> SentimentQuality:
    """Return the quality of `probability` (n,) of being glad against the truth (n,).

    >>> judge_sentiment(np.array([True, False]), np.array([0.9, 0.2])).accuracy
    1.0
    """
    return SentimentQuality(
        count=len(is_positive),
        auc=float(roc_auc_score(is_positive, probability)),
        accuracy=float(accuracy_score(is_positive, probability > 0.5)),
        log_loss=float(log_loss(is_positive, probability, labels=[False, True])),
    )
