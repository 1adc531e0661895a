"""What a run is to hold, before any store is told: :class:`Record`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd


class Dataset(NamedTuple):
    """A data set that a run read.

    Attributes
    ----------
    name, context
        What it is, and what for.
    frame
        Its rows, of which the schema and the number are recorded.
    digest
        Short hash of its content.
    source
        File it came from; None where it was given in Python.
    targets, predictions
        Columns of labels and of scores, where it has them.
    """

    name: str
    context: str
    frame: pd.DataFrame
    digest: str
    source: str | None = None
    targets: str | None = None
    predictions: str | None = None


class Record(NamedTuple):
    """What a run is to hold beside its files.

    Attributes
    ----------
    run_name
        For a reader.
    parameters, metrics, tags
        By name.
    datasets
        What it read.
    children
        Nested runs.
    """

    run_name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    datasets: tuple[Dataset, ...] = ()
    children: tuple[Record, ...] = ()
