"""The protocol of experiment 0001 on the Ethereum phishing set: rows, split, column sets.

The set is 462,130 real transfers around 1,675 labelled wallets (GalateaWang/TSGN-master, arXiv
2208.12938).
Its licit wallets were sampled rich and old, so absolute amounts give the answer away; the headline
is the set of scale-free columns. Wallets without a label have a truncated history and are no rows.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import Ledger, check_labels
from training.splits import OutOfTime, out_of_time_shares

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

DATA = Path(os.environ.get("WALLETRISK_DATA", "../shared/data")) / "ethereum_phishing"
FIRST = ("5", "10", "30", "all")  # as_of: right after the wallet's k-th transfer, or its last
POOL = ("3", "5", "7", "10", "15", "20", "30", "60", "200", "all")  # further training rows
SEEDS = range(5)
BASE_RATE = 0.01
# The set says nothing of when a label became known, so all are taken as known from the start of the
# chain: the figures are of telling wallets apart, not of how late labels arrive.
KNOWN_AT = pd.Timestamp("2015-07-30", tz="UTC")


def ingest(work: Path) -> Ledger:
    """Ingest the transfers as a user does, from the command line."""
    command = [
        sys.executable, "walletrisk.py", "ingest", str(DATA / "transactions.parquet"),
        "--to", str(work / "ledger"), "--asset", "ETH", "--time-unit", "s",
        "--map", "tx_id=tx_hash,amount=value_eth,block=block_number",
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    return Ledger.open(work / "ledger")


def read_labels() -> pd.DataFrame:
    """Labelled wallets under the label contract."""
    raw = pd.read_parquet(DATA / "labels.parquet")
    frame = pd.DataFrame({"wallet": raw["address"], "label": raw["label"], "known_at": KNOWN_AT})
    return check_labels(frame)


def transfer_times(ledger: Ledger, wallet: str) -> Int64s:
    """Times of a wallet's transfers, a transfer to itself once, in order; microseconds."""
    code = ledger.code(wallet)
    times = []
    incoming, outgoing, dust = ledger.sides
    nothing_in, nothing_out = (slices.side for slices in ledger.unpriced)
    for side, keep_self in (
        (incoming, True), (dust, True), (nothing_in, True), (outgoing, False), (nothing_out, False),
    ):  # fmt: skip
        if code >= side.start.size:
            continue
        held = slice(side.start[code], side.start[code] + side.count[code])
        mine = side.counterparty[held] == code
        times.append(side.time[held][keep_self | ~mine])
    return np.sort(np.concatenate(times))


def spine(ledger: Ledger, labels: pd.DataFrame, first: str) -> pd.DataFrame:
    """Every labelled wallet with at least k transfers, a microsecond after its k-th or its last."""
    rows = []
    for wallet in labels["wallet"]:
        times = transfer_times(ledger, wallet)
        place = times.size if first == "all" else int(first)
        if 0 < place <= times.size:
            rows.append((wallet, times[place - 1] + 1))
    frame = pd.DataFrame(rows, columns=["wallet", "as_of"])
    return frame.assign(as_of=pd.to_datetime(frame["as_of"], unit="us", utc=True))


def split(rows: pd.DataFrame) -> OutOfTime:
    """Test from the 60th percentile of as_of on; of the rest, the last 15 % calibrate."""
    return out_of_time_shares(rows, test_share=0.4, calibrate_share=0.15)


def pooled(tables: dict[str, pd.DataFrame], first: str, until: pd.Timestamp) -> pd.DataFrame:
    """Rows of one k, and of its wallets before an instant also their other rows before it.

    A wallet whose row of this k is later gives no further row, so the slices that follow are as in
    the protocol.
    """
    table = tables[first]
    early = table.index.get_level_values("as_of") < until
    learnt_from = table.index[early].get_level_values("wallet")
    parts = [table]
    for other in POOL:
        if other != first:
            index = tables[other].index
            wanted = index.get_level_values("wallet").isin(learnt_from)
            wanted &= index.get_level_values("as_of") < until
            parts.append(tables[other][wanted])
    whole = pd.concat(parts)
    return whole[~whole.index.duplicated()]  # a wallet's k-th transfer may be its last


def born_after(ledger: Ledger, wallets: pd.Index, instant: pd.Timestamp) -> Bools:
    """Which wallets have their first transfer at or after an instant."""
    limit = instant.value // 1000
    return np.array([transfer_times(ledger, wallet)[0] >= limit for wallet in wallets])
