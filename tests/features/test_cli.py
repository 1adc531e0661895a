"""Bars only in a terminal, and names of files."""

from pathlib import Path

import pandas as pd
import pytest

from features import SourceError
from features.cli import counter, progress, read_known, require_parquet
from features.sources.files import read_labels


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


def test_labels_of_category_other_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.csv"

    def said(categories: list[str]) -> str:
        table = pd.DataFrame(
            {"category": categories, "label": "illicit", "known_at": "2026-01-01Z"}
        )
        table.assign(wallet=[f"w{k}" for k in table.index]).to_csv(file, index=False)
        known = read_known(file)
        assert known is not None
        pd.testing.assert_frame_equal(known, read_labels(file))
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    assert said(["mixer", "Crypto.com"]) == ""
    assert said(["gaming", "mixer", "dodgy", "gaming"]) == (
        "labels: 3 of category other: gaming (2), dodgy (1)\n"
    )
    assert said([*"fedcba", "two\nlines"]) == (
        "labels: 7 of category other: a (1), b (1), c (1), d (1), e (1), ...\n"
    )
    assert said(["two\nlines", "long " * 20]) == (
        f"labels: 2 of category other: {'long ' * 7}[...] (1), two lines (1)\n"
    )
    assert read_known(None) is None
