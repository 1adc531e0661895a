"""What a configuration names, read for tuning."""

from __future__ import annotations

import pandas as pd

from features.ledger import Ledger
from features.sources.files import read_labels, read_spine
from features.sources.known import read_known
from features.view import View
from training.config import RunConfig
from training.run import Progress, _features, _with_context


def read_inputs(
    config: RunConfig, views: tuple[View, ...], say: Progress
) -> tuple[pd.DataFrame, pd.DataFrame, Ledger]:
    """Return feature table, labels and ledger."""
    ledger = Ledger.open(config.data.ledger)
    known = read_known(config.data.exposure)
    table = _features(ledger, read_spine(config.data.spine), known, views, say)
    return _with_context(table, config, views), read_labels(config.data.labels), ledger
