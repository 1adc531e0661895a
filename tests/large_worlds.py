"""Transfers in which everything happens that a build on disk must get right, and its digests."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.ledger.manifest import read_manifest


def large_world(
    rows: int, wallets: int, seed: int, assets: Sequence[str] = ("ETH",)
) -> pd.DataFrame:
    """Skewed wallets, dust, beginnings, ties, copies, payments to oneself; one asset or more."""
    rng = np.random.default_rng(seed)
    ends = (wallets * rng.random((2, rows)) ** 3).astype(int)
    amount = np.round(10 ** rng.normal(0, 3, rows), 6)
    amount[rng.random(rows) < 0.02] = 0.0
    frame = pd.DataFrame(
        {
            "tx_id": [f"0x{number:x}" for number in rng.integers(0, rows // 2, rows)],
            "position": np.arange(rows),
            "timestamp": pd.to_datetime(
                1_600_000_000 + rng.integers(0, rows // 4, rows), unit="s", utc=True
            ),
            "sender": [f"w{number}" for number in ends[0]],
            "recipient": [f"ü{number}" if number % 3 else f"w{number}" for number in ends[1]],
            "amount": amount,
            "asset": np.array(assets)[rng.integers(0, len(assets), rows)],
        }
    )
    if len(assets) > 1:
        frame["value"] = np.where(rng.random(rows) < 0.2, np.nan, amount * 2)
    copies = frame.iloc[rng.integers(0, rows, rows // 10)]
    return pd.concat([frame, copies], ignore_index=True)


def content(folder: Path) -> dict[str, Any]:
    """All that the manifest of a ledger tells, digests of its files among it, but who it is."""
    told = read_manifest(folder)._asdict()
    return {name: told[name] for name in told if name not in ("generation", "provenance")}
