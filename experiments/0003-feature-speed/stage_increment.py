"""Stage ``increment``: one more transfer and a whole row, and the first row of a process."""

import shutil
from functools import partial
from pathlib import Path

import pandas as pd
from stage_table import Data

from experiments.common.processes import run_script
from experiments.common.results import Measure, summary

run = partial(run_script, Path(__file__).resolve().parent)

TARGETS_US = {"p50": 300.0, "p99": 3000.0}
START_TARGET_S = 1.0


def measure(
    made: Data, as_of: pd.Timestamp, *, quick: bool, repeats: int, work: Path
) -> list[Measure]:
    """Time increments by kind of wallet, and cold starts.

    Parameters
    ----------
    made : Data
        The saved ledger.
    as_of : pandas.Timestamp
        Moment of the first row.
    quick : bool
        Few increments; no start without a kernel cache.
    repeats : int
        Fresh processes a figure.
    work : pathlib.Path
        Folder for an empty kernel cache.
    """
    amount = 30 if quick else 1000
    runs = [
        run("engine_work.py", "increment", made.ledger, "--repeats", amount, "--seed", seed)
        for seed in range(repeats)
    ]
    measures = []
    for name in runs[0]:
        target = None if ", of it" in name else TARGETS_US[name[-3:]]
        values = [each[name] for each in runs]
        measures.append(summary(f"increment: append and row, {name}", values, "us", target=target))
    return measures if quick else measures + _starts(made, as_of, repeats, work)


def _starts(made: Data, as_of: pd.Timestamp, repeats: int, work: Path) -> list[Measure]:
    without: list[dict[str, float]] = []
    cached: list[dict[str, float]] = []
    common = ("engine_work.py", "first-row", made.ledger, "--as-of", as_of.isoformat())
    for turn in range(repeats):
        cache = work / f"numba-{turn}"
        for runs in (without, cached):
            runs.append(run(*common, NUMBA_CACHE_DIR=str(cache)))
        shutil.rmtree(cache)
    name = "increment: first row of a process"
    rows = [each["row"] for each in cached]
    return [
        summary(f"{name}, kernels cached", rows, "s", target=START_TARGET_S),
        summary(f"{name}, kernels cached, imports included", [each["all"] for each in cached], "s"),
        summary(f"{name}, no kernel cache", [each["row"] for each in without], "s"),
    ]
