"""Why: the largest columns of a score, and the largest meanings, as an answer tells them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from serving.schemas.values import finite
from training.reasons.meanings import meaning_of_part
from training.risk_model import RiskModel

TOP_REASONS = 5

Float64s = npt.NDArray[np.float64]


class Explainer:
    """Tells contributions of one row, those before the base in the order of the model's reasons.

    Parameters
    ----------
    model : RiskModel
    place : mapping of str to int
        Column to its place in a row of values.
    meaning : mapping of str to str
        Column to what it means.
    """

    def __init__(
        self, model: RiskModel, place: Mapping[str, int], meaning: Mapping[str, str]
    ) -> None:
        self._model = model
        self._column = place
        self._meaning = meaning

    def columns(self, parts: Float64s, values: Float64s, log_odds: float) -> dict[str, Any]:
        """Name the largest parts and put all others into one number, so that they add up."""
        own = parts[:-1]
        largest = np.argsort(-np.abs(own), kind="stable")[:TOP_REASONS].tolist()
        reasons = [self._reason(place, parts, values) for place in largest if own[place] != 0]
        named = sum(reason["contribution"] for reason in reasons)
        return {"reasons": reasons, "other_log_odds": log_odds - (float(parts[-1]) + named)}

    def groups(self, parts: Float64s, values: Float64s, log_odds: float) -> dict[str, Any]:
        """Say the largest meanings, and put all others into one number."""
        largest = self._model.grouping.largest(parts[:-1])
        groups = [
            {
                "meaning": group.meaning.name,
                "sentence": group.sentence,
                "contribution": group.contribution,
                "columns": [self._column_reason(place, parts, values) for place in group.columns],
            }
            for group in largest
        ]
        named = sum(group.contribution for group in largest)
        return {"groups": groups, "other_groups_log_odds": log_odds - (float(parts[-1]) + named)}

    def _reason(self, place: int, parts: Float64s, values: Float64s) -> dict[str, Any]:
        name = self._model.reasons[place]
        column = self._column.get(name)
        return {
            "feature": name,
            "meaning": self._meaning.get(name) or meaning_of_part(name).says,
            "value": None if column is None else finite(float(values[column])),
            "contribution": float(parts[place]),
        }

    def _column_reason(self, place: int, parts: Float64s, values: Float64s) -> dict[str, Any]:
        reason = self._reason(place, parts, values)
        value = reason["value"]
        known = None if value is None else self._model.percentiles.of(reason["feature"], value)
        return {**reason, "percentile": known}
