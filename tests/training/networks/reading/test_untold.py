"""Rows as they would be if nobody's label were known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from features import feature_table
from features.past import label_events
from features.views import LABEL_VIEWS, VIEWS
from tests.strategies import World, worlds

pytest.importorskip("torch")

from training.models.estimator import Where
from training.models.graph_kinds import GraphSageEstimator
from training.networks.reading.untold import untold

READ = (VIEWS[0], *LABEL_VIEWS)


def found(world: World, table: pd.DataFrame, labels: pd.DataFrame | None) -> np.ndarray | None:
    names = tuple(table.columns)
    model = GraphSageEstimator(names, seed=0, parameters={})
    ledger = world.ledger()
    where = Where.of_spine(ledger, world.spine, label_events(ledger, labels))
    return untold(model.inputs(table.to_numpy(), where), names)


@given(worlds())
def test_rows_are_those_of_a_table_made_with_labels_of_nobody(world: World) -> None:
    ledger = world.ledger()
    told = feature_table(ledger, world.spine, labels=world.labels, views=READ)
    mixed = told[np.random.default_rng(0).permutation(told.columns)]
    nobody = feature_table(ledger, world.spine, labels=world.labels.iloc[:0], views=READ)
    bare = found(world, mixed, world.labels)
    assert bare is not None
    np.testing.assert_array_equal(bare, nobody[mixed.columns].to_numpy())


@given(worlds())
def test_a_table_that_tells_of_no_labels_has_nothing_to_hide(world: World) -> None:
    ledger = world.ledger()
    assert found(world, feature_table(ledger, world.spine, views=READ), None) is None
    told = feature_table(ledger, world.spine, labels=world.labels, views=READ[:1])
    assert found(world, told, world.labels) is None
