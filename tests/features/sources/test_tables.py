"""Kinds of tables, their lines and their wallets."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import SourceError, TransfersError
from features.sources.files import load_transfers
from features.sources.lines import Lines
from tests.files import HEADER, ROW, csv_file, rows


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    text = HEADER + '"a\n\nb",2024-01-01T00:00:00Z,s,r,1,ETH\n\n\n' + ROW.format(i=1)
    path = csv_file(tmp_path, text + "x,2024-01-01T00:00:00Z,s,r,no,ETH\n")
    with pytest.raises(SourceError, match=r"in 1 row \(line 8: 'no'\)"):
        load_transfers([path])
    lines = Lines(path)
    assert [lines.number(row) for row in (2, 0, 1)] == [8, 2, 7]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_cells_may_be_parted_by_semicolons_and_tabs(tmp_path: Path, mark: str) -> None:
    text = (HEADER + rows(2)).replace(",", mark)
    loaded = load_transfers([csv_file(tmp_path, text)])
    assert loaded["amount"].tolist() == [1.5, 1.5]


def test_arrow_files_are_tables_too(tmp_path: Path) -> None:
    whole = load_transfers([csv_file(tmp_path, HEADER + rows(3))])
    path = tmp_path / "t.arrow"
    whole.to_parquet(tmp_path / "t.parquet")
    table = pq.read_table(tmp_path / "t.parquet")
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table, max_chunksize=2)
    pd.testing.assert_frame_equal(load_transfers([path]), whole)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(SourceError, match=r"t\.arrow: cannot be read as Arrow"):
        load_transfers([path])


def test_wallets_of_a_chain_are_read_in_one_spelling(tmp_path: Path) -> None:
    wallet = "0x52908400098527886E0F7030069857D2E4169EE7"
    path = csv_file(tmp_path, HEADER + rows(1).replace("0012", wallet).replace("0xAb", wallet[2:]))
    loaded = load_transfers([path], chain="ethereum")
    assert loaded[["sender", "recipient"]].to_numpy().tolist() == [[wallet.lower()] * 2]
    with pytest.raises(TransfersError, match=r"sender is no address of tron .*line 2"):
        load_transfers([csv_file(tmp_path, HEADER + rows(1))], chain="tron")
