"""A dry run: what was understood, in words, and nothing kept."""

from pathlib import Path

import pytest

from features import SourceError, check_transfers
from features.sources.dry_run import understand, understand_tables
from features.sources.formats import Source
from tests.strategies import transfers

WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
CSV = f"""hash,when,from,to,value,note
t1,1700000000,{WALLET},{WALLET.lower()},1500000000000000000,x
t1,1700000000,{WALLET},{WALLET.lower()},1500000000000000000,a copy
t2,1700003600,{WALLET},0x12,1,x
"""
OPTIONS = {
    "columns": {"tx_id": "hash", "timestamp": "when", "sender": "from", "recipient": "to",
                "amount": "value"},
    "asset": "ETH", "time_unit": "s", "unit": "wei",
}  # fmt: skip


def test_ten_rows_are_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(CSV)
    found = understand_tables([file], OPTIONS, chain="ethereum")
    assert found.columns == {
        str(file): f"{file}: tx_id from 'hash', timestamp from 'when' (s), sender from 'from', "
        "recipient from 'to', amount from 'value' (wei), asset is ETH; not read: 'note'"
    }
    assert found.rows == [
        f"{file} line 2: on 2023-11-14 22:13:20 UTC ('1700000000'), {WALLET.lower()} ({WALLET!r}) "
        f"sent 1.5 ('1500000000000000000') ETH to {WALLET.lower()}, in transaction t1, position 0"
    ]
    (bad,) = found.bad
    assert bad.startswith(f"{file} line 4: recipient is no address of ethereum")
    assert found.text().splitlines()[-1] == "nothing was kept: a dry run"


def test_no_more_than_ten_rows_of_all_files_are_told(tmp_path: Path) -> None:
    head, line = CSV.splitlines()[:2]
    for name in "ab":
        rows = [line.replace("t1", f"{name}{n}") for n in range(7)]
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *rows]))
    found = understand_tables([tmp_path / "a.csv", tmp_path / "b.csv"], OPTIONS)
    assert len(found.rows) == 10
    assert len(found.columns) == 2
    (tmp_path / "a.csv").write_text(head + "\n")
    assert understand_tables([tmp_path / "a.csv"], OPTIONS).rows == []


def test_a_file_that_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    with pytest.raises(SourceError, match="holds integers such as 1700000000; say their time unit"):
        understand_tables([tmp_path / "t.csv"], {**OPTIONS, "time_unit": None})


def test_transfers_of_other_formats_are_told_without_their_cells() -> None:
    moves = transfers([(n, "a", "b", 2.5) for n in range(12)])
    found = understand(Source(check_transfers(moves)))
    assert len(found.rows) == 10
    assert "a sent 2.5 ETH to b, in transaction t0, position 0" in found.rows[0]
