"""What a model's scores are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training import Trained
from training.importances import (
    MOST_ROWS,
    contributions_figure,
    contributions_of,
    importances_figure,
)
from training.plots import about


def test_contributions_are_those_that_the_model_gives_as_reasons(
    trained: Trained, table: pd.DataFrame
) -> None:
    few = table[(table[["coverage_in_count", "coverage_out_count"]].sum(axis=1) >= 3)].head(40)
    found = contributions_of(trained.model, few, None, seed=0)
    reasons = trained.model.explain(few)
    np.testing.assert_allclose(found.parts, reasons.drop(columns="base"), rtol=0, atol=1e-12)
    assert found.values is not None
    pd.testing.assert_frame_equal(found.values, few[list(trained.model.feature_names)])
    sizes = found.importances["mean_absolute"]
    assert sizes.is_monotonic_decreasing
    assert sizes.iloc[0] == found.parts[sizes.index[0]].abs().mean()


def test_many_rows_are_drawn_from_the_same_by_the_same_seed(
    trained: Trained, table: pd.DataFrame
) -> None:
    one, same, other = (
        contributions_of(trained.model, table, None, seed=seed) for seed in (1, 1, 2)
    )
    assert len(one.parts) <= MOST_ROWS < len(table)
    assert one.parts.index.equals(same.parts.index)
    assert not one.parts.index.equals(other.parts.index)


def test_figures_name_the_model_and_the_columns(trained: Trained, table: pd.DataFrame) -> None:
    found = contributions_of(trained.model, table.head(60), None, seed=0)
    said = about(trained.model.manifest)
    for figure in (importances_figure(found, said), contributions_figure(found, said)):
        (axes,) = figure.axes
        assert said in axes.get_title()
        names = [one.get_text() for one in axes.get_yticklabels()]
        assert names[-1] == found.importances.index[0]
        assert axes.get_xlabel()
