"""The model as MLflow reads it from code: a table in, the probabilities out."""

from typing import Any

import mlflow.pyfunc
import numpy as np
import numpy.typing as npt
import pandas as pd

from training import RiskModel


class Probability(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]
    """The saved risk model behind MLflow's own interface."""

    def load_context(self, context: Any) -> None:
        """Load the folder that was logged."""
        self._model = RiskModel.load(context.artifacts["model"])

    def predict(self, context: Any, model_input: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the probability of each row."""
        return self._model.predict_proba(model_input)


mlflow.models.set_model(Probability())
