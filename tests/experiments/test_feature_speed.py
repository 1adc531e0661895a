"""The feature engine's experiment runs at tiny sizes; its comparisons mean something there."""

import sys
from pathlib import Path

import pytest

from tests.quick_run import quick_run

pytest.importorskip("polars", reason="needs the bench extra")
pytest.importorskip("duckdb", reason="needs the bench extra")


@pytest.mark.skipif(sys.platform != "linux", reason="the experiment confines processes to cores")
def test_quick_run(tmp_path: Path) -> None:
    said, measures = quick_run("0003-feature-speed/run.py", tmp_path)
    assert "snapml: skipped, no environment with snapml was given" in said
    compared = [value for name, value in measures.items() if "cells that differ" in name]
    assert compared == [0, 0, 0]
    assert measures["aggregates: wallets compared"] > 1000
    exact = "table: row of a wallet with 1,000 transfers, lifetime counts exact"
    assert measures[exact] == 1
    assert measures["table: 20,000 transfers, rows"] > 1000
    assert "increment: append and row, by activity, p50" in measures
