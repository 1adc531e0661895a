"""Stage ``ledger``: build, save, open, append, memory, and the start of the kernels."""

import shutil
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.common.processes import run_script
from experiments.common.results import Measure, summary

run = partial(run_script, Path(__file__).resolve().parent)


def build(transfers: Path, ledger: Path) -> dict[str, float]:
    """Build the ledger of a parquet file in a process of its own and save it."""
    return run("ours.py", "build", transfers, "--out", ledger)


def measure(transfers: Path, ledger: Path, *, repeats: int, seed: int, work: Path) -> list[Measure]:
    """Time the ledger; every figure comes from fresh processes.

    Parameters
    ----------
    transfers, ledger : pathlib.Path
        The parquet file, and a saved ledger of it.
    repeats : int
        Processes a figure.
    seed : int
        Seed of the transfers that are appended.
    work : pathlib.Path
        Folder for a second ledger.
    """
    builds = []
    for _ in range(repeats):
        builds.append(build(transfers, work / "again"))
        shutil.rmtree(work / "again")
    opens = [run("ours.py", "open", ledger) for _ in range(repeats)]
    appends = [run("ours.py", "append", ledger, "--seed", seed + turn) for turn in range(repeats)]
    size = "bytes a transfer"
    return [
        _figure("read the file", builds, "read", "s"),
        _figure("check and build", builds, "build", "s"),
        _figure("peak memory of read and build", builds, "rss_mib", "MiB"),
        _figure("save", builds, "save", "s"),
        _figure("open", opens, "open", "s", target=1.0),
        _figure("first look-up of a wallet after open", opens, "first_lookup", "s"),
        _figure("peak memory of a process that opened it", opens, "rss_mib", "MiB"),
        _figure("arrays in memory", builds, "array_bytes_per_transfer", size, target=64.0),
        _figure("folder, with the text of ids", builds, "stored_bytes_per_transfer", size),
        _figure("first append of 1,000 after open", appends, "first", "ms"),
        _figure("append of 1,000, p50 of 20", appends, "p50", "ms", target=5.0),
        _figure("append of 1,000, slowest of 20", appends, "slowest", "ms"),
    ]


def measure_start(ledger: Path, *, as_of: pd.Timestamp, repeats: int, work: Path) -> list[Measure]:
    """Time the first row of every view, without and with compiled kernels on disk.

    Parameters
    ----------
    ledger : pathlib.Path
        A saved ledger.
    as_of : pandas.Timestamp
        Moment of the row.
    repeats : int
        Processes a figure.
    work : pathlib.Path
        Folder for an empty kernel cache.
    """
    cold: list[dict[str, float]] = []
    warm: list[dict[str, float]] = []
    for turn in range(repeats):
        cache = work / f"numba-{turn}"
        for runs in (cold, warm):
            figures = run(
                "ours.py", "first-row", ledger, "--as-of", as_of.isoformat(),
                NUMBA_CACHE_DIR=str(cache),
            )  # fmt: skip
            runs.append(figures)
        shutil.rmtree(cache)
    return [
        _figure("first row of every view, no kernel cache", cold, "first", "s"),
        _figure("first row of every view, kernels cached", warm, "first", "s"),
        _figure("second row of every view", warm, "second", "ms"),
    ]


def _figure(
    name: str,
    runs: list[dict[str, float]],
    key: str,
    unit: str,
    *,
    target: float | None = None,
) -> Measure:
    scale = 1000.0 if unit == "ms" else 1.0
    return summary(f"ledger: {name}", [each[key] * scale for each in runs], unit, target=target)
