"""What a model's scores are made of, by its own exact contributions; nothing else explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.evaluation import table_inputs
from training.plots import BLUE, GREY, new_figure
from training.risk_model import RiskModel
from training.table_columns import model_columns

if TYPE_CHECKING:
    from features.ledger import Ledger

MOST_ROWS, MOST_CELLS, FEWEST_ROWS = 500, 200_000, 50
BARS, LINES = 20, 15


class Contributions(NamedTuple):
    """Additive parts of the log-odds of n rows, against a typical wallet.

    Attributes
    ----------
    parts
        (n, reasons), log-odds; without the base.
    values
        (n, reasons), the columns they are of; None where reasons are no columns.
    """

    parts: pd.DataFrame
    values: pd.DataFrame | None

    @property
    def importances(self) -> pd.DataFrame:
        """A row a reason, largest first: ``mean_absolute`` and ``mean``, log-odds."""
        found = {"mean_absolute": self.parts.abs().mean(), "mean": self.parts.mean()}
        return pd.DataFrame(found).sort_values("mean_absolute", ascending=False, kind="stable")


def contributions_of(
    model: RiskModel,
    table: pd.DataFrame,
    ledger: Ledger | None,
    known: pd.DataFrame | None = None,
    *,
    seed: int,
) -> Contributions:
    """Take the scores of a sample of rows apart.

    Parameters
    ----------
    model
        Any kind.
    table
        Feature table of the rows to draw from.
    ledger, known
        For kinds that read neighbourhoods, and labels in them.
    seed
        Of the draw: 500 rows, fewer of a table of many columns.
    """
    most = max(FEWEST_ROWS, min(MOST_ROWS, MOST_CELLS // len(model.feature_names)))
    if len(table) > most:
        chosen = np.random.default_rng(seed).choice(len(table), most, replace=False)
        table = table.iloc[np.sort(chosen)]
    features = model_columns(table, model.feature_names)
    inputs = table_inputs(model, table, ledger, known)
    names = list(model.reasons)
    parts = model.calibration.contributions(model.estimator.contributions(inputs))[:, :-1]
    parts = parts - np.array([model.typical.contributions[name] for name in names])
    of_columns = names == list(model.feature_names)
    return Contributions(
        pd.DataFrame(parts, index=table.index, columns=names),
        pd.DataFrame(features, index=table.index, columns=names) if of_columns else None,
    )


def importances_figure(found: Contributions, said: str) -> Figure:
    """Draw the mean absolute contribution of the largest reasons."""
    largest = found.importances["mean_absolute"].head(BARS)[::-1]
    title = f"What moves the shipped model's score, mean of {len(found.parts)} rows"
    figure, axes = new_figure(title, said, size=(7.5, 5.5))
    axes.barh(np.arange(len(largest)), largest.to_numpy(), color=BLUE)
    axes.set_yticks(np.arange(len(largest)), largest.index, fontsize=7)
    axes.set_xlabel("mean absolute contribution, log-odds")
    return figure


def contributions_figure(found: Contributions, said: str) -> Figure:
    """Draw the contribution of each row, a line of dots a reason; colour is the column's value.

    Notes
    -----
    The picture of SHAP's summary plot (Lundberg et al., Nature Machine Intelligence 2020, figure
    2), of the contributions that the endpoint gives as reasons. Colours are ranks within a column.
    """
    largest = list(found.importances.head(LINES).index)[::-1]
    title = f"Contributions of {len(found.parts)} rows, shipped model"
    figure, axes = new_figure(title, said, size=(7.5, 5.5))
    for at, name in enumerate(largest):
        parts = found.parts[name].to_numpy()
        colours = np.tile(to_rgba(BLUE), (len(parts), 1))
        if found.values is not None:
            rank = found.values[name].rank(pct=True)
            colours = colormaps["coolwarm"](rank.fillna(0.0).to_numpy())
            colours[rank.isna()] = (0.54, 0.54, 0.54, 1.0)  # not defined for this history
        axes.scatter(parts, at + _spread(parts), s=5, c=colours, linewidths=0)
    axes.axvline(0.0, color=GREY, linewidth=1)
    axes.set_yticks(np.arange(len(largest)), largest, fontsize=7)
    meaning = (
        "blue low, red high, grey not defined" if found.values is not None else "each dot a row"
    )
    axes.set_xlabel(f"contribution, log-odds ({meaning})")
    return figure


def _spread(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return offsets (n,) within 0.4 that keep equal contributions apart, wider where many are."""
    _, place, count = np.unique(
        np.digitize(parts, np.histogram_bin_edges(parts, 60)), return_inverse=True,
        return_counts=True,
    )  # fmt: skip
    turn = pd.Series(place).groupby(place).cumcount().to_numpy()
    side = np.where(turn % 2 == 0, 1.0, -1.0)
    offsets: NDArray[np.float64] = side * 0.4 * ((turn + 1) // 2) / count.max()
    return offsets
