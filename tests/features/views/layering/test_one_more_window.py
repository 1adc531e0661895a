"""A window that is added to WINDOWS adds a column, and moves no value to another one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import features

# plain Python: nothing needs to be compiled for other constants
_SCRIPT = """
import json
from features import Ledger, feature_table
from features.views.layering.layering import LAYERING
from tests.strategies import at, spine, transfers
DAY_S = 86_400
rows = [(0, "x", "w", 4.0), (9, "w", "y", 3.0), (80 * DAY_S, "x", "w", 8.0),
        (80 * DAY_S + 60, "w", "y", 2.0), (80 * DAY_S + 60, "w", "y", 5.5)]
ledger = Ledger.from_transfers(transfers(rows))
table = feature_table(ledger, spine(["w", "y"], at(120 * DAY_S)), views=(LAYERING,))
print(json.dumps(table.to_dict("records")))
"""


def rows(root: Path) -> list[dict[str, float]]:
    """Rows that the code in a folder computes."""
    environment = os.environ | {"PYTHONPATH": str(root), "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True, cwd=root,
        env=environment,
    )  # fmt: skip
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def test_one_more_window_moves_no_value(tmp_path: Path) -> None:
    root = Path(features.__file__).parents[1]
    for package in ("features", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / package, tmp_path / package, ignore=ignored)
    module = tmp_path / "features" / "past" / "windows.py"
    text = module.read_text()
    assert text.count("30 * DAY}") == 1
    module.write_text(text.replace("30 * DAY}", '30 * DAY, "90d": 90 * DAY}'))
    now, then = rows(root), rows(tmp_path)
    for wallet, (one, other) in enumerate(zip(now, then, strict=True)):
        added = other.pop("layering_pass_through_90d_ratio")
        assert added == (7.5 / 8, 0.0)[wallet]
        assert repr(other) == repr(one)  # nan is not equal to itself
