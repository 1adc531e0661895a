"""The speed experiment runs at tiny sizes; its figures mean nothing here, its comparisons do."""

import sys
from pathlib import Path

import pytest

from tests.quick_run import quick_run

pytest.importorskip("polars", reason="needs the bench extra")
pytest.importorskip("duckdb", reason="needs the bench extra")


@pytest.mark.skipif(sys.platform != "linux", reason="the experiment confines processes to cores")
def test_quick_run(tmp_path: Path) -> None:
    stages = ("--stage", "aggregates", "--stage", "ledger")
    _, measures = quick_run("0002-speed/run.py", tmp_path, *stages, timeout_s=300)
    compared = [value for name, value in measures.items() if "cells that differ" in name]
    assert len(compared) == 3
    assert compared == [0, 0, 0]
    equal = "aggregates: table from the file and from the ledger are equal, bit for bit"
    assert measures[equal] == 1
    assert measures["aggregates: wallets compared"] > 1000
    assert (
        measures["ledger: arrays in memory"] <= 64 + 8.5
    )  # 84 bytes a wallet of about ten transfers
