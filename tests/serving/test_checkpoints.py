"""A checkpoint loses nothing and doubles nothing, wherever it is cut off."""

import io
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from features import Ledger, RiskError
from serving import fold as folding
from serving.checkpoints import CheckpointError, Checkpoints
from serving.corrections import JournalAlone
from serving.fold import Folded, answer_of, fold, send
from serving.journal import Entries
from tests.serving.books import Books, amounts, frame, payment


class CutOffError(RuntimeError):
    """The process ended here."""


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    opened = Books(tmp_path)
    yield opened
    opened.journal.close()


def test_what_was_folded_is_in_the_folder_and_no_longer_in_the_journal(books: Books) -> None:
    books.post(payment("t", 5.0), payment("u", 6.0))
    books.retract("u", "first")
    done = books.checkpoint()
    assert (done.saved, done.added, done.taken_back) == (True, 1, 1)
    assert amounts(Ledger.open(books.folder), ["t", "u", "first"]) == {"t": {0: 5.0}}
    assert (books.journal.held, books.journal.last_seq) == (0, 4)
    assert list(books.journal.replay()) == []
    assert not books.checkpoint().saved
    books.post(payment("v", 7.0))
    assert books.journal.last_seq == 5  # numbers are never given twice
    books.restart()
    assert amounts(books.memory, ["t", "v"]) == {"t": {0: 5.0}, "v": {0: 7.0}}


def test_what_comes_meanwhile_stays_in_the_journal(books: Books) -> None:
    books.post(payment("t", 5.0))

    def slow(directory: Path, entries: Entries) -> Folded:
        done = fold(directory, entries)
        books.post(payment("u", 6.0))
        books.retract("t")
        return done

    books.checkpoint(slow)
    assert amounts(Ledger.open(books.folder), ["t", "u", "first"])["t"] == {0: 5.0}
    books.restart()
    assert amounts(books.memory, ["t", "u"]) == {"u": {0: 6.0}}


def test_what_a_command_did_meanwhile_is_settled_first(books: Books) -> None:
    books.post(payment("t", 5.0), payment("u", 6.0), payment("v", 7.0))
    books.command(lambda ledger: ledger.append(frame(payment("t", 9.0), payment("w", 8.0))))
    books.command(lambda ledger: ledger.append(frame(payment("u", 6.0))))
    books.command(lambda ledger: ledger.retract(["u"]))
    assert books.checkpoint().saved
    held = amounts(Ledger.open(books.folder), ["t", "u", "v", "w"])
    assert held == {"t": {0: 9.0}, "v": {0: 7.0}, "w": {0: 8.0}}
    assert books.journal.open_contradictions == 1
    assert Ledger.open(books.folder).provenance.retracted == []


def test_another_ledger_in_the_folder_is_left_alone(books: Books) -> None:
    books.post(payment("t", 5.0))
    Ledger.from_transfers(frame(payment("first"))).save(books.folder)
    with pytest.raises(RiskError, match=r"holds ledger .* by now"):
        books.checkpoint()
    assert books.journal.held == 1


def cut_before(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(_: Path, __: Entries) -> Folded:
        raise CutOffError

    books.checkpoint(cut)


def cut_inside_save(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: Any) -> None:
        raise CutOffError

    monkeypatch.setattr("features.ledger.disk._replace", cut)
    books.checkpoint()


def cut_after_save(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(directory: Path, entries: Entries) -> Folded:
        fold(directory, entries)
        raise CutOffError

    books.checkpoint(cut)


def cut_inside_forget(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    note = books.journal._note

    def cut(**changes: Any) -> None:
        note(**changes)
        raise CutOffError

    monkeypatch.setattr(books.journal, "_note", cut)
    books.checkpoint()


def cut_between_deletions(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.journal.journal.FORGET_ROWS", 1)
    writing, calls = books.journal._database.writing, 0

    def cut(failure: str) -> Any:
        nonlocal calls
        calls += failure == "the journal keeps what was folded"
        if calls > 1:
            raise CutOffError
        return writing(failure)

    monkeypatch.setattr(books.journal._database, "writing", cut)
    books.checkpoint()


Cut = Callable[[Books, pytest.MonkeyPatch], None]
CUTS: list[Cut] = [
    cut_before, cut_inside_save, cut_after_save, cut_inside_forget, cut_between_deletions,
]  # fmt: skip


def cut_off(books: Books, cut: Cut) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CutOffError):
        cut(books, patch)


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_loses_and_doubles_nothing(books: Books, cut: Cut) -> None:
    books.post(*(payment(f"t{number}", 2.0 + number) for number in range(6)))
    books.retract("t1", "first")
    books.post(payment("t1", 99.0))
    expected = {f"t{number}": {0: 2.0 + number} for number in range(6)} | {"t1": {0: 99.0}}
    cut_off(books, cut)
    books.restart()
    names = [*expected, "first"]
    assert amounts(books.memory, names) == expected
    books.post(payment("late", 50.0))
    expected["late"] = {0: 50.0}
    books.restart()
    assert amounts(books.memory, [*names, "late"]) == expected
    books.checkpoint()
    assert amounts(Ledger.open(books.folder), [*names, "late"]) == expected
    assert books.journal.held == 0


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_events_ends_in_the_truth(books: Books, seed: int) -> None:
    chance, truth = random.Random(seed), {"first": {0: 1.0}}
    names = ["first", *(f"t{number}" for number in range(8))]
    for step in range(40):
        name, amount = chance.choice(names), 2.0 + step
        match chance.randrange(7):
            case 0 | 1 | 2:
                position = chance.randrange(3)
                if position not in truth.get(name, {}):
                    books.post(payment(name, amount, position=position))
                    truth.setdefault(name, {})[position] = amount
            case 3:
                books.retract(name)
                truth.pop(name, None)
            case 4 if books.journal.held:
                cut_off(books, chance.choice(CUTS[:4]))
                books.restart()
            case 4 | 6:
                books.restart()
            case 5:
                books.checkpoint()
        assert amounts(books.memory, names) == truth, step
    books.checkpoint()
    assert amounts(Ledger.open(books.folder), names) == truth


def test_a_child_folds_bit_for_bit(books: Books) -> None:
    odd = [payment("\N{SNOWMAN}", 0.1 + 0.2), payment("tiny", 5e-324), payment("big", 1e9 / 3)]
    books.post(*odd)
    books.retract("first")
    checkpoints = Checkpoints(books.journal, JournalAlone(books.journal), books.folder)
    done = checkpoints.run()
    checkpoints.close()
    assert (done.added, done.taken_back, done.journal_seq) == (3, 1, 4)
    ledger = Ledger.open(books.folder)
    assert [ledger.transaction(one.tx_id) for one in odd] == [[one] for one in odd]
    assert [books.memory.transaction(one.tx_id) for one in odd] == [[one] for one in odd]


def test_one_is_made_when_the_journal_is_long(books: Books) -> None:
    made, told = threading.Event(), []

    def note(outcome: str, seconds: float) -> None:
        told.append(outcome)
        made.set()

    checkpoints = Checkpoints(books.journal, JournalAlone(books.journal), books.folder)
    books.post(payment("t", 5.0), payment("u", 6.0))
    checkpoints.start(2, note)
    assert made.wait(60)
    checkpoints.close()
    assert told == ["made"]
    assert books.journal.held == 0
    assert amounts(Ledger.open(books.folder), ["t", "u"]) == {"t": {0: 5.0}, "u": {0: 6.0}}


def test_a_second_one_meanwhile_does_not_wait(books: Books) -> None:
    checkpoints = Checkpoints(books.journal, JournalAlone(books.journal), books.folder)
    books.post(payment("t", 5.0))
    with checkpoints._one, pytest.raises(CheckpointError, match="is under way already"):
        checkpoints.run()
    assert checkpoints.run().added == 1
    checkpoints.close()


def test_what_a_child_cannot_do_is_told(books: Books) -> None:
    checkpoints = Checkpoints(books.journal, JournalAlone(books.journal), books.folder)
    books.post(payment("t", 5.0))
    (books.folder / "manifest.json").unlink()
    with pytest.raises(RuntimeError, match=r"no checkpoint was made: .* is no ledger"):
        checkpoints.run()
    checkpoints.close()
    assert books.journal.held == 1


def test_entries_that_end_early_are_not_folded(
    books: Books, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    books.post(*(payment(f"t{number}", 2.0 + number) for number in range(6)))
    sent = io.BytesIO()
    send(books.folder, books.journal.entries(rows=2), sent)
    with pa.ipc.open_stream(io.BytesIO(sent.getvalue())) as reader:
        batches = list(reader)
    assert [batch.num_rows for batch in batches] == [2, 2, 2, 0]
    monkeypatch.setattr("os.nice", lambda _: None)
    for length in range(0, len(sent.getvalue()), 97):
        before = Ledger.open(books.folder).n_transfers
        stream = type("Stdin", (), {"buffer": io.BytesIO(sent.getvalue()[:length])})
        monkeypatch.setattr("sys.stdin", stream)
        with pytest.raises((RiskError, OSError, ValueError)):  # noqa: PT012 - either may
            folding.main()
            answer_of(capsys.readouterr().out)
        assert Ledger.open(books.folder).n_transfers == before == 1


def test_an_answer_comes_back_whole(books: Books) -> None:
    books.post(payment("t", 5.0))
    books.command(lambda ledger: ledger.append(frame(payment("t", 9.0))))
    done = fold(books.folder, books.journal.entries())
    assert [(stored.amount, copy.amount) for stored, copy in done.conflicts] == [(9.0, 5.0)]
    assert answer_of(folding.answer_text(done)) == done
    odd = replace(done, transactions=[payment("\N{SNOWMAN}", 0.25)], taken=5)
    assert answer_of(folding.answer_text(odd)) == odd
