"""Stage ``snapml``: the graph feature preprocessor beside walletrisk, in turns."""

import importlib.util
import json
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from experiments.common.processes import run_script, threads_word
from experiments.common.results import Measure, summary

run = partial(run_script, Path(__file__).resolve().parent)

VERTEX_TARGET, STREAM_TARGET, CYCLE_TARGET = 15.0, 4.0, 40.0
STATISTICS = ("fan", "degree", "ratio", "mean", "sum", "variance", "skew", "kurtosis")
RATIO = 2
TOLERANCE = 1e-6
CYCLE_BATCH, CYCLE_LIMIT_S = 128, 25


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of each thing is done.

    Parameters
    ----------
    warm : int
        Edges that the preprocessor's graph takes in before it is timed.
    seconds : float
        Time of one timed run of the preprocessor, over all its positions.
    stream, public, compared : int
        Transfers streamed, streamed through frames, and compared value by value.
    cycles : int
        Transfers a position whose cycles walletrisk looks for.
    """

    warm: int = 600_000
    seconds: float = 10.0
    stream: int = 20_000
    public: int = 1_000
    compared: int = 50_000
    cycles: int = 100_000


def measure(
    gfp: Path, transfers: Path, ledger: Path, *, repeats: int, amount: Amount, work: Path
) -> list[Measure]:
    """Time both in turns, repeats times over, then compare the values.

    Parameters
    ----------
    gfp : pathlib.Path
        Interpreter that has snapml.
    transfers, ledger : pathlib.Path
        The parquet file, and the folder of the ledger that was built from it.
    repeats : int
        Runs of each; they alternate, so that a slow minute meets both.
    amount : Amount
    work : pathlib.Path
        Folder for the edges, the values, and a second file in which money circulates.
    """
    both = _both(gfp, ledger, amount, work / "edges.npy")
    measures = both.vertex(repeats) + both.stream(repeats) + both.agreement(work)
    if importlib.util.find_spec("features.views.patterns.cycles") is None:
        print("  cycles: skipped, this version of walletrisk has no features/cycles.py")
        return measures
    run("engine_work.py", "circulate", transfers, "--out", work / "circulating.parquet")
    run("engine_work.py", "build", work / "circulating.parquet", "--out", work / "circulating")
    circulating = _both(gfp, work / "circulating", amount, work / "circulating.npy")
    return (
        measures
        + both.cycles(repeats, "few cycles")
        + circulating.cycles(repeats, "circulating money")
    )


def _both(gfp: Path, ledger: Path, amount: Amount, edges: Path) -> "Both":
    figures = run("window_work.py", "edges", ledger, "--stream", amount.stream, "--out", edges)
    n = int(figures["edges"])
    positions = (min(amount.warm, n // 2), n // 2, n - n // 10)
    return Both(gfp, ledger, edges, amount, [f"--at={at}" for at in positions], n)


@dataclass(frozen=True, slots=True)
class Both:
    """The two engines on the same edges."""

    gfp: Path
    ledger: Path
    edges: Path
    amount: Amount
    positions: list[str]
    n: int

    def _theirs(self, features: str, threads: int, batch: int, *at: str) -> dict[str, float]:
        return run(
            "gfp_work.py", "speed", "--edges", self.edges, "--features", features,
            "--threads", threads, "--batch", batch, "--warm", self.amount.warm,
            "--seconds", self.amount.seconds, *(at or self.positions), python=self.gfp,
        )  # fmt: skip

    def vertex(self, repeats: int) -> list[Measure]:
        """Statistics of one day of both wallets of every transfer."""
        theirs, ours = defaultdict(list), defaultdict(list)
        for _ in range(repeats):
            for threads in (1, 2):
                for batch in (128, 1):
                    theirs[threads, batch].append(self._theirs("vertex", threads, batch))
                figures = run("window_work.py", "vertex", self.ledger, "--threads", threads)
                ours[threads].append(figures)
        measures = []
        for threads, runs in ours.items():
            word = threads_word(threads)
            rate = summary(
                f"snapml: 1-day statistics, walletrisk, {word}", _rates(runs), "transfers/s"
            )
            measures.append(rate)
            whole = [each["table_rate"] for each in runs]
            measures.append(summary(f"{rate.name}, as two whole tables", whole, "transfers/s"))
            peak = [each["rss_mib"] for each in runs]
            measures.append(summary(f"{rate.name}, peak memory", peak, "MiB"))
            for batch in (128, 1):
                name = f"snapml: 1-day statistics, snapml batch {batch}, {word}"
                measures += _speed(name, theirs[threads, batch], "transfers/s")
                measures.append(
                    Measure(
                        f"snapml: 1-day statistics, walletrisk / snapml batch {batch}, {word}",
                        rate.value / float(np.median(_rates(theirs[threads, batch]))),
                        "x",
                        target=VERTEX_TARGET if batch == 128 else None,
                        at_least=True,
                    )
                )
        return measures

    def stream(self, repeats: int) -> list[Measure]:
        """Transfers that arrive one by one, and 128 at a time with each row at its own moment."""
        ways = {
            "one by one, codes": ("arrays", 1, self.amount.stream),
            "one by one, frames": ("public", 1, self.amount.public),
            "128 at a time, codes": ("arrays", 128, self.amount.stream),
            "128 at a time, frames": ("public", 128, 8 * self.amount.public),
        }
        theirs, ours = [], defaultdict(list)
        for _ in range(repeats):
            theirs.append(self._theirs("vertex", 1, 1, f"--at={self.n}"))
            for name, (way, batch, first) in ways.items():
                figures = run(
                    "window_work.py", "stream", self.ledger, "--edges", self.edges,
                    "--way", way, "--batch", batch, "--first", min(first, self.amount.stream),
                )  # fmt: skip
                ours[name].append(figures)
        measures = _speed("snapml: stream, snapml batch 1", theirs, "transfers/s")
        for name, runs in ours.items():
            measures += _speed(f"snapml: stream, walletrisk {name}", runs, "transfers/s")
            measures.append(
                Measure(
                    f"snapml: stream, walletrisk {name} / snapml batch 1",
                    float(np.median(_rates(runs)) / np.median(_rates(theirs))),
                    "x",
                    target=STREAM_TARGET if name.startswith("one") else None,
                    at_least=True,
                )
            )
        return measures

    def _their_cycles(self, threads: int) -> dict[str, float]:
        """Their speed; if it is stopped, the batch under way counts as done, an upper bound."""
        progress = self.edges.with_suffix(".progress")
        try:
            return run(
                "gfp_work.py", "speed", "--edges", self.edges, "--features", "cycles",
                "--threads", threads, "--batch", CYCLE_BATCH, "--warm", self.amount.warm,
                "--seconds", self.amount.seconds, "--progress", progress, *self.positions,
                python=self.gfp, limit_s=CYCLE_LIMIT_S,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            done = json.loads(progress.read_text())
            seconds = done["busy"] + time.time() - done["since"]
            return {"rate": (done["edges"] + CYCLE_BATCH) / seconds, "stopped": 1.0}

    def cycles(self, repeats: int, data: str) -> list[Measure]:
        """Cycles: theirs within a day and of any length, ours of at most six transfers."""
        theirs, ours = defaultdict(list), defaultdict(list)
        for _ in range(repeats):
            for threads in (1, 2):
                theirs[threads].append(self._their_cycles(threads))
                figures = run(
                    "window_work.py", "cycles", self.ledger, "--edges", self.edges,
                    "--threads", threads, "--first", self.amount.cycles, *self.positions,
                )  # fmt: skip
                ours[threads].append(figures)
        measures = []
        for threads, runs in ours.items():
            what = f"{data}, {threads_word(threads)}"
            name = f"snapml: cycles up to 6, walletrisk, {what}"
            measures.append(summary(name, _rates(runs), "transfers/s"))
            name = f"snapml: cycles of any length, snapml batch {CYCLE_BATCH}, {what}"
            measures.append(summary(name, _rates(theirs[threads]), "transfers/s"))
            stopped = sum(each.get("stopped", 0.0) for each in theirs[threads])
            measures.append(
                Measure(f"{name}, runs stopped after {CYCLE_LIMIT_S} s", stopped, "runs")
            )
            measures.append(
                Measure(
                    f"snapml: cycles, walletrisk up to 6 / snapml any length, {what}",
                    float(np.median(_rates(runs)) / np.median(_rates(theirs[threads]))),
                    "x",
                    target=CYCLE_TARGET,
                    at_least=True,
                )
            )
        return measures

    def agreement(self, work: Path) -> list[Measure]:
        """Compare the 32 columns of some transfers, the preprocessor's one at a time."""
        a, b = work / "ours.npy", work / "theirs.npy"
        at = int(self.positions[0].removeprefix("--at="))
        some = ("--edges", self.edges, "--first", self.amount.compared, self.positions[0])
        run("window_work.py", "values", self.ledger, *some, "--out", a)
        run(
            "gfp_work.py", "values", *some, "--warm", self.amount.warm, "--out", b, python=self.gfp
        )  # fmt: skip
        ours, theirs = np.nan_to_num(np.load(a)), np.load(b)
        with np.errstate(divide="ignore"):
            share = theirs[:, RATIO :: len(STATISTICS)]
            theirs[:, RATIO :: len(STATISTICS)] = np.where(share > 0, 1 / share, 0.0)
        equal = np.isclose(ours, theirs, rtol=TOLERANCE, atol=1e-9)
        around = np.load(self.edges, mmap_mode="r")[: at + 2 * len(ours)]
        alone = ~_tied(around)[at : at + len(ours)]
        measures = [
            Measure("snapml: transfers compared", float(len(ours)), "transfers"),
            Measure("snapml: equal values, all transfers", float(equal.mean()), "share"),
            Measure(
                "snapml: equal values, no other transfer of either wallet at the instant",
                float(equal[alone].mean()),
                "share",
            ),
        ]
        for who, table in (("snapml", theirs), ("walletrisk", ours)):
            name = f"snapml: kurtosis below 1, which no data have, {who}"
            measures.append(Measure(name, _impossible(table), "of 1000 windows"))
        for place, name in enumerate(STATISTICS):
            part = float(equal[alone][:, place :: len(STATISTICS)].mean())
            measures.append(Measure(f"snapml: equal values, {name}, no such ties", part, "share"))
        return measures


def _impossible(table: npt.NDArray[np.float64]) -> float:
    """Windows with a variance, in 1000, whose kurtosis is below its least possible value."""
    variance, kurtosis = (
        table[:, STATISTICS.index(name) :: len(STATISTICS)] for name in ("variance", "kurtosis")
    )
    spread = (variance > 0) & (kurtosis != 0)  # 0 stands for a shape that is not defined
    return float((kurtosis[spread] < 1 - TOLERANCE).mean() * 1000)


def _tied(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether a wallet of an edge has another edge at the same second."""
    wallets, times = edges[:, 1:3], np.repeat(edges[:, 3:4], 2, axis=1)
    keys = np.stack([wallets, times], axis=-1).reshape(-1, 2)
    _, place, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    several = (count[place] > 1).reshape(-1, 2)
    return several[:, 0] | several[:, 1]


def _rates(runs: list[dict[str, float]]) -> list[float]:
    return [each["rate"] for each in runs]


def _speed(name: str, runs: list[dict[str, float]], unit: str) -> list[Measure]:
    return [
        summary(name, _rates(runs), unit),
        summary(f"{name}, p50 a call", [each["p50_us"] for each in runs], "us"),
        summary(f"{name}, p99 a call", [each["p99_us"] for each in runs], "us"),
    ]
