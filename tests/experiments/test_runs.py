"""Every experiment can still be started: its imports are there, and --help answers."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNS = sorted((ROOT / "experiments").glob("*/run.py"))


@pytest.mark.parametrize("run", RUNS, ids=lambda path: path.parent.name)
def test_it_starts(run: Path) -> None:
    if run.parent.name.startswith("0001"):
        pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, run, "--help"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--quick" in done.stdout
