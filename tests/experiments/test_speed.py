"""The speed experiment runs at tiny sizes; its figures mean nothing here, its comparisons do."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("polars", reason="needs the bench extra")
pytest.importorskip("duckdb", reason="needs the bench extra")

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="the experiment confines processes to cores")
def test_quick_run(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    script = ROOT / "experiments" / "0002-speed" / "run.py"
    stages = ("--stage", "aggregates", "--stage", "ledger")
    done = subprocess.run(
        [sys.executable, str(script), "--quick", *stages, "--result", str(result)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    measures = {row["name"]: row for row in json.loads(result.read_text())["measures"]}
    compared = [row for name, row in measures.items() if "cells that differ" in name]
    assert len(compared) == 3
    assert [row["value"] for row in compared] == [0, 0, 0]
    equal = "aggregates: table from the file and from the ledger are equal, bit for bit"
    assert measures[equal]["value"] == 1
    assert measures["aggregates: wallets compared"]["value"] > 1000
    assert (
        measures["ledger: arrays in memory"]["value"] <= 64 + 8.5
    )  # 84 bytes a wallet of about ten transfers
