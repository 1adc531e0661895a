"""What MLflow calls to load a logged model: ``loader_module="training.pyfunc"``.

The logged data is a model folder, checked as :meth:`training.risk_model.RiskModel.load` does;
there is no pickle in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.spine import check_spine
from features.guests import all_views
from features.ledger import Ledger
from features.sources.files import read_labels
from training.risk_model import ModelError, RiskModel


class PyfuncModel:
    """A risk model behind MLflow's ``predict(frame, params)``."""

    def __init__(self, model: RiskModel) -> None:
        self.model = model

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> NDArray[np.float64]:
        """Return P(illicit), float64 (n,).

        Parameters
        ----------
        model_input
            For tabular kinds a feature table; for graph networks (n, 2) columns ``wallet``,
            ``as_of``.
        params
            For graph networks ``{"ledger": folder, "labels": file}``, the second where the model
            was trained with labels.

        Raises
        ------
        ModelError
            If a graph network is not told its ledger, or columns are missing.
        """
        if self.model.estimator.reads == "table":
            return self.model.predict_proba(model_input)
        ledger = (params or {}).get("ledger")
        if not ledger:
            raise ModelError(
                f"a {self.model.kind} model reads neighbourhoods: "
                'predict(frame of wallet and as_of, params={"ledger": path of a ledger folder})'
            )
        missing = {"wallet", "as_of"} - set(model_input.columns)
        if missing:
            raise ModelError(f"a {self.model.kind} model needs columns {sorted(missing)}")
        spine = check_spine(model_input[["wallet", "as_of"]])
        known = (params or {}).get("labels")
        labels = read_labels(Path(known)) if known else None
        scores = self.model.score(Ledger.open(ledger), spine, labels=labels)
        return scores["probability"].to_numpy()


def _load_pyfunc(path: str) -> PyfuncModel:
    return PyfuncModel(RiskModel.load(path, views=all_views()))
