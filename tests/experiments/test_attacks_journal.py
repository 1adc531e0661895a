"""Kills at random moments, checkpoints among them, lose nothing that was acknowledged."""

import sys
from pathlib import Path

import pytest

from tests.quick_run import quick_run


@pytest.mark.skipif(sys.platform != "linux", reason="the experiment looks into /proc")
def test_quick_run(tmp_path: Path) -> None:
    _, measures = quick_run("0005-attacks/journal.py", tmp_path, timeout_s=900)
    assert measures["journal: kills"] == 4
    assert measures["journal: acknowledged entries"] > 0
    assert measures["journal: acknowledged entries lost"] == 0
    assert measures["journal: entries that nobody sent"] == 0
