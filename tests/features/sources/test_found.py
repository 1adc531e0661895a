"""Files by what a user names."""

import io
import sys
from pathlib import Path

import pytest

from features import SourceError
from features.sources.files import load_transfers
from features.sources.found import found_files
from tests.strategies import transfers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of tables, with what is none beside them."""
    for name in ("b.csv", "a.parquet", "deep/c.csv.gz", ".hidden.csv", "_SUCCESS.csv", "note.txt"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "data" / "ledger.quarantine.csv").touch()
    ledger = tmp_path / "data" / "ledger"
    ledger.mkdir()
    (ledger / "manifest.json").touch()
    (ledger / "x.csv").touch()
    return tmp_path / "data"


def names(*named: str | Path, folders: bool = True) -> list[str]:
    with found_files(named, folders=folders) as found:
        return [path.name for path in found.paths]


def test_a_folder_stands_for_the_tables_in_it(folder: Path) -> None:
    assert names(folder) == ["a.parquet", "b.csv", "c.csv.gz"]
    assert names(folder, folders=False) == ["data"]
    assert names(folder / "none.csv", folder / "b.csv") == ["none.csv", "b.csv"]
    (folder / "empty").mkdir()
    with pytest.raises(SourceError, match=r"empty: holds no table; .*\.parquet"):
        names(folder / "empty")


def test_a_pattern_stands_for_what_it_matches(folder: Path) -> None:
    assert names(f"{folder}/*.csv") == ["_SUCCESS.csv", "b.csv", "ledger.quarantine.csv"]
    assert names(f"{folder}/**/c.*") == ["c.csv.gz"]
    with pytest.raises(SourceError, match=r"\*\.tsv: no file matches"):
        names(f"{folder}/*.tsv")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_stdin_is_a_table_that_tells_its_kind(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moves = transfers([(0, "a", "b", 2.0)])
    file = tmp_path / "t"
    moves.to_csv(file, index=False) if kind == "csv" else moves.to_parquet(file)

    class Stdin:
        buffer = io.BytesIO(file.read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin)
    with found_files(["-"]) as found:
        (path,) = found.paths
        assert load_transfers([path])["amount"].tolist() == [2.0]
        assert found.names == {str(path): f"stdin.{kind}"}
    assert not path.exists()


def test_mistakes_in_stdin_are_told_by_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b"tx_id\nt1\n")

    monkeypatch.setattr(sys, "stdin", Stdin)
    told = r"^stdin\.csv: no column for timestamp"
    with pytest.raises(SourceError, match=told), found_files(["-"]) as found:
        load_transfers(found.paths)
    with pytest.raises(SourceError, match="name - once"):
        names("-", "-")
