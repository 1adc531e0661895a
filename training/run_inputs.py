"""What a configuration names, read: a feature table, labels and, where there is one, a ledger."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from features.ledger import Ledger
from features.ledger.counted import Counted
from features.sources.context import read_context
from features.sources.feature_tables import read_feature_table
from features.sources.files import read_labels
from features.sources.known import read_known, read_spine
from features.table import feature_table, join_context
from features.view import View
from training.config import ConfigError, DataConfig, RunConfig
from training.gate.evidence import Material

Progress = Callable[[str, int, int], None]


def read_inputs(config: RunConfig, views: tuple[View, ...], say: Progress) -> Material:
    """Read the files of ``[data]``; features are computed unless a ready table is named.

    Raises
    ------
    RiskError
        If a file cannot be read, or does not hold what it should.
    """
    data = config.data
    ledger = None if data.ledger is None else Ledger.open(data.ledger)
    chain = None if ledger is None else ledger.chain
    labels = read_labels(data.labels, **data.written.of("labels"), chain=chain)
    known = read_known(data.exposure, data.written, chain=chain)
    if data.table is not None:
        table = read_feature_table(data.table)
    else:
        table = _features(data, ledger, known, views, say)
    table = _with_context(table, config, views)
    return Material(table, labels, config.model, config.gate, ledger, known, views)


def _features(
    data: DataConfig,
    ledger: Ledger | None,
    known: pd.DataFrame | None,
    views: tuple[View, ...],
    say: Progress,
) -> pd.DataFrame:
    if ledger is None or data.spine is None:
        raise ConfigError("[data] needs a table, or ledger and spine")
    spine = read_spine(data.spine, data.written, chain=ledger.chain)
    done = 0

    def step(rows: int) -> None:
        nonlocal done
        done += rows
        say("features", done, len(spine))

    return feature_table(ledger, spine, labels=known, views=views, progress=step)


def _with_context(table: pd.DataFrame, config: RunConfig, views: tuple[View, ...]) -> pd.DataFrame:
    """Join the own columns that the model is to learn from."""
    wanted, path = config.model.context, config.data.context
    if not wanted or (path is None and set(wanted) <= set(table.columns)):
        return table
    if path is None:
        raise ConfigError("[model] context names columns, but [data] context no file to read")
    context = read_context(path, chain=Counted.of_attrs(table.attrs).chain)
    missing = [name for name in wanted if name not in context.columns]
    if missing:
        raise ConfigError(f"{path} lacks the columns of [model] context: {', '.join(missing)}")
    return join_context(table, context[wanted], views=views)
