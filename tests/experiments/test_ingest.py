"""The experiment on large files runs at a tiny size."""

from pathlib import Path

from tests.quick_run import quick_run


def test_quick_run(tmp_path: Path) -> None:
    _, measures = quick_run("0010-ingest/run.py", tmp_path, "--stage", "csv")
    assert measures["csv: rows"] == 20_000
    assert 0 < measures["csv: most memory"] < 4
