"""Stage ``table``: the whole default table, how it grows, and what a hub costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from experiments.common.processes import free_gib, run_script
from experiments.common.results import Measure, summary
from experiments.common.synthetic import Sizes, generate, labels, write

run = partial(run_script, Path(__file__).resolve().parent)

RATE_TARGET, MEMORY_TARGET, HUB_TARGET_MS = 250_000, 2.5 * 1024, 20.0
GROWTH = (500_000, 5_000_000, 20_000_000)
BYTES_A_TRANSFER = 700  # at the peak of generating and building, text of ids included


@dataclass(frozen=True, slots=True)
class Data:
    """Files of one generated table.

    Parameters
    ----------
    transfers, labels, ledger : pathlib.Path
        The parquet file, the labels, and the folder of the saved ledger.
    """

    transfers: Path
    labels: Path
    ledger: Path


def data(work: Path, sizes: Sizes, *, seed: int) -> Data:
    """Generate transfers, labels and a ledger, unless they are there."""
    made = Data(*(work / f"{name}-{sizes.transfers}" for name in ("transfers", "labels", "ledger")))
    if not made.ledger.exists():
        synthetic = generate(seed, sizes)
        write(synthetic, made.transfers)
        labels(synthetic, n_licit=4000, seed=seed).to_parquet(made.labels)
        del synthetic
        run("engine_work.py", "build", made.transfers, "--out", made.ledger)
    return made


def measure(
    make: Callable[[Sizes], Data], as_of: pd.Timestamp, *, quick: bool, repeats: int, seed: int
) -> list[Measure]:
    """Time the table of every wallet at several sizes, and one row of hubs of several sizes.

    Parameters
    ----------
    make : callable
        Makes the data of a size, or finds them.
    as_of : pandas.Timestamp
        Later than every transfer.
    quick : bool
        Tiny sizes.
    repeats : int
        Fresh processes a figure.
    seed : int
        Seed of the hubs.
    """
    measures = []
    for transfers in (20_000,) if quick else GROWTH:
        sizes = Sizes(transfers=transfers, wallets=transfers // 10)
        needed = transfers * BYTES_A_TRANSFER / 2**30
        if free_gib() < needed:
            print(f"  {transfers:,} transfers: skipped, needs {needed:.0f} GiB of free memory")
            continue
        measures += _tables(make(sizes), as_of, transfers, repeats)
    return measures + _hubs(3 if quick else 6, seed, repeats)


def _tables(made: Data, as_of: pd.Timestamp, transfers: int, repeats: int) -> list[Measure]:
    kinds = {
        "no labels, 1 thread": ("--threads", 1),
        "no labels, 2 threads": ("--threads", 2),
        "labels, 2 threads": ("--threads", 2, "--labels", made.labels),
    }
    common = ("engine_work.py", "table", made.ledger, "--as-of", as_of.isoformat())
    run(*common)  # fill the kernel cache
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in kinds}
    for _ in range(repeats):
        for name, extra in kinds.items():
            runs[name].append(run(*common, *extra))
    measures = []
    for name, figures in runs.items():
        label = f"table: {transfers:,} transfers, {name}"
        aimed = transfers == GROWTH[1] and "2 threads" in name
        rate = summary(label, [each["rate"] for each in figures], "transfers/s")
        peak = summary(f"{label}, peak memory", [each["rss_mib"] for each in figures], "MiB")
        cpu = [each["cpu_us_per_row"] for each in figures]
        measures += [
            replace(rate, target=RATE_TARGET, at_least=True) if aimed else rate,
            replace(peak, target=MEMORY_TARGET) if aimed else peak,
            summary(f"{label}, CPU a row, start included", cpu, "us"),
        ]
    last = figures[-1]
    measures.append(Measure(f"table: {transfers:,} transfers, rows", last["rows"], "rows"))
    measures.append(Measure("table: columns", last["columns"], "columns"))
    return measures


def _hubs(largest: int, seed: int, repeats: int) -> list[Measure]:
    runs = [
        run("engine_work.py", "hubs", "-", "--largest", largest, "--seed", seed)
        for _ in range(repeats)
    ]
    measures = []
    for size, figures in runs[0].items():
        label = f"table: row of a wallet with {int(size):,} transfers"
        target = HUB_TARGET_MS if int(size) == 10**6 else None
        cpu = [each[size]["cpu_ms"] for each in runs]
        measures += [
            summary(f"{label}, CPU", cpu, "ms", target=target),
            Measure(f"{label}, coverage_truncated_share", figures["truncated"], ""),
            Measure(
                f"{label}, lifetime counts exact", figures["exact"], "(1 = yes)",
                target=1.0, at_least=True,
            ),
        ]  # fmt: skip
    return measures
