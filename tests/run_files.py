"""The files of a small training: ledger, spine, labels, and a configuration a kind of model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from features import Ledger

WALLETS = 400


def make_files(folder: Path) -> str:
    """Write all a run reads: illicit is who either passes all on or has one sender, not both."""
    generator = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01", tz="UTC")
    rows, labels, spine = [], [], []
    for number in range(WALLETS):
        wallet, illicit = f"w{number:04d}", generator.random() < 0.4
        passes_on = generator.random() < 0.5
        one_sender = passes_on != illicit if generator.random() < 0.95 else passes_on
        first = start + pd.Timedelta(generator.random() * 200, "D")
        for step in range(6):
            time = first + pd.Timedelta(step, "D")
            amount = float(generator.lognormal())
            kept = 0.02 if passes_on else 0.5
            sender = f"s{number}" if one_sender else f"s{number}-{step}"
            rows.append((time, sender, wallet, amount))
            rows.append((time + pd.Timedelta(1, "h"), wallet, f"r{step}", amount * (1 - kept)))
        spine.append((wallet, first + pd.Timedelta(7, "D")))
        labels.append((wallet, "illicit" if illicit else "licit", first))
    frame = pd.DataFrame(rows, columns=["timestamp", "sender", "recipient", "amount"])
    frame["tx_id"], frame["asset"] = [f"t{at}" for at in range(len(frame))], "ETH"
    frame["position"] = np.int32(0)
    Ledger.from_transfers(frame).save(folder / "ledger")
    pd.DataFrame(spine, columns=["wallet", "as_of"]).to_parquet(folder / "spine.parquet")
    pd.DataFrame(labels, columns=["wallet", "label", "known_at"]).to_csv(
        folder / "labels.csv", index=False
    )
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    for kind, parameters in {"lightgbm": "trees = 40\nmin_leaf_rows = 5", "logistic": ""}.items():
        (folder / f"{kind}.toml").write_text(
            f"""
[data]
ledger = "ledger"
spine = "spine.parquet"
labels = "labels.csv"

[split]
test_share = 0.3
calibrate_share = 0.3

[model]
model = "{kind}"
base_rate = 0.02
seed = 1

[model.parameters]
{parameters}

[gate]
repeats = 2
victims = 1
base_rate_factor = 1000.0     # who pays these wallets is no sample of anything

[mlflow]
tracking_uri = "{uri}"
"""
        )
    return uri
