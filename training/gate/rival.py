"""The champion as a recipe: judged like the candidate, on the same rows, each with its own inputs.

The champion's model may have learnt from the candidate's test rows; its recipe, fitted again to
what was known at each origin, has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from features.table import feature_table
from features.view import View
from features.views import feature_columns
from training.config import TrainConfig
from training.fitting import learn
from training.gate.comparison import CANDIDATE, CHAMPION
from training.recipe import Recipe, recipe_of
from training.splits import OutOfTime
from training.table_columns import views_holding

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.trained import Judged

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Champion:
    """The version to beat.

    Parameters
    ----------
    version
        Its number.
    recipe
        How it was trained, with its columns by name; None where this release cannot load it.
    reads_labels
        Whether it learnt from exposure to labelled wallets.
    unusable
        Why it cannot be loaded, and so cannot serve either.
    """

    version: str
    recipe: TrainConfig | None
    reads_labels: bool = False
    unusable: str = ""


def present_champion(
    name: str, *, tracking_uri: str | None, views: tuple[View, ...]
) -> Champion | None:
    """Return the registered champion, or None."""
    from training import tracking
    from training.risk_model import RiskModel

    found = tracking.champion(name, tracking_uri=tracking_uri)
    if found is None:
        return None
    try:
        folder = tracking.resolve(f"models:/{name}/{found.number}", tracking_uri=tracking_uri)
        model = RiskModel.load(folder, views=views)
    except RiskError as error:
        return Champion(found.number, None, unusable=str(error))
    own = set(model.context_names)
    columns = [column for column in model.feature_names if column not in own]
    recipe = recipe_of(model.manifest).model_copy(update={"columns": columns})
    return Champion(found.number, recipe, model.reads_labels)


def paired_scores(
    candidate: Recipe, champion: Recipe, judged: Sequence[Judged], repeats: int
) -> pd.DataFrame:
    """Fit both recipes ``repeats`` times at every origin and score the candidate's test rows.

    Parameters
    ----------
    candidate, champion
        Of the same rows, each with its own columns.
    judged
        The candidate's origins.
    repeats
        Fits of each, with seeds that follow the recipe's own.

    Returns
    -------
    DataFrame
        Index (wallet, as_of), ``y_true``, ``candidate_1`` ... and ``champion_1`` ...: raw log-odds,
        for :func:`training.gate.comparison.compare`.

    Notes
    -----
    Raw scores of one recipe are of one scale at all origins; the calibration, which no fit but the
    shipped one needs, would cost five more fits each.
    """
    parts = []
    for one in judged:
        test = one.rows.test
        sides = [
            fit_scores(recipe, one.split, test, repeats).add_prefix(side)
            for side, recipe in ((CANDIDATE, candidate), (CHAMPION, champion))
        ]
        truth = pd.DataFrame({"y_true": one.rows.y_true[test]}, index=sides[0].index)
        parts.append(pd.concat([truth, *sides], axis=1))
    return pd.concat(parts)


def fit_scores(recipe: Recipe, split: OutOfTime, test: Int64, repeats: int) -> pd.DataFrame:
    """Fit a recipe to what is known at an origin, under several seeds, and score numbered rows.

    Returns
    -------
    DataFrame
        Index (wallet, as_of) of the rows, columns "1", "2", ...: raw log-odds by each fit.
    """
    rows = recipe.rows(split)
    sample = recipe.sample(rows.learnt, rows.y_true, rows.confidence, rows.unlabelled)
    everything = np.arange(len(rows.learnt))
    scores = {}
    for fit in range(repeats):
        config = recipe.config.model_copy(update={"seed": recipe.config.seed + fit})
        estimator = learn(replace(recipe, config=config).new, sample, everything, config)
        scores[str(fit + 1)] = estimator.log_odds(recipe.inputs(test))
    return pd.DataFrame(scores, index=recipe.table.index[test])


def champion_table(
    champion: Champion,
    table: pd.DataFrame,
    ledger: Ledger | None,
    labels: pd.DataFrame,
    views: tuple[View, ...],
) -> pd.DataFrame:
    """Return the rows of a table with what the champion reads of them.

    Parameters
    ----------
    champion
        One that can be loaded.
    table
        The candidate's.
    ledger
        To compute what the candidate does without.
    labels
        That exposure may read.
    views
        To find the columns in.

    Raises
    ------
    RiskError
        If there is no ledger to compute its columns from, or it reads columns of its user's own
        that the table does not hold.
    """
    if champion.recipe is None:
        raise RiskError(f"version {champion.version} is unusable: {champion.unusable}")
    wanted, own = list(champion.recipe.columns), champion.recipe.context
    lost = [name for name in own if name not in table]
    if lost:
        raise RiskError(f"it reads columns of its user's own that this run has not: {lost[:8]}")
    stale = tuple(
        name for name in wanted
        if name not in table or (champion.reads_labels and table[name].isna().all())
    )  # fmt: skip
    of_views = {column.name for column in feature_columns(views)}
    kept = table[[name for name in table.columns if name in of_views or name in own]]
    if not stale:
        return kept
    if ledger is None:
        raise RiskError(f"it reads columns that this run has not, and no ledger: {stale[:8]}")
    spine = table.index.to_frame(index=False)
    fresh = feature_table(ledger, spine, labels=labels, views=views_holding(stale, views))
    return pd.concat([kept.drop(columns=fresh.columns, errors="ignore"), fresh], axis=1)
