"""What a large training costs, without features and MLflow: time and memory."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.common import ethereum_phishing as protocol
from experiments.common.ethereum_arms import tables
from experiments.common.results import Measure
from training import TrainConfig, out_of_time_shares, rolling_origins, train
from training.trained import label_shuffle

ROWS = 100_000
LARGE_S, LARGE_GB = 60.0, 2.0


def measures(work: Path, quick: bool) -> list[Measure]:
    """Measure one training; ``quick`` takes 3,000 rows."""
    ledger, labels = protocol.ingest(work), protocol.read_labels()
    return large(tables(ledger, labels)["all"], labels, work, 3_000 if quick else ROWS)


def figures(measures: list[Measure]) -> dict[str, Figure]:
    """No figure: the table says it."""
    return {}


def large(real: pd.DataFrame, labels: pd.DataFrame, work: Path, rows: int) -> list[Measure]:
    """Time and memory of a training, in a process of its own, without features and MLflow."""
    made, told = resampled(real, labels, rows)
    made.to_parquet(work / "large.parquet", compression=None)
    told.to_parquet(work / "large_labels.parquet")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, __file__, str(work)], check=True, capture_output=True, text=True,
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    said = json.loads(done.stdout.splitlines()[-1])
    at = f"training {rows} rows x {made.shape[1]} columns:"
    return [
        Measure(f"{at} wall", said["wall"], "s", target=LARGE_S),
        Measure(f"{at} processor time", said["cpu"], "s"),
        Measure(f"{at} peak memory", said["peak"], "GB", target=LARGE_GB),
    ]


def resampled(
    real: pd.DataFrame, labels: pd.DataFrame, rows: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows drawn from real ones, each value times 1 + 0.1 N(0, 1), under names of their own."""
    generator = np.random.default_rng(0)
    picked = generator.integers(len(real), size=rows)
    values = real.to_numpy()[picked]
    values *= 1 + 0.1 * generator.normal(size=values.shape)
    as_of = pd.date_range("2018-01-01", periods=rows, freq="5min", tz="UTC").as_unit("us")
    wallets = pd.Index([f"w{number:06d}" for number in range(rows)])
    index = pd.MultiIndex.from_arrays([wallets, as_of], names=["wallet", "as_of"])
    made = pd.DataFrame(values, index=index, columns=real.columns)
    made["coverage_in_count"] = made["coverage_in_count"].round().clip(3)
    label = labels.set_index("wallet")["label"].reindex(real.index.get_level_values("wallet"))
    told = pd.DataFrame({"wallet": wallets, "label": label.to_numpy()[picked], "known_at": as_of})
    return made, told.dropna()


def cost(work: Path) -> dict[str, float]:
    """Train on the files in a folder; seconds, and GB at the peak."""
    begin, used = time.perf_counter(), time.process_time()
    table = pd.read_parquet(work / "large.parquet")
    labels = pd.read_parquet(work / "large_labels.parquet")
    spine = table.index.to_frame(index=False)
    whole = out_of_time_shares(spine, test_share=0.2, calibrate_share=0.2)
    splits = rolling_origins(spine, whole, 3)
    config = TrainConfig(model="lightgbm", base_rate=protocol.BASE_RATE)
    train(table, labels, splits, config)
    label_shuffle(table, labels, splits, config)
    return {
        "wall": time.perf_counter() - begin,
        "cpu": time.process_time() - used,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


if __name__ == "__main__":
    print(json.dumps(cost(Path(sys.argv[1]))))
