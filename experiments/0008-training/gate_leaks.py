"""Leaks planted in the Ethereum table, one of each kind, and the line of the gate that tells it.

Each function gives its line with the leak and without.
"""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd
from stage_refit import Data, config_of

from experiments.common import arms
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.views import feature_columns
from serving.in_process import answers
from training import Trained, label_shuffle, train
from training.gate.adversarial import adversarial, adversarial_line
from training.gate.duplicates import duplicates, duplicates_line
from training.gate.future import check_future, future_line
from training.gate.lines import GateLine, own_lines, shuffle_line
from training.gate.replay import Served, replay, replay_line
from training.gate.shares import shares_of
from training.models.estimator import Inputs
from training.models.logistic import LogisticEstimator
from training.truth import labels_to_y

K, VIEWS_READ = "5", ("coverage", "amounts", "timing")
SAMPLED, LATER, NO_TIME = 100, pd.Timedelta(30, "D"), pd.Timedelta(0)
LABEL, TIME = "amounts_below_power_in_share", "amounts_cv_in_ratio"  # columns that are replaced


def measures(data: Data, ledger: Ledger, folder: Path) -> list[Measure]:
    """How many planted leaks ring the alarm, and how many alarms ring without one."""
    world = World(data, ledger, folder)
    kinds = (label_copy, shuffle, sides, copies, later_transfers, later_labels, served)
    told = [(kind(world, planted=True), kind(world, planted=False)) for kind in kinds]
    for with_leak, without in told:
        print(f"    leak: {with_leak.passed}, none: {without.passed}: {with_leak.detail}")
    caught = sum(with_leak.passed is False for with_leak, _ in told)
    rung = sum(without.passed is not True for _, without in told)
    return [
        Measure("gate: planted leaks caught", caught, "", target=len(kinds), at_least=True),
        Measure("gate: alarms without a leak", rung, "", target=0),
    ]


class Peeking(LogisticEstimator):
    """A leak in the fit: it learns what a column says, whatever labels it is given."""

    def fit(
        self, inputs: Inputs, y_true: npt.NDArray[np.int8], weights: npt.NDArray[np.float64]
    ) -> Self:
        """Learn the column."""
        told = inputs.features[:, self.feature_names.index(LABEL)]
        return super().fit(inputs, told.astype(np.int8), weights)


@dataclass
class World:
    """The rows of one k and a recipe of a few columns over them."""

    data: Data
    ledger: Ledger
    folder: Path

    def __post_init__(self) -> None:
        views = arms.views_named(VIEWS_READ)
        names = [one.name for one in feature_columns(views) if not one.unasked]
        more = {"model": "logistic", "columns": names}
        self.config = config_of("all", 0).model_copy(update=more)
        self.recipe, self.split = self.data.case(K, self.config, late=True)
        self.views, self.rows = views, self.recipe.rows(self.split)
        self.table = self.recipe.table[[one.name for one in feature_columns(views)]]

    def trained(self, table: pd.DataFrame) -> Trained:
        """The recipe on a table of the same rows."""
        return train(table, self.data.labels, self.split, self.config)

    @cached_property
    def plain(self) -> Trained:
        """The recipe without a leak."""
        return self.trained(self.table)

    @cached_property
    def told(self) -> pd.DataFrame:
        """The table with the label in a column."""
        label = labels_to_y(self.data.labels, self.table.index).astype(np.float64)
        return self.table.assign(**{LABEL: label})

    @property
    def asked(self) -> pd.DataFrame:
        """Spine of some rows."""
        return self.table.index[-SAMPLED:].to_frame(index=False)


def label_copy(world: World, *, planted: bool) -> GateLine:
    """The label is a column."""
    trained = world.trained(world.told) if planted else world.plain
    return own_lines(trained.metrics)[1]


def shuffle(world: World, *, planted: bool) -> GateLine:
    """The fit knows the true labels, whatever it is given."""
    metrics, table = world.plain.metrics, world.told if planted else world.table
    kind = Peeking if planted else LogisticEstimator
    with patch("training.recipe.estimator_class", lambda _: kind):
        found = label_shuffle(table, world.data.labels, world.split, world.config)
    return shuffle_line(metrics["pr_auc"], found, metrics["prevalence"])


def sides(world: World, *, planted: bool) -> GateLine:
    """A column is the number of the row in a file that grew, and the model reads it."""
    as_of = pd.DatetimeIndex(world.table.index.get_level_values("as_of"))
    number = pd.Series(as_of).rank().to_numpy()
    table = world.table.assign(**{TIME: number}) if planted else world.table
    trained = world.trained(table) if planted else world.plain
    names, rows = trained.model.feature_names, world.rows
    values = table[list(names)].to_numpy()
    found = adversarial(values[rows.learnt], values[rows.test], names, seed=0)
    return adversarial_line(found, shares_of(trained.model, table.iloc[rows.test], seed=0))


def copies(world: World, *, planted: bool) -> GateLine:
    """A tenth of the test rows are rows learnt from, under other names."""
    rows, table = world.rows, world.table.copy()
    if planted:
        tenth = len(rows.test) // 10
        table.iloc[rows.test[:tenth]] = table.iloc[rows.learnt[:tenth]].to_numpy()
    found = duplicates(table, rows.learnt, rows.test)
    return duplicates_line(len(found), len(rows.test), "a wallet")


def later_transfers(world: World, *, planted: bool) -> GateLine:
    """Columns are of a month after the instant that they are said to be of."""
    asked = world.asked
    late = asked.assign(as_of=asked["as_of"] + (LATER if planted else NO_TIME))
    table = feature_table(world.ledger, late, views=world.views)
    table.index = pd.MultiIndex.from_frame(asked)
    return future_line(check_future(table, world.ledger, None, world.views, seed=0))


def later_labels(world: World, *, planted: bool) -> GateLine:
    """Exposure reads labels that were known only after the last row."""
    views, asked = arms.views_named(arms.LABELS), world.asked
    known_at = asked["as_of"].max() + LATER
    late = world.data.labels.assign(known_at=known_at)
    read = world.data.labels if planted else late
    table = feature_table(world.ledger, asked, labels=read, views=views)
    return future_line(check_future(table, world.ledger, late, views, seed=0))


def served(world: World, *, planted: bool) -> GateLine:
    """The table was made in another unit than the endpoint reads."""
    model = world.plain.model
    test = world.table.iloc[world.rows.test]
    with tempfile.TemporaryDirectory() as work:
        model.save(Path(work) / "model")
        place = Served(Path(work) / "model", world.folder, None)
        found = replay(model, test * 1_000 if planted else test, place, answers, seed=0)
    return replay_line(found)
