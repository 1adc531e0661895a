"""Stage ``aggregates``: 44 quantities of every wallet, by three libraries and by walletrisk.

The libraries run as in experiment 0002, whose ``peers.py`` is used as it is.
"""

from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from aggregates_view import QUANTITIES

from experiments.common.processes import ROOT, run_script, threads_word
from experiments.common.results import Measure, summary

run = partial(run_script, Path(__file__).resolve().parent)

PEERS = ROOT / "experiments" / "0002-speed" / "peers.py"
RUNS = (("pandas", 1), ("polars", 1), ("polars", 2), ("duckdb", 1), ("duckdb", 2))
OURS = {"standard": "four standard views", "aggregates": "a view of the 44"}
HISTORY_CAP = 10_000  # above it our columns describe the newest transfers only
TOLERANCE = 1e-6
TARGET = 4.0


def measure(
    transfers: Path, ledger: Path, *, as_of: pd.Timestamp, repeats: int, work: Path
) -> list[Measure]:
    """Time every engine in turn, repeats times over, then compare the values of the 44.

    Parameters
    ----------
    transfers, ledger : pathlib.Path
        The parquet file, and the folder of the ledger that was built from it.
    as_of : pandas.Timestamp
        Later than every transfer.
    repeats : int
        Runs of each engine; they alternate, so that a slow minute meets all.
    work : pathlib.Path
        Folder for the tables.
    """
    peers, ours = defaultdict(list), defaultdict(list)
    stamp = ("--as-of", as_of.isoformat())
    for kind in OURS:  # fill the kernel cache
        run("engine_work.py", "table", ledger, *stamp, "--views", kind)
    for _ in range(repeats):
        for engine, threads in RUNS:
            figures = run(
                PEERS, engine, transfers, "--threads", threads, "--as-of-us",
                as_of.value // 1000, "--out", work / f"{engine}.parquet",
            )  # fmt: skip
            peers[engine, threads].append(figures)
        for kind in OURS:
            for threads in (1, 2):
                figures = run(
                    "engine_work.py", "table", ledger, *stamp, "--views", kind,
                    "--threads", threads, "--out", work / f"{kind}.parquet",
                )  # fmt: skip
                ours[kind, threads].append(figures)
    measures = []
    for (name, threads), runs in [*peers.items(), *ours.items()]:
        who = f"walletrisk, {OURS[name]}" if name in OURS else name
        label = f"aggregates: {who}, {threads_word(threads)}"
        measures.append(summary(label, [each["total"] for each in runs], "s"))
        peak = [each["rss_mib"] for each in runs]
        measures.append(summary(f"{label}, peak memory", peak, "MiB"))
    for (kind, threads), runs in ours.items():
        fastest = min(_median(them) for (_, n), them in peers.items() if n == threads)
        name = f"aggregates: fastest other / walletrisk, {OURS[kind]}, {threads_word(threads)}"
        measures.append(Measure(name, fastest / _median(runs), "x", target=TARGET, at_least=True))
    return measures + _agreement(work)


def _median(runs: list[dict[str, float]]) -> float:
    return float(np.median([each["total"] for each in runs]))


def _agreement(work: Path) -> list[Measure]:
    """Compare the 44 columns with each library's on wallets whose history is read whole."""
    ours = pd.read_parquet(work / "aggregates.parquet")
    names = [f"{side}_{name}" for side in ("in", "out") for name in QUANTITIES]
    ours.columns = pd.Index(names)
    counts = ours[["in_count", "out_count"]]
    whole = ours[~(counts >= HISTORY_CAP).any(axis=1)]
    measures = [Measure("aggregates: wallets compared", float(len(whole)), "wallets")]
    for engine in sorted({engine for engine, _ in RUNS}):
        theirs = pd.read_parquet(work / f"{engine}.parquet").set_index("wallet").loc[whole.index]
        wrong = 0
        for name in names:
            a, b = whole[name].to_numpy(np.float64), theirs[name].to_numpy(np.float64)
            if name.endswith("distinct"):
                b = np.nan_to_num(b)
            # a share or a ratio near 0 is compared by its absolute difference
            wrong += int((~np.isclose(a, b, rtol=TOLERANCE, atol=1e-9, equal_nan=True)).sum())
        name = f"aggregates: cells that differ from {engine} by more than {TOLERANCE:g} (relative)"
        measures.append(Measure(name, float(wrong), "cells", target=0))
    return measures
