"""Child process: the work of one revision, timed by its public names alone."""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features import Ledger, feature_table

ONE_BY_ONE = 300
THREADS = 2


def seconds(work: Callable[[], object]) -> float:
    """Time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Time everything and print it as JSON."""
    source, labels, folder = map(Path, sys.argv[1:])
    frame, known = pq.read_table(source).to_pandas(), pd.read_parquet(labels)
    figures = {"check and build": seconds(lambda: Ledger.from_transfers(frame).save(folder))}
    ledger = Ledger.open(folder)
    as_of = ledger.last_timestamp + pd.Timedelta("1s")  # type: ignore[operator]
    names = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    spine = pd.DataFrame({"wallet": names, "as_of": as_of})
    feature_table(ledger, spine[:50], labels=known)  # loads the kernels
    for name, given in (("without labels", None), ("with labels", known)):
        table = partial(feature_table, ledger, spine, labels=given, threads=THREADS)
        figures[f"whole table {name}"] = seconds(table)
    one = [spine.iloc[[row]] for row in range(0, len(spine), len(spine) // ONE_BY_ONE)]
    figures["one row"] = seconds(lambda: [feature_table(ledger, row) for row in one]) / len(one)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
