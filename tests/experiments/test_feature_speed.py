"""The feature engine's experiment runs at tiny sizes; its comparisons mean something there."""

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
    script = ROOT / "experiments" / "0003-feature-speed" / "run.py"
    done = subprocess.run(
        [sys.executable, str(script), "--quick", "--result", str(result)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "snapml: skipped, no environment with snapml was given" in done.stdout
    measures = {row["name"]: row for row in json.loads(result.read_text())["measures"]}
    compared = [row for name, row in measures.items() if "cells that differ" in name]
    assert [row["value"] for row in compared] == [0, 0, 0]
    assert measures["aggregates: wallets compared"]["value"] > 1000
    exact = "table: row of a wallet with 1,000 transfers, lifetime counts exact"
    assert measures[exact]["value"] == 1
    assert measures["table: 20,000 transfers, rows"]["value"] > 1000
    assert "increment: append and row, by activity, p50" in measures
