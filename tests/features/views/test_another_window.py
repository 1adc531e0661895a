"""A window that is put into WINDOWS is right in every view, without another line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import features

PACKAGE = Path(features.__file__).parent
VIEWS = ("amounts", "timing", "counterparties", "windows")  # whose columns follow WINDOWS
WINDOWS = """
WINDOWS = {"1h": HOUR, "6h": 6 * HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "60d": 60 * DAY}
"""
SCRIPT = """
import json, sys
sys.path.append(sys.argv[1])
import numpy as np
from features import Ledger, feature_table
from features.past import WINDOWS
from features.views import VIEWS
from tests import compare
from tests.naive import past
from features.kernel import DAY
from tests.strategies import at, spine, transfers

past.WINDOWS.clear()  # the twins share this dictionary
past.WINDOWS.update(WINDOWS)
random = np.random.default_rng(0)
seconds = np.sort(random.integers(0, 100 * 86_400, 400))
wallets = [f"w{i}" for i in range(12)]
ends = random.choice(wallets, (400, 2))
frame = transfers(zip(seconds, ends[:, 0], ends[:, 1], random.lognormal(0, 2, 400)))
frame["position"] = np.int32(0)
ledger, rows = Ledger.from_transfers(frame), spine(wallets, at(100 * 86_400))
found = {}
for view in VIEWS:
    if view.name in sys.argv[2:]:
        table = feature_table(ledger, rows, views=(view,))
        slow = compare.twin_table(compare.twin_of(view), frame, rows, None)
        compare.close(table, slow[list(table.columns)], rtol=1e-9, scale=1e6)
        shares = table.filter(regex="_share$")
        found[view.name] = [
            sum("_6h_" in name for name in table), sum("_60d_" in name for name in table),
            bool(((shares >= 0) & (shares <= 1 + 1e-12) | shares.isna()).all(axis=None)),
        ]
print(json.dumps(found))
"""


def test_two_more_windows_give_the_values_of_the_twins_and_shares_stay_shares(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "features"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    windows = copy / "past" / "windows.py"
    lines = windows.read_text().splitlines()
    assert sum(line.startswith("WINDOWS = ") for line in lines) == 1
    changed = [WINDOWS if line.startswith("WINDOWS = ") else line for line in lines]
    windows.write_text("\n".join(changed) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[3]), *VIEWS],
        cwd=tmp_path,
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == set(VIEWS)
    # columns of six hours, of sixty days; windows below a day have no shape
    assert found["amounts"] == [2, 2, True]
    assert found["timing"] == [4, 4, True]
    assert found["counterparties"] == [2, 2, True]
    assert found["windows"] == [0, 8, True]
