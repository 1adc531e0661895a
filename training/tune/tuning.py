"""Search for parameters on origins before the test, then measure them on the test.

The search never sees the rows that judge its outcome: its origins are cut from what lies before
the first test row. What it gained is the difference to the parameters of the configuration on the
test rows of all origins, paired.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from features.errors import RiskError
from features.view import View
from features.views import VIEWS
from training.config import TrainConfig
from training.metrics import average_precision, bootstrap_intervals
from training.models.kinds import estimator_class
from training.models.spaces import Space, space_of
from training.origins import rolling_origins
from training.recipe import Recipe
from training.splits import OutOfTime, out_of_time_shares
from training.trained import judge
from training.tune.config import TuneConfig

if TYPE_CHECKING:
    import optuna

    from features.ledger import Ledger

EARLY_TEST_SHARE, EARLY_CALIBRATE_SHARE = 0.5, 0.2
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters of the search, and its mean PR-AUC over the search's origins."""

    parameters: dict[str, Any]
    pr_auc: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning gives.

    Parameters
    ----------
    parameters
        Best of the search.
    searched, started
        Mean PR-AUC over the origins of the search, of these and of the configuration's.
    pr_auc, pr_auc_started
        On the test rows of all origins, which the search did not see.
    gain
        Their difference, and its 95 % interval (low, high), paired.
    trials
        What was tried, in order.
    """

    parameters: dict[str, Any]
    searched: float
    started: float
    pr_auc: float
    pr_auc_started: float
    gain: tuple[float, float, float]
    trials: tuple[Trial, ...]

    @property
    def gained(self) -> bool:
        """Whether the interval of the difference lies above 0."""
        return self.gain[1] > 0


def tune(
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime | Sequence[OutOfTime],
    config: TrainConfig,
    *,
    how: TuneConfig | None = None,
    storage: Path | None = None,
    ledger: Ledger | None = None,
    views: tuple[View, ...] = VIEWS,
    known: pd.DataFrame | None = None,
    space: Space | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Search for parameters of a recipe, and measure what they gain.

    Parameters
    ----------
    table, labels, split, config, ledger, views, known
        As for :func:`training.train`; the search begins at the configuration's parameters.
    how
        Number of trials and time.
    storage
        SQLite file that trials are kept in, so that an interrupted search goes on; None: nowhere.
    space
        What to try; None: the kind's own.
    progress
        Called with (stage, steps done, steps in all).

    Raises
    ------
    RiskError
        If the kind has no space, too few rows lie before the test, or the file cannot be used.

    References
    ----------
    Akiba et al., "Optuna: a next-generation hyperparameter optimization framework" (2019); Bergstra
    et al., "Algorithms for hyper-parameter optimization" (2011), section 4, for the sampler.
    """
    splits = (split,) if isinstance(split, OutOfTime) else tuple(split)
    how, say = how or TuneConfig(), progress or (lambda _stage, _done, _total: None)
    searched = space or space_of(config.model)
    recipe = Recipe.of(table, labels, config, ledger=ledger, views=views, known=known)
    early = early_origins(table, splits)
    name = _name(recipe, early, searched)
    study = _study(storage, name, config.seed)
    start = _inside(searched, config)
    if not study.trials:
        study.enqueue_trial(start)
    _search(study, recipe, early, searched, how, say)
    best = {**config.parameters, **study.best_params}
    say("judging", 0, 2)
    found = _judged(with_parameters(recipe, best), splits)
    say("judging", 1, 2)
    first = _judged(recipe, splits)
    say("judging", 2, 2)
    return Tuned(
        best, study.best_value, float(study.trials[0].value or 0.0), *_paired(found, first, config),
        trials=tuple(Trial(one.params, float(one.value)) for one in _complete(study)),
    )  # fmt: skip


def early_origins(table: pd.DataFrame, splits: Sequence[OutOfTime]) -> tuple[OutOfTime, ...]:
    """Return as many origins out of what lies before the first test row.

    Raises
    ------
    RiskError
        If too few rows lie there.
    """
    first = splits[0]
    spine = table.index.to_frame(index=False)
    before = spine[pd.DatetimeIndex(spine["as_of"]) < first.calibrate_until]
    if before.empty:
        raise RiskError(f"no row lies before {first.calibrate_until} to tune on")
    whole = out_of_time_shares(
        before, test_share=EARLY_TEST_SHARE, calibrate_share=EARLY_CALIBRATE_SHARE,
        gap=first.test_from - first.calibrate_until, label_delay=first.label_delay,
        wallets=first.wallets,
    )  # fmt: skip
    return rolling_origins(before, whole, len(splits))


def with_parameters(recipe: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """Return a recipe of the same rows with other parameters."""
    config = recipe.config.model_copy(update={"parameters": dict(parameters)})
    return replace(recipe, config=config)


def _search(
    study: optuna.Study,
    recipe: Recipe,
    early: Sequence[OutOfTime],
    space: Space,
    how: TuneConfig,
    say: Progress,
) -> None:
    """Run the trials that are missing."""

    def objective(trial: optuna.Trial) -> float:
        given = {name: _suggested(trial, name, space) for name in space}
        changed = with_parameters(recipe, {**recipe.config.parameters, **given})
        return float(np.mean([_pr_auc(changed, split) for split in early]))

    def told(study: optuna.Study, _trial: object) -> None:
        say("trials", len(_complete(study)), how.trials)

    missing = how.trials - len(_complete(study))
    say("trials", how.trials - missing, how.trials)
    if missing > 0:
        seconds = None if how.minutes is None else how.minutes * 60
        study.optimize(objective, n_trials=missing, timeout=seconds, callbacks=[told])


def _suggested(trial: optuna.Trial, name: str, space: Space) -> float:
    low, high, log = space[name]
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(name, low, high, log=log)
    return trial.suggest_float(name, low, high, log=log)


def _pr_auc(recipe: Recipe, split: OutOfTime) -> float:
    """PR-AUC at one origin."""
    rows = recipe.rows(split)
    return average_precision(rows.y_true[rows.test], recipe.raw_scores(rows))


def _judged(recipe: Recipe, splits: Sequence[OutOfTime]) -> pd.DataFrame:
    return pd.concat([judge(recipe, one, origin=at).scores for at, one in enumerate(splits, 1)])


def _paired(
    found: pd.DataFrame, first: pd.DataFrame, config: TrainConfig
) -> tuple[float, float, tuple[float, float, float]]:
    """PR-AUC of both on the same rows, and the difference with its interval."""
    y_true = first["y_true"].to_numpy(np.int8)
    scores = [one["probability_as_labelled"].to_numpy() for one in (found, first)]

    def gain(weights: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
        new, old = (average_precision(y_true, score, weights) for score in scores)
        return {"new": new, "old": old, "gain": new - old}

    here = gain(np.ones(len(y_true)))
    low, high = bootstrap_intervals(gain, y_true, first.index, seed=config.seed)["gain"]
    return here["new"], here["old"], (here["gain"], low, high)


def _inside(space: Space, config: TrainConfig) -> dict[str, Any]:
    """The configuration's own values, moved into the space where they lie outside."""
    own = {**estimator_class(config.model).defaults, **config.parameters}
    return {
        name: min(max(own[name], one.low), one.high)
        for name, one in space.items()
        if isinstance(own[name], (int, float))
    }


def _study(storage: Path | None, name: str, seed: int) -> optuna.Study:
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    where = None if storage is None else f"sqlite:///{storage}"
    try:
        study = optuna.create_study(
            storage=where, study_name=name, direction="maximize", load_if_exists=True
        )
        # a search that goes on must not draw again what it drew at first
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        said = str(error).splitlines()[0]
        raise RiskError(f"trials cannot be kept in {storage}: {said}") from error
    return study


def _complete(study: optuna.Study) -> list[Any]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _name(recipe: Recipe, early: Sequence[OutOfTime], space: Space) -> str:
    """Name of the study: other data, recipe, origins or space begin another search."""
    digest = hashlib.sha256(recipe.config.model_dump_json().encode())
    digest.update(json.dumps([recipe.names, space, [repr(one) for one in early]]).encode())
    for frame in (recipe.table, recipe.labels):
        digest.update(pd.util.hash_pandas_object(frame).to_numpy(np.uint64).tobytes())
    return f"{recipe.config.model} {digest.hexdigest()[:16]}"
