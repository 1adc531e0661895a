"""A search as one MLflow run, each trial a run in it."""

from __future__ import annotations

from training.config import TrackingConfig, TrainConfig
from training.records import Record
from training.run_record import config_parameters
from training.tracking import record_numbers
from training.tune.tuning import Tuned


def record_search(tuned: Tuned, config: TrainConfig, where: TrackingConfig) -> str:
    """Log a search, and return the id of its run.

    Parameters
    ----------
    tuned
        What it found.
    config
        Where it began; its parameters are logged as those that were found.
    where
        Store and experiment.
    """
    found = config.model_copy(update={"parameters": tuned.parameters})
    gain, low, high = tuned.gain
    metrics = {
        "pr_auc": tuned.pr_auc, "pr_auc_started": tuned.pr_auc_started, "pr_auc_gain": gain,
        "pr_auc_gain_low": low, "pr_auc_gain_high": high,
        "search_pr_auc": tuned.searched, "search_pr_auc_started": tuned.started,
    }  # fmt: skip
    trials = tuple(
        Record(f"trial {at}", trial.parameters, {"pr_auc": trial.pr_auc}, {"trial": str(at)})
        for at, trial in enumerate(tuned.trials, 1)
    )
    what = Record(
        f"search, {config.model}, {len(trials)} trials, seed {config.seed}",
        config_parameters(found), metrics, {"gained": str(tuned.gained)}, children=trials,
    )  # fmt: skip
    return record_numbers(what, experiment=where.experiment, tracking_uri=where.tracking_uri)
