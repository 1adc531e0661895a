"""Child process: walletrisk's ledger, tables and rows, timed."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.common.processes import confine, peak_mib

START = time.perf_counter()  # of this process, but for the interpreter and these imports

from features import Ledger, Transfer, feature_table  # noqa: E402 - the clock runs from here
from features.past.known_labels import NO_LABELS  # noqa: E402
from features.table import compute_rows  # noqa: E402
from features.views import VIEWS  # noqa: E402

STANDARD = ("coverage", "amounts", "timing", "counterparties")
IMPORTED = time.perf_counter()


def build(arguments: argparse.Namespace) -> dict[str, Any]:
    """Build a ledger from the parquet file and save it."""
    ledger = Ledger.from_transfers(pq.read_table(arguments.source).to_pandas())
    ledger.save(arguments.out)
    return {"rss_mib": peak_mib()}


def circulate(arguments: argparse.Namespace) -> dict[str, Any]:
    """Write the transfers with the busiest recipient in the place of the busiest sender, and so on.

    In the generated table who sends much does not receive much, so that hardly a cycle closes; at
    exchanges and services money comes and goes.
    """
    table = pq.read_table(arguments.source)
    n = table.num_rows
    ends = pa.concat_arrays([*table["sender"].chunks, *table["recipient"].chunks])
    encoded = ends.dictionary_encode()
    sender, recipient = np.split(encoded.indices.to_numpy(), [n])
    size = len(encoded.dictionary)
    senders, recipients = (
        np.argsort(-np.bincount(codes, minlength=size), kind="stable")
        for codes in (sender, recipient)
    )
    rank = np.empty(size, np.int64)
    rank[recipients] = np.arange(size)
    other = senders[rank[recipient]]
    itself = other == sender
    other[itself] = senders[(rank[recipient[itself]] + 1) % size]
    place = table.schema.get_field_index("recipient")
    pq.write_table(
        table.set_column(place, "recipient", encoded.dictionary.take(pa.array(other))),
        arguments.out,
    )
    return {"rss_mib": peak_mib()}


def table(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every wallet's row, from the saved ledger."""
    views = VIEWS
    if arguments.views == "standard":
        views = tuple(view for view in VIEWS if view.name in STANDARD)
    elif arguments.views == "aggregates":
        from aggregates_view import AGGREGATES

        views = (AGGREGATES,)
    labels = None if arguments.labels is None else pd.read_parquet(arguments.labels)
    begin = time.perf_counter()
    ledger = Ledger.open(arguments.source)
    spine = pd.DataFrame(
        {"wallet": ledger.wallets.all_text().to_pandas(), "as_of": arguments.as_of}
    )
    found = feature_table(ledger, spine, labels=labels, views=views, threads=arguments.threads)
    total = time.perf_counter() - begin
    figures = {
        "total": total,
        "rate": ledger.n_transfers / total,
        "cpu_us_per_row": time.process_time() / len(found) * 1e6,
        "columns": found.shape[1],
        "rows": len(found),
        "rss_mib": peak_mib(),
    }
    if arguments.out is not None:
        pq.write_table(pa.Table.from_pandas(found.reset_index("as_of", drop=True)), arguments.out)
    return figures


def hubs(arguments: argparse.Namespace) -> dict[str, Any]:
    """CPU time of one row of wallets that differ in their number of transfers."""
    random = np.random.default_rng(arguments.seed)
    sizes = [10**k for k in range(3, arguments.largest + 1)]
    hub = np.repeat([f"hub{size}" for size in sizes], sizes)
    n = hub.size
    other = np.char.add("w", random.integers(0, 50_000, n).astype(str))
    sent = random.random(n) < 0.5
    seconds = np.sort(random.integers(0, 90 * 86_400, n))
    order = random.permutation(n)
    ledger = Ledger.from_transfers(
        pd.DataFrame(
            {
                "tx_id": np.char.add("t", np.arange(n).astype(str)),
                "timestamp": pd.to_datetime(seconds, unit="s", utc=True).as_unit("us"),
                "sender": np.where(sent, hub[order], other),
                "recipient": np.where(sent, other, hub[order]),
                "amount": random.lognormal(2.0, 1.0, n),
                "asset": "eth",
            }
        )
    )
    as_of = np.array([90 * 86_400_000_000])
    found: dict[str, Any] = {}
    for size in sizes:
        code = ledger.codes([f"hub{size}"])
        spent = []
        for _ in range(arguments.repeats + 1):
            begin = time.thread_time()
            row = compute_rows(ledger, code, as_of, labels=NO_LABELS)[0]
            spent.append(time.thread_time() - begin)
        names = [column.name for view in VIEWS for column in view.columns]
        values = dict(zip(names, row.tolist(), strict=True))
        out = int(sent[hub[order] == f"hub{size}"].sum())
        exact = (values["coverage_in_count"], values["coverage_out_count"]) == (size - out, out)
        found[str(size)] = {
            "cpu_ms": float(np.median(spent[1:])) * 1e3,
            "truncated": values["coverage_truncated_share"],
            "exact": float(exact),
        }
    return found


def increment(arguments: argparse.Namespace) -> dict[str, Any]:
    """Append one transfer, then the whole row of its sender, by kind of wallet."""
    ledger = Ledger.open(arguments.source)
    ledger.reserve(10 * arguments.repeats + 100)
    degree = ledger.incoming.count[: ledger.n_wallets] + ledger.outgoing.count[: ledger.n_wallets]
    random = np.random.default_rng(arguments.seed)
    active = random.choice(degree.size, arguments.repeats, p=degree / degree.sum())
    hubs = np.resize(np.argsort(degree)[::-1][:100], arguments.repeats)
    known = np.flatnonzero(degree)
    found: dict[str, Any] = {}
    number = 0
    for kind, codes in (("by activity", active), ("the 100 hubs", hubs)):
        laps = []
        for turn in range(-20, len(codes)):  # the first ones load kernels and pages
            number += 1
            wallet = ledger.wallet(int(codes[max(turn, 0)]))
            laps.append(
                _increment(ledger, wallet, ledger.wallet(int(random.choice(known))), number)
            )
        for name, column in zip(("append", "row"), np.array(laps[20:]).T, strict=True):
            found |= _quantiles(f"{kind}, of it {name}", column)
        found |= _quantiles(kind, np.array(laps[20:]).sum(axis=1))
    return found


def _increment(ledger: Ledger, wallet: str, other: str, number: int) -> tuple[float, float]:
    """Seconds of the append and of the row."""
    last = ledger.last_timestamp or pd.Timestamp(0, tz="UTC")
    moment = last + pd.Timedelta(seconds=1)
    transfer = Transfer(f"increment{number}", moment, wallet, other, 1.0, ledger.unit)
    begin = time.perf_counter()
    ledger.append_one(transfer)
    appended = time.perf_counter()
    code, as_of = np.array([ledger.code(wallet)], np.int32), np.array([(ledger.last_time or 0) + 1])
    compute_rows(ledger, code, as_of, labels=NO_LABELS)
    return appended - begin, time.perf_counter() - appended


def _quantiles(name: str, seconds: "np.ndarray[Any, np.dtype[np.float64]]") -> dict[str, float]:
    return {f"{name}, p{q}": float(np.quantile(seconds, q / 100)) * 1e6 for q in (50, 99)}


def first_row(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time from the start of the process to the first row of every view, in parts."""
    ledger = Ledger.open(arguments.source)
    spine = pd.DataFrame({"wallet": [ledger.wallet(0)], "as_of": [arguments.as_of]})
    begin = time.perf_counter()
    feature_table(ledger, spine)
    end = time.perf_counter()
    return {"imports": IMPORTED - START, "row": end - begin, "all": end - START}


WORK = {
    "build": build,
    "circulate": circulate,
    "table": table,
    "hubs": hubs,
    "increment": increment,
    "first-row": first_row,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("source", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--as-of", type=pd.Timestamp, default=None)
    parser.add_argument("--views", choices=("all", "standard", "aggregates"), default="all")
    parser.add_argument("--labels", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--largest", type=int, default=6, help="power of ten of the largest hub")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    confine(2 if arguments.work in ("build", "circulate") else arguments.threads)
    json.dump(WORK[arguments.work](arguments), sys.stdout)


if __name__ == "__main__":
    main()
