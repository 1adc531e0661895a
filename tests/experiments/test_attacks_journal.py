"""Kills at random moments, checkpoints among them, lose nothing that was acknowledged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="the experiment looks into /proc")
def test_quick_run(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    script = ROOT / "experiments" / "0005-attacks" / "journal.py"
    done = subprocess.run(
        [sys.executable, str(script), "--quick", "--result", str(result)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    measures = {row["name"]: row["value"] for row in json.loads(result.read_text())["measures"]}
    assert measures["journal: kills"] == 7
    assert measures["journal: acknowledged entries"] > 0
    assert measures["journal: acknowledged entries lost"] == 0
    assert measures["journal: entries that nobody sent"] == 0
