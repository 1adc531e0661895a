"""What was read goes into a ledger and into files beside it."""

from pathlib import Path

import pandas as pd
import pytest

from features import Ledger, SourceError, check_labels
from features.sources.files import read_labels
from features.sources.formats import Source
from features.sources.ingest import put_away
from tests.strategies import transfers

MOVES = transfers([(0, "a", "b", 2.0), (1, "b", "c", 1.0)])
LABELS = check_labels(
    pd.DataFrame({"wallet": ["a"], "label": ["illicit"], "known_at": ["2024-01-01T00:00:00Z"]})
)


def test_a_ledger_is_made_then_appended_to(tmp_path: Path) -> None:
    first = put_away(Source(MOVES.iloc[:1]), tmp_path / "ledger")
    again = put_away(Source(MOVES), tmp_path / "ledger")
    assert (first.added, first.transfers, first.wallets) == (1, 1, 2)
    assert (again.added, again.transfers, again.wallets) == (1, 2, 3)
    assert Ledger.open(tmp_path / "ledger").n_transfers == 2


@pytest.mark.parametrize("name", ["labels.csv", "labels.parquet"])
def test_labels_come_back_as_they_were(name: str, tmp_path: Path) -> None:
    done = put_away(Source(MOVES, LABELS), tmp_path / "ledger", tmp_path / name)
    pd.testing.assert_frame_equal(read_labels(tmp_path / name), LABELS)
    assert done.labels == 1
    assert done.text().splitlines()[1] == f"{tmp_path / name}: 1 labels"


def test_nothing_is_written_where_labels_are_missing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"labels.csv: this format holds no labels"):
        put_away(Source(MOVES), tmp_path / "ledger", tmp_path / "labels.csv")
    with pytest.raises(SourceError, match=r"labels.txt: unknown kind of file"):
        put_away(Source(MOVES, LABELS), tmp_path / "ledger", tmp_path / "labels.txt")
    assert list(tmp_path.iterdir()) == []


def test_bad_rows_are_set_aside(tmp_path: Path) -> None:
    bad = MOVES.iloc[:1].assign(reason="amount is negative")
    done = put_away(Source(MOVES.iloc[1:], bad=bad), tmp_path / "ledger")
    assert done.bad_rows_file == str(tmp_path / "ledger.quarantine.csv")
    assert pd.read_csv(done.bad_rows_file)["reason"].tolist() == ["amount is negative"]
    assert done.facts()["bad_rows"] == 1
    assert put_away(Source(MOVES, bad=bad.iloc[:0]), tmp_path / "other").bad_rows_file is None
