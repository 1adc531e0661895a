"""Measure ingest of files larger than memory: `python experiments/0010-ingest/run.py`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

import made  # noqa: E402 - the repository must be importable first
import pyarrow as pa  # noqa: E402
import pyarrow.csv  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from experiments.common.results import (  # noqa: E402
    Measure,
    SkippedError,
    read_arguments,
    run_stages,
)

ROWS, QUICK_ROWS = 100_000_000, 20_000
MEMORY = "4GB"
OPENED = HERE / "opened.py"
PEER = HERE / "peer.py"


class Took(NamedTuple):
    """What a command took: seconds on the clock and of processors, and most GB in memory."""

    wall: float
    cpu: float
    memory: float


def main() -> None:
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--rows", type=int, help=f"default: {ROWS}")
    more.add_argument("--folder", type=Path, help="for files of 400 bytes a row; default: /tmp")
    arguments, options = read_arguments(
        __doc__, ("csv", "parquet", "peer"), HERE / "result.json", more
    )
    rows = options.rows or (QUICK_ROWS if arguments.quick else ROWS)

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        source = Path(folder) / "transfers.csv"
        made.write(source, rows)

        def measure(stage: str) -> list[Measure]:
            if stage == "csv":
                return ours(stage, source, rows, 500_000)
            if stage == "parquet":
                return ours(stage, _as_parquet(source), rows, 1_000_000)
            return peer(source, rows)

        run_stages(arguments.stages, measure, folder=HERE, result=arguments.result, seeds=[])


def ours(stage: str, source: Path, rows: int, target: int) -> list[Measure]:
    """What ``walletrisk ingest`` takes, and what its ledger does."""
    ledger = source.with_name("ledger")
    command = ["walletrisk.py", "ingest", str(source), "--to", str(ledger), "--asset", "ETH"]
    memory = MEMORY if rows > QUICK_ROWS else "1MB"
    took = measured([*command, "--memory", memory, "--json"])
    asked = subprocess.run(
        [sys.executable, str(OPENED), str(ledger)],
        check=True, capture_output=True, text=True, env=_environment(),
    )  # fmt: skip
    found = json.loads(asked.stdout)
    size = sum(path.stat().st_size for path in ledger.rglob("*")) / 2**30
    _remove(ledger)
    per_second = Measure(
        f"{stage}: rows a second", rows / took.wall, "1/s", target=target, at_least=True
    )
    return [
        Measure(f"{stage}: rows", rows, ""),
        Measure(f"{stage}: size of the file", source.stat().st_size / 2**30, "GB"),
        per_second,
        Measure(f"{stage}: time", took.wall, "s"),
        Measure(f"{stage}: processor time", took.cpu, "s"),
        Measure(f"{stage}: most memory", took.memory, "GB", target=4.0),
        Measure(f"{stage}: size of the ledger", size, "GB"),
        Measure(f"{stage}: opening the ledger", found["open"], "s", target=1.0),
        Measure(f"{stage}: row of a wallet, median", found["row"], "ms", target=5.0),
        Measure(f"{stage}: row of a wallet, p95", found["slow"], "ms"),
    ]


def peer(source: Path, rows: int) -> list[Measure]:
    """What DuckDB takes for the same arrays as parquet files."""
    try:
        import duckdb  # noqa: F401
    except ImportError:
        raise SkippedError("needs duckdb (pip install -e .[bench])") from None
    took = measured([str(PEER), str(source), MEMORY])
    return [
        Measure("peer: rows a second", rows / took.wall, "1/s"),
        Measure("peer: time", took.wall, "s"),
        Measure("peer: processor time", took.cpu, "s"),
        Measure("peer: most memory", took.memory, "GB"),
    ]


def measured(command: list[str]) -> Took:
    """Run a Python program to its end."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=_environment(), stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise RuntimeError(f"{command} failed")
    return Took(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def _as_parquet(source: Path) -> Path:
    """The same transfers as a parquet file."""
    to = source.with_suffix(".parquet")
    kinds = {"tx_id": pa.string(), "sender": pa.string(), "recipient": pa.string()}
    options = pa.csv.ConvertOptions(column_types={**kinds, "timestamp": pa.timestamp("us", "UTC")})
    with (
        pa.csv.open_csv(source, convert_options=options) as reader,
        pq.ParquetWriter(to, reader.schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
    return to


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


if __name__ == "__main__":
    main()
