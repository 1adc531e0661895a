"""The commands of the journal, as an operator runs them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from features import Ledger
from tests.serving.books import Books, amounts, frame, payment
from walletrisk import run


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    opened = Books(tmp_path)
    opened.post(payment("t", 5.0), payment("u", 6.0))
    yield opened
    opened.journal.close()


def command(books: Books, *arguments: str) -> int:
    return run(["journal", *arguments, "--ledger", str(books.folder), "--journal", books.url])


def test_a_checkpoint_by_command(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(books, "checkpoint") == 2
    assert "one process at a time may" in capsys.readouterr().err
    books.journal.close()
    assert command(books, "checkpoint") == 0
    assert "2 transfers added, 0 taken back" in capsys.readouterr().out
    assert amounts(Ledger.open(books.folder), ["t", "u"]) == {"t": {0: 5.0}, "u": {0: 6.0}}
    assert command(books, "checkpoint", "--json") == 0
    assert json.loads(capsys.readouterr().out)["added"] == 0


def test_contradictions_by_command(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.journal.close()
    books.command(lambda ledger: ledger.append(frame(payment("t", 7.0))))
    assert command(books, "contradictions") == 0
    said = capsys.readouterr().out
    assert "transfer ('t', 0) acknowledged: " in said
    assert said.endswith("1 open\n")
    assert command(books, "contradictions", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ledger_version"]["amount"] == 7.0
    assert command(books, "resolve", "1", "--keep", "journal") == 0
    assert command(books, "resolve", "1", "--keep", "journal") == 2
    assert "contradiction 1 was resolved before" in capsys.readouterr().err
    assert command(books, "checkpoint") == 0
    assert amounts(Ledger.open(books.folder), ["t", "u"]) == {"t": {0: 5.0}, "u": {0: 6.0}}


def test_a_journal_is_given_to_a_ledger_that_was_built_anew(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    books.journal.close()
    Ledger.from_transfers(frame(payment("first"))).save(books.folder)
    assert command(books, "checkpoint") == 2
    assert "walletrisk journal adopt" in capsys.readouterr().err
    assert command(books, "adopt") == 0
    assert "2 entries belong to" in capsys.readouterr().out
    assert command(books, "checkpoint") == 0
    assert amounts(Ledger.open(books.folder), ["t", "u"]) == {"t": {0: 5.0}, "u": {0: 6.0}}
