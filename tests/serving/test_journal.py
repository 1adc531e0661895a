"""The journal keeps what it took, bit for bit and in order."""

import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features import RiskError, check_transfers
from serving.journal import Journal, JournalError
from tests.serving.conftest import random_transfers


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'journal.sqlite'}"


@pytest.fixture
def transfers() -> pd.DataFrame:
    frame = random_transfers(transfers=250)
    frame.loc[:4, "amount"] = [0.1 + 0.2, 5e-324, 1e60, 0.0, 1 / 3]
    frame.loc[0, "sender"] = "w\N{SNOWMAN}'; DROP TABLE transfers; --"
    frame.loc[1, "timestamp"] = pd.Timestamp("1700-01-01T00:00:00.000001Z")
    frame.loc[2, "position"] = 2**31 - 1
    return check_transfers(frame)


def test_a_reopened_journal_gives_back_every_bit(tmp_path: Path, transfers: pd.DataFrame) -> None:
    journal = Journal(url(tmp_path))
    assert journal.append(transfers.iloc[:100]) == 100
    assert journal.append(transfers.iloc[100:]) == 250
    journal.close()
    again = Journal(url(tmp_path))
    assert again.last_seq == 250
    read = pa.Table.from_batches(again.replay(rows=60)).to_pandas()
    again.close()
    # by its bits, since 0.0 == -0.0
    same = read["amount"].to_numpy().view(np.int64) == transfers["amount"].to_numpy().view(np.int64)
    assert same.all()
    assert read["value"].isna().all()  # nobody gave one
    pd.testing.assert_frame_equal(check_transfers(read.drop(columns="value")), transfers)


def test_replay_comes_in_bounded_pieces(tmp_path: Path, transfers: pd.DataFrame) -> None:
    journal = Journal(url(tmp_path))
    assert list(journal.replay()) == []
    journal.append(transfers)
    assert [piece.num_rows for piece in journal.replay(rows=100)] == [100, 100, 50]
    journal.close()


def test_nothing_to_append_writes_nothing(tmp_path: Path, transfers: pd.DataFrame) -> None:
    journal = Journal(url(tmp_path))
    assert journal.append(transfers.iloc[:0]) == 0
    journal.close()


def test_sqlite_is_as_durable_as_it_can_be(tmp_path: Path) -> None:
    journal = Journal(url(tmp_path))
    with journal._database.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "locking_mode")
        }
    journal.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "locking_mode": "exclusive"}


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    journal = Journal(url(tmp_path))
    with pytest.raises(RiskError, match=r"journal\.sqlite cannot be opened .* locked"):
        Journal(url(tmp_path))
    journal.close()
    Journal(url(tmp_path)).close()


def test_a_failed_append_leaves_nothing(tmp_path: Path, transfers: pd.DataFrame) -> None:
    journal = Journal(url(tmp_path))
    journal.append(transfers.iloc[:5])
    broken = transfers.iloc[5:10].astype({"asset": object})
    broken.loc[9, "asset"] = None
    with pytest.raises(JournalError, match="none was added: NOT NULL constraint failed") as raised:
        journal.append(broken)
    assert "w1" not in str(raised.value)  # no parameters in the message
    assert journal.append(transfers.iloc[5:10]) == 10
    journal.close()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("here be dragons", "no usable database URL"),
        ("nosuch://db", "no usable database URL"),
        ("sqlite:////nowhere/at/all/journal.sqlite", "unable to open database file"),
    ],
)
def test_an_unusable_url_is_refused(bad: str, message: str) -> None:
    with pytest.raises(RiskError, match=message):
        Journal(bad)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(RiskError, match="file is not a database"):
        Journal(url(tmp_path))


def test_a_broken_table_is_told(tmp_path: Path, transfers: pd.DataFrame) -> None:
    journal = Journal(url(tmp_path))
    journal.append(transfers)
    journal.check()
    journal.close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("ALTER TABLE transfers RENAME COLUMN amount TO quantity")
    connection.close()
    journal = Journal(url(tmp_path))
    with pytest.raises(JournalError, match="no such column"):
        list(journal.replay())
    journal.close()


def test_passwords_stay_out_of_messages() -> None:
    with pytest.raises(RiskError, match="no usable database URL") as raised:
        Journal("postgresql+nosuchdriver://user:secret@host/db")
    assert "secret" not in str(raised.value)
