"""Kinds side by side, what tuning gains, and which kind of illicit."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.common import ethereum_phishing as protocol
from experiments.common.ethereum_arms import CONFIG, Case, read_case, tables
from experiments.common.results import Measure
from features.views import feature_columns
from training import rolling_origins
from training.categories import Categories
from training.metrics import average_precision, bootstrap_intervals
from training.models.estimator import Inputs
from training.models.kinds import estimator_class
from training.tune.config import TuneConfig
from training.tune.tuning import tune

KINDS = ("lightgbm", "logistic", "random_forest", "extra_trees", "hist_boosting", "stack")
FIRST = ("5", "all")
SEEDS, TRIALS = range(3), 40


def measures(work: Path, quick: bool) -> list[Measure]:
    """Measure all three; ``quick`` takes one case, two kinds and two trials."""
    ledger, labels = protocol.ingest(work), protocol.read_labels()
    found = tables(ledger, labels)
    cases = [read_case(ledger, labels, found, first) for first in FIRST[: 1 if quick else None]]
    seeds = range(1) if quick else SEEDS
    done = [one for case in cases for one in kinds(case, KINDS[: 2 if quick else None], seeds)]
    for case in cases:
        done += tuning(found, labels, case.first, 2 if quick else TRIALS)
    return [*done, *categories(cases[-1])]


def figures(measures: list[Measure]) -> dict[str, Figure]:
    """No figure: the table says it."""
    return {}


def kinds(case: Case, names: tuple[str, ...], seeds: range) -> list[Measure]:
    """PR-AUC of each kind at its defaults, and the paired difference to the first."""
    columns = [
        column.name for column in feature_columns()
        if column.scale_free and not (column.calendar or column.unasked)
        and column.name in case.train.columns
    ]  # fmt: skip
    learnt, asked = (Inputs(one[columns].to_numpy()) for one in (case.train, case.test))
    groups = pd.factorize(case.train.index.get_level_values("wallet"))[0]
    scores: dict[str, list[np.ndarray]] = {}
    for name in names:
        for seed in seeds:
            model = estimator_class(name)(tuple(columns), seed=seed, parameters={})
            if hasattr(model, "fit_groups"):
                model.fit_groups(learnt, case.y_train, case.weights, groups)
            else:
                model.fit(learnt, case.y_train, case.weights)
            scores.setdefault(name, []).append(model.log_odds(asked))

    def pr_auc(weights: np.ndarray) -> dict[str, float]:
        value = {
            name: float(np.mean([average_precision(case.y_test, one, weights) for one in some]))
            for name, some in scores.items()
        }
        gains = {f"{name} less {names[0]}": value[name] - value[names[0]] for name in names[1:]}
        return value | gains

    here = pr_auc(np.ones(len(case.y_test)))
    intervals = bootstrap_intervals(pr_auc, case.y_test, case.test.index, seed=0)
    at = f"models k={case.first}:"
    return [
        Measure(f"{at} prevalence", float(case.y_test.mean()), ""),
        *(Measure(f"{at} {name} PR-AUC", value, "", *intervals[name])
          for name, value in here.items()),
    ]  # fmt: skip


def tuning(
    found: dict[str, pd.DataFrame], labels: pd.DataFrame, first: str, trials: int
) -> list[Measure]:
    """What tuning LightGBM gains on test rows that the search did not see."""
    borders = protocol.split(found[first].index.to_frame(index=False))
    table = protocol.pooled(found, first, borders.train_until)
    spine = table.index.to_frame(index=False)
    done = tune(
        table, labels, rolling_origins(spine, borders, 3), CONFIG, how=TuneConfig(trials=trials)
    )
    at = f"tuning k={first}:"
    return [
        Measure(f"{at} default PR-AUC", done.pr_auc_started, ""),
        Measure(f"{at} tuned less default PR-AUC", *done.gain[:1], "", *done.gain[1:]),
        Measure(f"{at} gain in the search", done.searched - done.started, ""),
    ]


def categories(case: Case) -> list[Measure]:
    """Planted kinds of real illicit rows, and the control: the same kinds dealt at random.

    The ledger's illicit wallets are all of phishing, so nothing real can be measured here.
    """
    rows = case.train[case.y_train == 1]
    features = rows.to_numpy()
    groups = pd.factorize(rows.index.get_level_values("wallet"))[0].astype(np.int64)
    generator = np.random.default_rng(0)
    place = [rows.columns.get_loc(name) for name in ("coverage_in_count", "coverage_out_count")]
    few = np.log1p(features[:, place]).sum(axis=1)
    noise = generator.normal(size=len(np.unique(groups)))[groups]
    kind = np.where(few + noise > np.median(few), "theft", "phishing").astype(object)
    result = []
    for name, told in (("planted", kind), ("dealt at random", generator.permutation(kind))):
        fitted = Categories.fit(features, told, groups, seed=0)
        gain = 0.0 if fitted is None else fitted.log_loss_of_shares - fitted.log_loss
        result.append(Measure(f"categories {name}: log loss saved out of fold", gain, "nats"))
    return result
