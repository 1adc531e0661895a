"""Contradictions are set aside, retractions stay, and a journal belongs to one ledger."""

import logging
import shutil
from pathlib import Path

import pytest

from features import Ledger, RiskError
from serving.journal import Journal
from tests.serving.books import Books, amounts, frame, payment


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def test_the_ledger_wins_at_a_start_and_both_versions_are_kept(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    books.post(payment("wrong", 5.0), payment("right", 6.0))
    books.command(lambda ledger: ledger.append(frame(payment("wrong", 7.0))))
    with caplog.at_level(logging.WARNING, "walletrisk.journal"):
        books.restart()
    assert amounts(books.memory, ["wrong", "right"]) == {"wrong": {0: 7.0}, "right": {0: 6.0}}
    (said,) = caplog.messages
    assert "contradicts 1 transfers of the journal" in said
    assert "wrong" not in said
    (one,) = books.journal.contradictions()
    assert one["journal_version"]["amount"] == 5.0
    assert one["ledger_version"]["amount"] == 7.0
    assert (one["tx_id"], one["position"], one["status"]) == ("wrong", 0, "open")
    for _ in range(2):
        books.restart()
        assert books.journal.open_contradictions == 1


def test_the_ledgers_version_is_kept(books: Books) -> None:
    books.post(payment("t", 5.0))
    books.command(lambda ledger: ledger.append(frame(payment("t", 7.0))))
    books.restart()
    books.resolve(1, "ledger")
    for _ in range(2):
        assert amounts(books.memory, ["t"]) == {"t": {0: 7.0}}
        assert books.journal.contradictions() == []
        books.restart()


def test_the_journals_version_comes_back_with_its_neighbours(books: Books) -> None:
    books.post(payment("t", 5.0), payment("t", 5.5, position=1))
    books.command(
        lambda ledger: ledger.append(frame(payment("t", 7.0), payment("t", 8.0, position=2)))
    )
    books.restart()
    assert amounts(books.memory, ["t"]) == {"t": {0: 7.0, 1: 5.5, 2: 8.0}}
    books.resolve(1, "journal")
    for how in (books.restart, books.checkpoint, books.restart):
        assert amounts(books.memory, ["t"]) == {"t": {0: 5.0, 1: 5.5, 2: 8.0}}
        how()
    assert amounts(Ledger.open(books.folder), ["t"]) == {"t": {0: 5.0, 1: 5.5, 2: 8.0}}
    with pytest.raises(RiskError, match="contradiction 1 was resolved before"):
        books.resolve(1, "ledger")
    with pytest.raises(RiskError, match="contradiction 2 is not there"):
        books.resolve(2, "ledger")


def test_many_contradictions_are_set_aside_at_once(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    books.post(*(payment(f"t{number}", 1.0 + number) for number in range(1200)))
    others = [payment(f"t{number}", 2.0 + number) for number in range(0, 1200, 2)]
    books.command(lambda ledger: ledger.append(frame(*others)))
    books.restart()
    assert books.journal.open_contradictions == 600
    assert books.journal.held == 600
    (said,) = caplog.messages
    assert "contradicts 600 transfers" in said
    assert books.memory.n_transfers == 1201


def test_a_retraction_outlives_a_restart(books: Books) -> None:
    books.post(payment("t", 5.0), payment("u", 6.0))
    books.retract("t", "first")
    books.restart()
    assert amounts(books.memory, ["t", "u", "first"]) == {"u": {0: 6.0}}
    books.checkpoint()
    books.restart()
    assert amounts(books.memory, ["t", "u", "first"]) == {"u": {0: 6.0}}


def test_what_is_sent_again_after_a_retraction_is_accepted(books: Books) -> None:
    books.post(payment("t", 5.0))
    books.retract("t")
    books.post(payment("t", 6.0))
    for how in (books.restart, books.checkpoint, books.restart):
        assert amounts(books.memory, ["t"]) == {"t": {0: 6.0}}
        how()
    assert books.journal.contradictions() == []


def test_a_retraction_on_the_folder_is_not_undone_by_the_journal(
    books: Books, caplog: pytest.LogCaptureFixture
) -> None:
    books.post(payment("t", 5.0), payment("u", 6.0))
    books.command(lambda ledger: ledger.append(frame(payment("t", 5.0))))
    books.command(lambda ledger: ledger.retract(["t"]))
    books.restart()
    assert amounts(books.memory, ["t", "u"]) == {"u": {0: 6.0}}
    assert "1 transactions of the journal were retracted in the ledger" in caplog.text
    assert books.journal.open_contradictions == 0  # nothing to decide
    books.post(payment("t", 5.0))  # a reorganisation that takes it in again
    for how in (books.restart, books.checkpoint, books.restart):
        assert amounts(books.memory, ["t", "u"]) == {"t": {0: 5.0}, "u": {0: 6.0}}
        how()


def test_a_copy_that_was_ingested_after_a_retraction_on_the_folder_stays(books: Books) -> None:
    books.post(payment("t", 5.0))
    books.command(lambda ledger: ledger.append(frame(payment("t", 5.0))))
    books.command(lambda ledger: ledger.retract(["t"]))
    books.command(lambda ledger: ledger.append(frame(payment("t", 6.0))))
    books.restart()
    assert amounts(books.memory, ["t"]) == {"t": {0: 6.0}}
    books.checkpoint()
    assert amounts(Ledger.open(books.folder), ["t"]) == {"t": {0: 6.0}}


def test_a_journal_of_another_ledger_is_refused(books: Books, tmp_path: Path) -> None:
    books.post(payment("t", 5.0))
    Ledger.from_transfers(frame(payment("first"))).save(books.folder)
    with pytest.raises(RiskError, match=r"journal\.sqlite does not belong to this ledger"):
        books.restart()
    journal = Journal(books.url)
    journal.adopt(Ledger.open(books.folder).provenance)
    journal.close()
    books.restart()
    assert amounts(books.memory, ["t"]) == {"t": {0: 5.0}}


def test_a_ledger_older_than_its_journal_is_refused(books: Books, tmp_path: Path) -> None:
    shutil.copytree(books.folder, tmp_path / "copy")
    books.post(payment("t", 5.0))
    books.checkpoint()
    books.post(payment("u", 6.0))
    shutil.rmtree(books.folder)
    shutil.copytree(tmp_path / "copy", books.folder)
    with pytest.raises(RiskError, match=r"the ledger is older than journal .* up to 1: .* up to 0"):
        books.restart()
    journal = Journal(books.url)
    journal.adopt(Ledger.open(books.folder).provenance)
    journal.close()
    books.restart()
    assert amounts(books.memory, ["t", "u"]) == {"u": {0: 6.0}}


def test_a_journal_older_than_its_ledger_numbers_on(books: Books, tmp_path: Path) -> None:
    books.post(payment("t", 5.0))
    books.journal.close()
    shutil.copy(tmp_path / "journal.sqlite", tmp_path / "copy.sqlite")
    books.start()
    books.post(payment("u", 6.0))
    books.checkpoint()
    books.journal.close()
    shutil.copy(tmp_path / "copy.sqlite", tmp_path / "journal.sqlite")
    books.start()
    books.post(payment("v", 7.0))
    assert books.journal.last_seq == 3
    books.restart()
    assert amounts(books.memory, ["t", "u", "v"]) == {"t": {0: 5.0}, "u": {0: 6.0}, "v": {0: 7.0}}


def test_a_journal_of_the_release_before_is_taken_in(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.post(payment("t", 5.0))
    with books.journal._database.engine.begin() as connection:
        for table in ("facts", "retractions", "contradictions"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    books.restart()
    assert amounts(books.memory, ["t"]) == {"t": {0: 5.0}}
