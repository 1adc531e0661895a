"""Real phishing wallets, by the protocol of experiment 0001, against trees that read labels around.

A wallet's label is known from its first row on, so that a network and the trees read what was known
then; the label of a test wallet is never known.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from network_arms import arms_of, measured, pairs_of, runs_of
from network_case import LABEL_FREE, Case, known_from_first_row
from network_figures import bars

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure, SkippedError
from features import Ledger, feature_table
from features.views import VIEWS
from training import TrainConfig
from training.recipe import Recipe

COLUMNS = ("scale_free", "all")
KNOWN_LATE = pd.Timedelta(0)


def cases(work: Path, firsts: tuple[str, ...]) -> list[Case]:
    """One case a k; every table is computed once."""
    held = work / "ledger"
    ledger = Ledger.open(held) if held.exists() else protocol.ingest(work)
    labels = protocol.read_labels()
    spines = {first: protocol.spine(ledger, labels, first) for first in protocol.POOL}
    tables = {name: feature_table(ledger, rows, views=LABEL_FREE) for name, rows in spines.items()}
    config = TrainConfig(model="lightgbm", base_rate=protocol.BASE_RATE, seed=0)
    found = []
    for first in firsts:
        split = protocol.split(spines[first])
        table = protocol.pooled(tables, first, split.test_from)
        rows = Recipe.of(table, labels, config, ledger=None, views=VIEWS).rows(split)
        known = known_from_first_row(labels, table, rows.learnt, KNOWN_LATE)
        found.append(Case(f"ethereum k={first}", ledger, labels, known, table, rows))
    return found


def measures(
    work: Path, *, quick: bool, kinds: tuple[str, ...], ends: tuple[str, ...]
) -> list[Measure]:
    """All figures of the stage, of cases whose names end so."""
    if not protocol.DATA.is_dir():
        raise SkippedError(f"needs the data set {protocol.DATA.name} (WALLETRISK_DATA)")
    seeds = range(1) if quick else protocol.SEEDS
    found: list[Measure] = []
    for case in cases(work, protocol.FIRST[:1] if quick else protocol.FIRST):
        for columns in COLUMNS[:1] if quick else COLUMNS:
            named = replace(case, name=f"{case.name} {columns}")
            if not named.name.endswith(ends):
                continue
            runs = runs_of([named], arms_of(kinds, columns), seeds, work)
            found += [*named.sizes(), *measured(named.name, runs, pairs_of(kinds), {})]
    return found


def figures(found: list[Measure]) -> dict[str, Figure]:
    """All arms of every k, scale-free."""
    ats = [f"ethereum k={first} scale_free" for first in protocol.FIRST]
    return bars("real.png", found, ats)
