"""Named features of shoppers, whatever they are, as columns of a bounded matrix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray
from pricing.core.learning.contract import FeatureArray

SETTLED = 500  # values after which a feature's centre and scale stay as they are
MAX_LEVELS = 24  # levels of one feature that get a column; rarer, later ones count as average
MAX_CODES = 6  # whole numbers of so few values may be codes, not amounts
MAX_COLUMNS = 96
CLIP = 3.5
NUMBER, UNKNOWN = "\x00number", "\x00unknown"


class FeatureEncoder:
    """Turn named features into columns: numbers standardised, strings one-hot.

    Centre and scale run until SETTLED values were seen, then stay, so that a coefficient keeps its
    meaning. Numbers that look like codes (few whole values) get both a slope and levels. Unknown
    values (NaN, None) sit at the average and set a column of their own. Columns are only ever
    appended.

    >>> encoder = FeatureEncoder()
    >>> encoder.learn({"age": np.array([1.0, 3.0]), "channel": np.array(["app", "web"])}, 2)
    >>> encoder.encode({"age": np.array([3.0, np.nan]), "channel": np.array(["app", "tv"])}, 2)
    array([[1., 1., 0.],
           [0., 0., 0.]])
    """

    def __init__(self) -> None:
        """Start without features."""
        self.names: list[str] = []
        self.columns: list[tuple[int, str]] = []  # feature, level (or NUMBER)
        self.moments = np.zeros((0, 3))  # per feature: count, mean, sum of squared deviations
        self._position: dict[tuple[int, str], int] = {}

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def copy(self) -> FeatureEncoder:
        """Return an encoder that learns apart from this one."""
        return FeatureEncoder.from_arrays(self.to_arrays())

    def is_settled(self) -> bool:
        """Whether every feature's centre and scale are final."""
        return bool(np.all(self.moments[:, 0] >= SETTLED))

    def feature_of_columns(self) -> list[int]:
        """Return the number of the feature behind each column."""
        return [feature for feature, _ in self.columns]

    def scales(self) -> tuple[FloatArray, FloatArray]:
        """Return centre and scale of each column, (width,); 0 and 1 for levels."""
        centre, scale = np.zeros(self.width), np.ones(self.width)
        for column, (feature, level) in enumerate(self.columns):
            count, mean, spread = self.moments[feature]
            if level == NUMBER and count:
                centre[column] = mean
                scale[column] = np.sqrt(spread / count) or 1.0
        return centre, scale

    def learn(self, features: Mapping[str, FeatureArray], shoppers: int) -> None:
        """Take in the values of `shoppers` shoppers: new features, new levels, moments."""
        if not shoppers:
            return
        for name, values in features.items():
            if name not in self.names:
                self.names.append(name)
                self.moments = np.vstack([self.moments, np.zeros(3)])
            feature = self.names.index(name)
            numbers = as_numbers(values)
            if numbers is None:
                self._learn_levels(feature, as_texts(values))
            else:
                self._learn_numbers(feature, numbers)

    def encode(self, features: Mapping[str, FeatureArray], shoppers: int) -> FloatArray:
        """Return the columns of `shoppers` shoppers, (n, width); unseen features count as 0."""
        encoded = np.zeros((shoppers, self.width))
        for name, values in features.items():
            if name not in self.names or not shoppers:
                continue
            feature = self.names.index(name)
            numbers = as_numbers(values)
            if numbers is None:
                self._set_levels(encoded, feature, as_texts(values))
            else:
                self._set_numbers(encoded, feature, numbers)
        return encoded

    def _learn_levels(self, feature: int, texts: FeatureArray) -> None:
        self.moments[feature, 0] += len(texts)
        for level in np.unique(texts).tolist():
            self._add_column(feature, level)

    def _learn_numbers(self, feature: int, numbers: FloatArray) -> None:
        is_known = np.isfinite(numbers)
        self._add_column(feature, NUMBER)
        if not is_known.all():
            self._add_column(feature, UNKNOWN)
        known = numbers[is_known]
        count, mean, spread = self.moments[feature]
        if count >= SETTLED or not len(known):
            return
        total = count + len(known)
        gap = known.mean() - mean
        spread += float(((known - known.mean()) ** 2).sum()) + gap**2 * count * len(known) / total
        self.moments[feature] = (total, mean + gap * len(known) / total, spread)
        codes = np.unique(known)
        if total >= SETTLED and 2 < len(codes) <= MAX_CODES and np.all(codes == np.rint(codes)):
            for code in codes:
                self._add_column(feature, str(int(code)))

    def _add_column(self, feature: int, level: str) -> None:
        if (feature, level) in self._position or self.width >= MAX_COLUMNS:
            return
        if sum(1 for owner, _ in self.columns if owner == feature) > MAX_LEVELS:
            return
        self._position[feature, level] = self.width
        self.columns.append((feature, level))

    def _set_levels(self, encoded: FloatArray, feature: int, texts: FeatureArray) -> None:
        levels, where = np.unique(texts, return_inverse=True)
        for at, level in enumerate(levels.tolist()):
            column = self._position.get((feature, level))
            if column is not None:
                encoded[where == at, column] = 1.0

    def _set_numbers(self, encoded: FloatArray, feature: int, numbers: FloatArray) -> None:
        is_known: BoolArray = np.isfinite(numbers)
        count, mean, spread = self.moments[feature]
        scale = np.sqrt(spread / count) if count else 0.0
        if scale > 0 and (feature, NUMBER) in self._position:
            standard = np.clip((numbers - mean) / scale, -CLIP, CLIP)
            encoded[is_known, self._position[feature, NUMBER]] = standard[is_known]
        for (owner, level), column in self._position.items():
            if owner == feature and level == UNKNOWN:
                encoded[~is_known, column] = 1.0
            elif owner == feature and level != NUMBER and level.lstrip("-").isdigit():
                encoded[numbers == float(level), column] = 1.0

    def to_arrays(self) -> dict[str, FeatureArray]:
        """Return everything learned as plain arrays."""
        return {
            "names": np.array(self.names, dtype=np.str_),
            "moments": self.moments.copy(),
            "column_features": np.array(self.feature_of_columns(), dtype=np.int64),
            "column_levels": np.array([f"{level}|" for _, level in self.columns], dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FeatureArray]) -> FeatureEncoder:
        """Return the encoder that `to_arrays` described."""
        encoder = cls()
        encoder.names = [str(name) for name in arrays["names"]]
        encoder.moments = np.array(arrays["moments"], dtype=float).reshape(-1, 3)
        levels = [str(level)[:-1] for level in arrays["column_levels"]]
        features = [int(feature) for feature in arrays["column_features"]]
        encoder.columns = list(zip(features, levels, strict=True))
        encoder._position = {column: at for at, column in enumerate(encoder.columns)}
        return encoder


def as_numbers(values: FeatureArray) -> FloatArray | None:
    """Return numeric values as floats (infinite = unknown), or None where they are texts.

    >>> as_numbers(np.array([1, None], dtype=object)), as_numbers(np.array(["a"])) is None
    (array([ 1., nan]), True)
    """
    if values.dtype.kind in "biuf":
        numbers = values.astype(float)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    if values.dtype.kind == "O" and not any(isinstance(value, str) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    return None


def as_texts(values: FeatureArray) -> FeatureArray:
    """Return textual values; None becomes the level "unknown".

    >>> as_texts(np.array(["a", None], dtype=object)).tolist() == ["a", UNKNOWN]
    True
    """
    if values.dtype.kind == "U":
        return values
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    return np.array([UNKNOWN if value is None else str(value) for value in values], dtype=np.str_)
