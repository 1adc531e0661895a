"""Child process: one timed piece of work by walletrisk, its figures as one line of JSON."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.common.processes import peak_mib
from experiments.common.synthetic import hex_names
from features import Ledger, feature_table
from features.past import NO_LABELS, past_of
from features.views import VIEWS

NAMES = ("coverage", "amounts", "timing", "counterparties")
AGGREGATES = tuple(view for view in VIEWS if view.name in NAMES)
Figures = dict[str, float]


class Clock:
    """Names the seconds since the last lap."""

    def __init__(self) -> None:
        self.laps: Figures = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Note the time since the last lap, or since the start, under a name."""
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def read(path: Path) -> pd.DataFrame:
    """Read all columns of the transfers."""
    return pq.read_table(path).to_pandas()


def every_wallet(ledger: Ledger, as_of: pd.Timestamp) -> pd.DataFrame:
    """One spine row a wallet, all at one moment."""
    return pd.DataFrame({"wallet": ledger.wallets.all_text().to_pandas(), "as_of": as_of})


def table_from_file(arguments: argparse.Namespace) -> Figures:
    clock = Clock()
    frame = read(arguments.source)
    clock.lap("read")
    ledger = Ledger.from_transfers(frame)
    del frame
    clock.lap("ledger")
    return _table(ledger, arguments, clock)


def table_from_ledger(arguments: argparse.Namespace) -> Figures:
    clock = Clock()
    ledger = Ledger.open(arguments.source)
    clock.lap("open")
    return _table(ledger, arguments, clock)


def _table(ledger: Ledger, arguments: argparse.Namespace, clock: Clock) -> Figures:
    spine = every_wallet(ledger, arguments.as_of)
    clock.lap("spine")
    table = feature_table(ledger, spine, views=AGGREGATES, threads=arguments.threads)
    clock.lap("table")
    figures = {**clock.laps, "total": sum(clock.laps.values()), "rss_mib": peak_mib()}
    if arguments.out is not None:
        pq.write_table(pa.Table.from_pandas(table.reset_index("as_of", drop=True)), arguments.out)
    return {**figures, "columns": table.shape[1]}


def kernels(arguments: argparse.Namespace) -> Figures:
    """Time the views alone: no strings, no frame; loaded kernels, pages already touched."""
    ledger = Ledger.open(arguments.source)
    codes = np.arange(ledger.n_wallets, dtype=np.int32)
    as_of = np.full(codes.size, arguments.as_of.value // 1000)
    figures = {}
    for view in AGGREGATES:
        seconds = []
        for _ in range(2):
            begin = time.perf_counter()
            view.rows(view.given(ledger, past_of(ledger, codes, as_of, NO_LABELS)))
            seconds.append(time.perf_counter() - begin)
        figures[view.name] = seconds[-1]
    return {**figures, "total": sum(figures.values())}


def build(arguments: argparse.Namespace) -> Figures:
    clock = Clock()
    frame = read(arguments.source)
    clock.lap("read")
    ledger = Ledger.from_transfers(frame)
    del frame
    clock.lap("build")
    rss = peak_mib()
    begin = time.perf_counter()
    ledger.save(arguments.out)
    saved = time.perf_counter() - begin
    stored = sum(file.stat().st_size for file in arguments.out.rglob("*") if file.is_file())
    return {
        **clock.laps,
        "save": saved,
        "rss_mib": rss,
        "array_bytes_per_transfer": ledger.nbytes / ledger.n_transfers,
        "stored_bytes_per_transfer": stored / ledger.n_transfers,
    }


def open_ledger(arguments: argparse.Namespace) -> Figures:
    clock = Clock()
    ledger = Ledger.open(arguments.source)
    clock.lap("open")
    ledger.codes([ledger.wallet(ledger.n_wallets // 2)])
    clock.lap("first_lookup")
    return {**clock.laps, "rss_mib": peak_mib()}


def append(arguments: argparse.Namespace) -> Figures:
    """Time appends of new transfers between known wallets, one in twenty from a new one."""
    ledger = Ledger.open(arguments.source)
    rng = np.random.default_rng([arguments.seed, 1])  # not the ids of the table
    seconds = []
    for _ in range(arguments.repeats + 1):
        frame = new_transfers(ledger, rng, arguments.rows)
        begin = time.perf_counter()
        added = ledger.append(frame)
        seconds.append(time.perf_counter() - begin)
        if added != len(frame):
            raise RuntimeError(f"append added {added} of {len(frame)} transfers")
    later = np.array(seconds[1:])
    return {
        "first": seconds[0],
        "p50": float(np.median(later)),
        "fastest": float(later.min()),
        "slowest": float(later.max()),
    }


def new_transfers(ledger: Ledger, rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw transfers of the minute after the ledger's last one, one in fifty an hour late."""
    last = ledger.last_timestamp
    if last is None:
        raise ValueError("the ledger is empty")
    second = np.sort(rng.integers(1, 61, n)) - np.where(rng.random(n) < 0.02, 3600, 0)
    codes = rng.integers(0, ledger.n_wallets, 2 * n).tolist()
    names = np.array([ledger.wallet(code) for code in codes], dtype=object)
    fresh = rng.random(n) < 0.05
    names[:n][fresh] = hex_names(rng, int(fresh.sum()), n_bytes=20).to_pylist()
    return pd.DataFrame(
        {
            "tx_id": hex_names(rng, n, n_bytes=32).to_pandas(),
            "position": np.zeros(n, np.int32),
            "timestamp": last + pd.to_timedelta(second, unit="s").as_unit("us"),
            "sender": pd.array(names[:n], dtype="str"),
            "recipient": pd.array(names[n:], dtype="str"),
            "amount": rng.lognormal(2.0, 1.0, n),
            "asset": ledger.unit,
        }
    )


def first_row(arguments: argparse.Namespace) -> Figures:
    """Time the first row of every view: the start of the kernels."""
    ledger = Ledger.open(arguments.source)
    spine = pd.DataFrame({"wallet": [ledger.wallet(0)], "as_of": [arguments.as_of]})
    clock = Clock()
    feature_table(ledger, spine)
    clock.lap("first")
    feature_table(ledger, spine)
    clock.lap("second")
    return clock.laps


WORK: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "file": table_from_file,
    "ledger": table_from_ledger,
    "kernels": kernels,
    "build": build,
    "open": open_ledger,
    "append": append,
    "first-row": first_row,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("source", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--as-of", type=pd.Timestamp, default=None)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    # as many cores as threads, so that no library takes more than it was given
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])
    pa.set_cpu_count(arguments.threads)
    json.dump(WORK[arguments.work](arguments), sys.stdout)


if __name__ == "__main__":
    main()
