"""A journal whose file is no longer the one that was opened acknowledges nothing."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from features import RiskError, check_transfers
from serving.journal import Journal, JournalError
from tests.serving.conftest import random_transfers


@pytest.fixture
def transfers() -> pd.DataFrame:
    return check_transfers(random_transfers(transfers=20))


def deleted(file: Path) -> None:
    file.unlink()


def replaced(file: Path) -> None:
    copy = file.with_name("copy.sqlite")
    shutil.copy(file, copy)
    copy.replace(file)


def overwritten(file: Path) -> None:
    size = file.stat().st_size
    file.write_bytes(bytes(size))


def truncated(file: Path) -> None:
    os.truncate(file, 4096)


def named_twice(file: Path) -> None:
    os.link(file, file.with_name("other.sqlite"))


def without_its_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


def with_a_short_log(file: Path) -> None:
    os.truncate(file.with_name(f"{file.name}-wal"), 0)


ATTACKS: list[Callable[[Path], None]] = [
    deleted, replaced, overwritten, truncated, named_twice, without_its_log, with_a_short_log,
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_acknowledged_after(
    tmp_path: Path, transfers: pd.DataFrame, attack: Callable[[Path], None]
) -> None:
    file = tmp_path / "journal.sqlite"
    journal = Journal(f"sqlite:///{file}")
    journal.append(transfers.iloc[:10])
    time.sleep(0.05)  # the file system's clock ticks every few milliseconds
    attack(file)
    for write in (
        lambda: journal.append(transfers.iloc[10:]),
        lambda: journal.retract(["t1"]),
        journal.check,
    ):
        with pytest.raises(
            JournalError, match=r"journal\.sqlite was (deleted|replaced or changed)"
        ):
            write()
    assert journal.last_seq == 10
    journal.close()


def test_a_file_that_goes_while_it_is_written_is_noticed_before_the_acknowledgement(
    tmp_path: Path, transfers: pd.DataFrame
) -> None:
    file = tmp_path / "journal.sqlite"
    journal = Journal(f"sqlite:///{file}")

    def write() -> None:
        with journal._database.writing("no") as connection:
            connection.exec_driver_sql("DELETE FROM retractions")
            file.unlink()

    with pytest.raises(JournalError, match="was deleted"):
        write()
    with pytest.raises(JournalError, match="was deleted"):
        journal.append(transfers)
    assert journal.last_seq == 0
    journal.close()


def test_a_link_that_leads_elsewhere_is_noticed(tmp_path: Path, transfers: pd.DataFrame) -> None:
    link = tmp_path / "link.sqlite"
    for name in ("one", "two"):
        sqlite3.connect(tmp_path / name).close()
        (tmp_path / name).touch()
    link.symlink_to("one")
    journal = Journal(f"sqlite:///{link}")
    journal.append(transfers.iloc[:10])
    with pytest.raises(RiskError, match="locked"):
        Journal(f"sqlite:///{tmp_path / 'one'}")
    link.unlink()
    link.symlink_to("two")
    with pytest.raises(JournalError, match="replaced or changed"):
        journal.append(transfers.iloc[10:])
    journal.close()


def test_a_file_with_two_names_is_refused(tmp_path: Path) -> None:
    Journal(f"sqlite:///{tmp_path / 'one.sqlite'}").close()
    os.link(tmp_path / "one.sqlite", tmp_path / "two.sqlite")
    with pytest.raises(RiskError, match=r"reached by 2 names \(hard links\)"):
        Journal(f"sqlite:///{tmp_path / 'two.sqlite'}")


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"]
)
def test_a_journal_in_memory_is_refused(url: str) -> None:
    with pytest.raises(RiskError, match="lives in memory only"):
        Journal(url)


def test_long_logs_are_folded_into_the_file_without_alarm(
    tmp_path: Path, transfers: pd.DataFrame
) -> None:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}")
    for number in range(1500):  # SQLite does so after 1,000 pages
        part = transfers.assign(tx_id=[f"{number}-{place}" for place in range(20)])
        journal.append(part)
    assert journal.last_seq == 30_000
    journal.close()
