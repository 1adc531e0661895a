"""Child process: what the graph feature preprocessor does, done by walletrisk, timed."""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from vertex_view import VERTEX

from experiments.common.processes import confine, peak_mib
from features import Ledger, feature_table
from features.ledger.side import Log
from features.past import NO_LABELS, past_of
from features.table import compute_rows

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Compute = Callable[[Ledger, Int32s, Int64s], object]
CHUNK = 2_000
MICROSECOND = 1  # as_of = time + 1 us: the transfer itself and those of its instant are in


def ends(ledger: Ledger) -> list[tuple[Int32s, Int64s, Int32s]]:
    """Owners, instants and rows of the senders, then of the recipients."""
    found = []
    for slices in (ledger.outgoing, ledger.incoming):
        places, count = slices.places(), slices.count
        owner = np.repeat(np.arange(count.size, dtype=np.int32), count)
        found.append((owner, slices.time[places], slices.transfer[places]))
    return found


def edges(arguments: argparse.Namespace) -> dict[str, Any]:
    """Save the transfers as edges in order of time, and which have a later one at their instant.

    After them come ``--stream`` more: the wallets of the last ones again, a minute later.
    """
    ledger = Ledger.open(arguments.source)
    sender, time_us, row = ends(ledger)[0]
    places = ledger.outgoing.places()
    recipient, amount = ledger.outgoing.counterparty[places], ledger.outgoing.amount[places]
    order = np.lexsort((row, time_us))  # rows of a saved ledger are in its order of ties
    whole = np.empty((order.size, 5))
    whole[:, 0], whole[:, 1], whole[:, 2] = np.arange(order.size), sender[order], recipient[order]
    whole[:, 3], whole[:, 4] = time_us[order] // 1_000_000, amount[order]
    more = whole[-arguments.stream :].copy()
    more[:, 0] += arguments.stream
    more[:, 3] += whole[-1, 3] - more[0, 3] + 60
    np.save(arguments.out, np.concatenate([whole, more]))
    return {"edges": len(whole)}


def vertex(arguments: argparse.Namespace) -> dict[str, Any]:
    """Two tables: the sender and the recipient of every transfer."""
    ledger = Ledger.open(arguments.source)
    both = ends(ledger)
    _rows(ledger, both[0][0][:2], both[0][1][:2])  # loads the kernels
    n = ledger.n_transfers
    begin = time.perf_counter()
    for owner, instant, _ in both:
        _in_chunks(_rows, ledger, owner, instant + MICROSECOND, arguments.threads)
    chunks = time.perf_counter() - begin
    begin = time.perf_counter()
    for owner, instant, _ in both:
        compute_rows(
            ledger, owner, instant + MICROSECOND, labels=NO_LABELS, views=(VERTEX,),
            threads=arguments.threads,
        )  # fmt: skip
    table = time.perf_counter() - begin
    return {"rate": n / chunks, "table_rate": n / table, "rss_mib": peak_mib()}


def _rows(ledger: Ledger, codes: Int32s, as_of: Int64s) -> npt.NDArray[np.float64]:
    return VERTEX.rows(past_of(ledger, codes, as_of, NO_LABELS))


def _in_chunks(
    compute: Compute, ledger: Ledger, codes: Int32s, as_of: Int64s, threads: int
) -> None:
    """Compute rows 2,000 at a time and let them go, as the preprocessor's batches are."""

    def fill(at: int) -> None:
        compute(ledger, codes[at : at + CHUNK], as_of[at : at + CHUNK])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, range(0, codes.size, CHUNK)))


def values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Save the rows of some transfers, in the preprocessor's order of edges and columns."""
    ledger = Ledger.open(arguments.source)
    first = np.load(arguments.edges, mmap_mode="r")[arguments.at[0] :][: arguments.first]
    as_of = first[:, 3].astype(np.int64) * 1_000_000 + MICROSECOND
    tables = []
    for column in (1, 2):
        code = first[:, column].astype(np.int32)
        order = np.lexsort((as_of, code))
        table = np.empty((len(first), len(VERTEX.columns)))
        table[order] = _rows(ledger, code[order], as_of[order])
        tables += [table[:, 8:], table[:, :8]]  # the preprocessor's order: out, then in
    np.save(arguments.out, np.concatenate(tables, axis=1))
    return {"rows": len(first)}


def cycles(arguments: argparse.Namespace) -> dict[str, Any]:
    """Cycles of at most six transfers of the recipient of every transfer from some on."""
    module = importlib.import_module("features.views.patterns.cycles")
    ledger = Ledger.open(arguments.source)
    known = np.load(arguments.edges, mmap_mode="r")
    part = np.concatenate([known[at : at + arguments.first] for at in arguments.at])
    code, as_of = part[:, 2].astype(np.int32), part[:, 3].astype(np.int64) * 1_000_000 + MICROSECOND
    order = np.lexsort((as_of, code))
    code, as_of = code[order], as_of[order]

    def found(ledger: Ledger, codes: Int32s, instants: Int64s) -> None:
        past = past_of(ledger, codes, instants, NO_LABELS)
        module.cycle_columns(past, np.full((past.size, len(module.CYCLES)), np.nan))

    found(ledger, code[:2], as_of[:2])  # loads the kernels
    begin = time.perf_counter()
    _in_chunks(found, ledger, code, as_of, arguments.threads)
    return {"rate": code.size / (time.perf_counter() - begin)}


def stream(arguments: argparse.Namespace) -> dict[str, Any]:
    """Append transfers one by one, each followed by its sender's and its recipient's row."""
    ledger = Ledger.open(arguments.source)
    new = np.load(arguments.edges)[ledger.n_transfers :][: arguments.first]
    ledger.reserve(len(new))
    way = {"public": _public, "arrays": _arrays}[arguments.way]
    seconds = way(ledger, new, arguments.batch)
    warm = (len(seconds) + 19) // 20 if len(seconds) > 1 else 0
    return {
        "rate": arguments.batch * len(seconds[warm:]) / sum(seconds[warm:]),
        "p50_us": float(np.quantile(seconds[warm:], 0.5)) * 1e6,
        "p99_us": float(np.quantile(seconds[warm:], 0.99)) * 1e6,
    }


def _public(ledger: Ledger, new: npt.NDArray[np.float64], batch: int) -> list[float]:
    """Time ``Ledger.append`` and ``feature_table``; frames are made outside the time."""
    seconds = []
    for at in range(0, len(new) - batch + 1, batch):
        part = new[at : at + batch]
        names = [[ledger.wallet(int(code)) for code in part[:, column]] for column in (1, 2)]
        stamps = pd.to_datetime(part[:, 3].astype(np.int64), unit="s", utc=True).as_unit("us")
        frame = pd.DataFrame(
            {
                "tx_id": [f"new{int(number)}" for number in part[:, 0]],
                "timestamp": stamps,
                "sender": names[0],
                "recipient": names[1],
                "amount": part[:, 4],
                "asset": ledger.unit,
            }
        )
        after = pd.DatetimeIndex(stamps.append(stamps)).shift(1, freq="us")
        spine = pd.DataFrame({"wallet": names[0] + names[1], "as_of": after})
        begin = time.perf_counter()
        ledger.append(frame)
        feature_table(ledger, spine, views=(VERTEX,))
        seconds.append(time.perf_counter() - begin)
    return seconds


def _arrays(ledger: Ledger, new: npt.NDArray[np.float64], batch: int) -> list[float]:
    """Time the same on wallet codes: slices and amounts grow, ids and names are left out."""
    first = len(ledger.transactions)
    sender, recipient = new[:, 1].astype(np.int32), new[:, 2].astype(np.int32)
    instant, amount = new[:, 3].astype(np.int64) * 1_000_000, new[:, 4]
    rows = np.arange(first, first + len(new), dtype=np.int32)
    ledger.tx_hash[rows] = np.arange(len(new), dtype=np.uint64)
    seconds = []
    for at in range(0, len(new) - batch + 1, batch):
        part = slice(at, at + batch)
        begin = time.perf_counter()
        for slices, own, other in (
            (ledger.outgoing, sender, recipient),
            (ledger.incoming, recipient, sender),
        ):
            log = Log(instant[part], own[part], other[part], rows[part], amount[part])
            slices.insert(log, ledger.order)
        codes = np.concatenate([sender[part], recipient[part]])
        as_of = np.concatenate([instant[part], instant[part]]) + MICROSECOND
        if batch > 1:
            order = np.lexsort((as_of, codes))
            codes, as_of = codes[order], as_of[order]
        _rows(ledger, codes, as_of)
        seconds.append(time.perf_counter() - begin)
    return seconds


WORK = {"edges": edges, "vertex": vertex, "values": values, "cycles": cycles, "stream": stream}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("source", type=Path)
    parser.add_argument("--edges", type=Path, default=None)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--way", choices=("public", "arrays"), default="public")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--stream", type=int, default=0)
    parser.add_argument("--at", type=int, action="append", default=[])
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    confine(arguments.threads)
    json.dump(WORK[arguments.work](arguments), sys.stdout)


if __name__ == "__main__":
    main()
