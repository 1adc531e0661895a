"""Bars only in a terminal, and names of files."""

from pathlib import Path

import pytest

from features import SourceError
from features.cli import counter, progress, require_parquet


@pytest.mark.parametrize(("terminal", "drawn"), [(True, True), (False, False)])
def test_bars_are_drawn_only_in_a_terminal(
    terminal: bool,
    drawn: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    with progress() as advance:
        advance("features", 1, 2)
        advance("features", 2, 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("features" in captured.err and "2/2" in captured.err) is drawn


def test_counter_adds_up() -> None:
    seen: list[tuple[str, int, int | None]] = []
    count = counter(lambda *step: seen.append(step), "rows read", 5)
    count(2)
    count(3)
    assert seen == [("rows read", 2, 5), ("rows read", 5, 5)]


def test_only_parquet_is_a_feature_table() -> None:
    with pytest.raises(SourceError, match=r"t.csv: a feature table is a .parquet file"):
        require_parquet(Path("t.csv"))
