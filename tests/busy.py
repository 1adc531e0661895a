"""A wallet with much to count: long histories of one hub, and rows of them together and alone."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import Ledger
from features.past import NO_LABELS, past_of
from features.view import View
from tests import compare
from tests.naive.past import Transfer

HUB = "hub"


def busy(n: int, seed: int, *, wallets: int = 40, mean_gap_s: float = 20) -> list[Transfer]:
    """Transfers around ``HUB``: bursts, ties, silences, heavy-tailed amounts."""
    random = np.random.default_rng(seed)
    gaps = random.choice([0, mean_gap_s, 40 * mean_gap_s], n, p=[0.3, 0.69, 0.01])
    times = np.cumsum(np.rint(gaps * random.exponential(size=n) * 1e6)).astype(np.int64)
    amounts = np.exp(random.normal(0, 5, n))
    names = [f"w{k}" for k in random.zipf(1.5, n) % wallets]
    sent = random.random(n) < 0.4
    return [
        Transfer(int(time), HUB if out else name, name if out else HUB, amount, f"t{i}", 0)
        for i, (time, name, amount, out) in enumerate(
            zip(times.tolist(), names, amounts.tolist(), sent.tolist(), strict=True)
        )
    ]


def ledger_of(rows: list[Transfer]) -> Ledger:
    """Build a ledger of transfers as the slow twins have them."""
    frame = pd.DataFrame(rows)
    stamps = pd.to_datetime(frame.pop("time"), unit="us", utc=True).astype("datetime64[us, UTC]")
    frame = frame.assign(timestamp=stamps, asset="ETH")
    return Ledger.from_transfers(frame.astype({"position": "int32"}))


def rows_of(
    ledger: Ledger, view: View, codes: list[int], instants: list[int]
) -> npt.NDArray[np.float64]:
    """Rows of a view for wallets by code, as of microseconds since 1970."""
    asked = np.array(codes, dtype=np.int32), np.array(instants, dtype=np.int64)
    return view.rows(view.given(ledger, past_of(ledger, *asked, NO_LABELS)))


def batch_is_alone(ledger: Ledger, view: View, codes: list[int], instants: list[int]) -> None:
    """Rows asked together have the bits of each asked alone."""
    whole = rows_of(ledger, view, codes, instants)
    alone = [
        rows_of(ledger, view, [code], [instant])
        for code, instant in zip(codes, instants, strict=True)
    ]
    compare.same_bits(whole, np.concatenate(alone), [column.name for column in view.columns])


def some_rows(ledger: Ledger, rows: list[Transfer], seed: int) -> tuple[list[int], list[int]]:
    """Forty wallets and instants at, just before and just after transfers, in no order."""
    random = np.random.default_rng(seed)
    wallets = [ledger.code(HUB), ledger.code("w1"), ledger.code("w2"), -1]
    codes = random.choice(wallets, 40).tolist()
    instants = (random.choice([t.time for t in rows], 40) + random.integers(-1, 2, 40)).tolist()
    return codes, instants
