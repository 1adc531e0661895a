"""Stage ``aggregates``: 44 quantities of every wallet, by walletrisk and by three libraries."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from peers import AGGREGATES, SIDES

from experiments.common.processes import run_script, threads_word
from experiments.common.results import Measure, summary

run = partial(run_script, Path(__file__).resolve().parent)

# our column for each of the peers' aggregates; {d} is in or out
OURS = {
    "count": "coverage_{d}_count",
    "total": "amounts_total_{d}_amount",
    "mean": "amounts_mean_{d}_amount",
    "sd": "amounts_sd_{d}_amount",
    "cv": "amounts_cv_{d}_ratio",
    "min": "amounts_min_{d}_amount",
    "max": "amounts_max_{d}_amount",
    "q25": "amounts_q25_{d}_amount",
    "median": "amounts_q50_{d}_amount",
    "q75": "amounts_q75_{d}_amount",
    "q95": "amounts_q95_{d}_amount",
    "largest": "amounts_max_{d}_share",
    "entropy": "amounts_entropy_{d}_ratio",
    "round": "amounts_round_{d}_share",
    "distinct": "counterparties_fan_{d}_count",
    "gap_mean": "timing_gap_mean_{d}_s",
    "gap_sd": "timing_gap_sd_{d}_s",
    "gap_min": "timing_gap_min_{d}_s",
    "gap_median": "timing_gap_median_{d}_s",
    "burstiness": "timing_burstiness_{d}_ratio",
    "recency": "timing_recency_{d}_s",
    "span": "timing_span_{d}_s",
}
ZERO_WHEN_EMPTY = ("count", "total", "distinct")  # the peers have no row there
HISTORY_CAP = 10_000  # above it our columns describe the newest transfers only
TOLERANCE = 1e-6
RUNS = (("pandas", 1), ("polars", 1), ("polars", 2), ("duckdb", 1), ("duckdb", 2))


def measure(
    transfers: Path, ledger: Path, *, as_of: pd.Timestamp, repeats: int, work: Path
) -> list[Measure]:
    """Time every engine in turn, repeats times over, then compare the values.

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
    for source, name in ((transfers, "file"), (ledger, "kernels")):  # fill the kernel cache
        run("ours.py", name, source, "--as-of", as_of.isoformat())
    seen: dict[str, list[dict[str, float]]] = {}
    kernel_runs = []
    for turn in range(repeats):
        keep = turn == 0
        for engine, threads in RUNS:
            out = ("--out", work / f"{engine}.parquet") if keep else ()
            figures = run(
                "peers.py", engine, transfers, "--threads", threads,
                "--as-of-us", as_of.value // 1000, *out,
            )  # fmt: skip
            seen.setdefault(f"{engine} from the file, {threads_word(threads)}", []).append(figures)
        for kind, source in (("file", transfers), ("ledger", ledger)):
            for threads in (1, 2):
                out = ("--out", work / f"{kind}.parquet") if keep else ()
                figures = run(
                    "ours.py", kind, source, "--threads", threads,
                    "--as-of", as_of.isoformat(), *out,
                )  # fmt: skip
                name = f"walletrisk from the {kind}, {threads_word(threads)}"
                seen.setdefault(name, []).append(figures)
        kernel_runs.append(run("ours.py", "kernels", ledger, "--as-of", as_of.isoformat()))
    measures = _times(seen) + _ratios(seen)
    for name in kernel_runs[0]:
        values = [each[name] for each in kernel_runs]
        measures.append(summary(f"aggregates: kernels alone, 1 thread, {name}", values, "s"))
    measures += _agreement(work)
    return measures


def _times(seen: dict[str, list[dict[str, float]]]) -> list[Measure]:
    measures = []
    for name, runs in seen.items():
        measures.append(summary(f"aggregates: {name}", [each["total"] for each in runs], "s"))
        peak = [each["rss_mib"] for each in runs]
        measures.append(summary(f"aggregates: {name}, peak memory", peak, "MiB"))
        for part in ("read", "ledger", "open", "spine", "table"):
            if part in runs[0]:
                values = [each[part] for each in runs]
                measures.append(summary(f"aggregates: {name}, of it {part}", values, "s"))
    columns = next(each["columns"] for runs in seen.values() for each in runs if "columns" in each)
    measures.append(Measure("aggregates: columns of walletrisk's table", columns, "columns"))
    measures.append(Measure("aggregates: columns of the others", 2 * len(AGGREGATES), "columns"))
    return measures


def _ratios(seen: dict[str, list[dict[str, float]]]) -> list[Measure]:
    """Return the fastest peer's median time over ours, at equal threads."""
    medians = {
        name: float(np.median([each["total"] for each in runs])) for name, runs in seen.items()
    }
    measures = []
    for threads in (threads_word(1), threads_word(2)):
        peers = [
            value
            for name, value in medians.items()
            if name.endswith(f", {threads}") and not name.startswith("walletrisk")
        ]
        for kind in ("file", "ledger"):
            ours = medians[f"walletrisk from the {kind}, {threads}"]
            name = f"aggregates: fastest other / walletrisk from the {kind}, {threads}"
            measures.append(Measure(name, min(peers) / ours, "x", target=3.0, at_least=True))
    return measures


def _agreement(work: Path) -> list[Measure]:
    """Compare all 44 columns on every wallet whose history is read whole."""
    ours = pd.read_parquet(work / "file.parquet").sort_index()
    counts = ours[["coverage_in_count", "coverage_out_count"]]
    whole = (counts <= HISTORY_CAP).all(axis=1)
    again = pd.read_parquet(work / "ledger.parquet").sort_index()
    same = ours.equals(again)
    measures = [
        Measure("aggregates: wallets compared", float(whole.sum()), "wallets"),
        Measure("aggregates: wallets left out, history capped", float((~whole).sum()), "wallets"),
        Measure(
            "aggregates: table from the file and from the ledger are equal, bit for bit",
            float(same), "(1 = yes)", target=1.0, at_least=True,
        ),
    ]  # fmt: skip
    for engine in sorted({engine for engine, _ in RUNS}):
        theirs = pd.read_parquet(work / f"{engine}.parquet").set_index("wallet")
        differing = _differing(ours[whole], theirs.reindex(ours.index[whole]))
        name = f"aggregates: cells that differ from {engine} by more than {TOLERANCE:g} (relative)"
        measures.append(Measure(name, float(sum(differing.values())), "cells", target=0))
        if sum(differing.values()):
            print(f"  {engine}: { ({k: v for k, v in differing.items() if v}) }")
    return measures


def _differing(ours: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, int]:
    found = {}
    for side in SIDES:
        for name in AGGREGATES:
            a = ours[OURS[name].format(d=side)].to_numpy(np.float64)
            b = theirs[f"{side}_{name}"].to_numpy(np.float64)
            if name in ZERO_WHEN_EMPTY:
                b = np.nan_to_num(b)
            # a share or a ratio near 0 is compared by its absolute difference
            close = np.isclose(a, b, rtol=TOLERANCE, atol=1e-9, equal_nan=True)
            found[f"{side}_{name}"] = int((~close).sum())
    return found
