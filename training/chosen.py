"""Which columns and which rows of a table a configuration means."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.context import check_context_names
from features.errors import RiskError
from features.view import View
from features.views import COIN_COLUMNS, LABEL_COLUMNS, VIEWS, feature_columns
from training.config import ConfigError, TrainConfig
from training.scores import COUNTS
from training.split_rows import Int64, SplitRows, assign_rows
from training.splits import OutOfTime


def chosen_columns(
    table: pd.DataFrame, config: TrainConfig, views: tuple[View, ...] = VIEWS
) -> tuple[str, ...]:
    """Return the columns a configuration means, in the order of the views, then its context's.

    Raises
    ------
    RiskError
        If the table breaks its contract or lacks a column.
    """
    if list(table.index.names) != ["wallet", "as_of"]:
        raise RiskError(
            f"a feature table is indexed by (wallet, as_of), got {list(table.index.names)}"
        )
    known = {column.name: column for column in feature_columns(views)}
    context = tuple(config.context)
    check_context_names(context, views=views)
    strange = [str(name) for name in table.columns if name not in known and name not in context]
    if strange or not table.columns.is_unique:
        named = strange or [str(name) for name in table.columns[table.columns.duplicated()]]
        raise RiskError(
            f"{len(named)} columns that are no feature, or twice: {', '.join(named[:5])}"
            f"{' ...' if len(named) > 5 else ''}; "
            "views= takes more views, and the configuration's context names columns of your own"
        )
    other = {str(name): str(kind) for name, kind in table.dtypes.items() if kind != np.float64}
    if other:
        raise RiskError(f"feature columns must be float64, got {other}")
    present = set(table.columns)
    wanted = set(config.columns) if isinstance(config.columns, list) else present - set(context)
    missing = sorted((wanted | set(COUNTS) | set(context)) - present)
    if missing:
        raise ConfigError(f"columns that the feature table does not hold: {', '.join(missing)}")
    if not isinstance(config.columns, list):  # without labels, or coins, they say nothing
        optional = (LABEL_COLUMNS | COIN_COLUMNS) & present
        wanted -= {name for name in optional if table[name].isna().all()}
        # and what anyone can move is nothing to judge a wallet by
        wanted -= {name for name, column in known.items() if column.unasked}
    if config.columns == "scale_free":
        wanted = {name for name in wanted if known[name].scale_free and not known[name].calendar}
    wanted -= _left_out(config, present - set(context))
    return (*(name for name in known if name in wanted), *context)


def _left_out(config: TrainConfig, present: set[str]) -> set[str]:
    unknown = sorted(set(config.leave_out) - present)
    if unknown:
        raise ConfigError(f"leave_out names what the table does not hold: {', '.join(unknown)}")
    return set(config.leave_out)


def enough_transfers(table: pd.DataFrame, config: TrainConfig) -> NDArray[np.bool_]:
    """Return bool (n,): the history behind a row is long enough to be scored."""
    counts = table[list(COUNTS)].to_numpy().sum(axis=1)
    return np.asarray(counts >= config.min_transfers)


def chosen_rows(
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime,
    config: TrainConfig,
    groups: Int64 | None = None,
) -> SplitRows:
    """Return the slices of a table; thin histories are in none."""
    enough = enough_transfers(table, config)
    return assign_rows(table.index, labels, split, enough=enough, groups=groups)
