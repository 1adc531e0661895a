"""What MLflow calls to load a logged model: ``loader_module="training.pyfunc"``.

The logged data is a model folder, checked as :meth:`training.risk_model.RiskModel.load` does;
there is no pickle in it. The code is logged beside it; see :mod:`training.running_code`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from features.contracts.spine import check_spine
from features.guests import all_views
from features.ledger import Ledger
from features.sources.files import read_labels
from training.risk_model import ModelError, RiskModel
from training.running_code import CODE, check_code


class PyfuncModel:
    """A risk model behind MLflow's ``predict(frame, params)``."""

    def __init__(self, model: RiskModel) -> None:
        self.model = model

    def predict(
        self, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Say of n rows what ``score``, the command line and the endpoint say of the same wallets.

        Parameters
        ----------
        model_input
            For tabular kinds a feature table, with the counts of coverage; for graph networks
            (n, 2) columns ``wallet``, ``as_of``.
        params
            For graph networks ``{"ledger": folder, "labels": file}``, the second where the model
            was trained with labels.

        Returns
        -------
        DataFrame
            Index of the input; ``probability`` and ``status``; for graph networks what is said
            beside a score, see :mod:`training.beside` (a row of a table has no wallet). A row that
            is not scored (fewer than ``min_transfers``, or nulls only) has the base rate as its
            probability.

        Raises
        ------
        ModelError
            If a graph network is not told its ledger, or columns are missing.
        """
        if self.model.estimator.reads == "table":
            return self.model.score_table(model_input)
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
        return scores.set_axis(model_input.index)


def _load_pyfunc(path: str) -> PyfuncModel:
    check_code(Path(path).parents[1] / CODE)
    return PyfuncModel(RiskModel.load(path, views=all_views()))
