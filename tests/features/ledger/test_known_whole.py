"""A large ledger that was found whole is not read again until a file of it changes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from features import Ledger, LedgerError
from features.ledger import disk, known_whole
from features.ledger.verify import verify
from tests.ledger_folder import BASE, generation
from tests.strategies import transfers

Count = Callable[[], int]


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger that counts as large, and was written long ago."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(known_whole, "LEAST_BYTES", 0)
    monkeypatch.setattr(known_whole, "SETTLED_S", -3600.0)
    Ledger.from_transfers(transfers(BASE)).save(tmp_path / "ledger")
    return tmp_path / "ledger"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Count:
    """How often all files were compared with their checksums."""
    calls, compare = [0], disk._check_files

    def counted(*args: object) -> None:
        calls[0] += 1
        compare(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(disk, "_check_files", counted)
    return lambda: calls[0]


def note(saved: Path) -> Path:
    return next((saved.parent / "cache").rglob("*.json"))


def test_it_is_read_once(saved: Path, reads: Count) -> None:
    for _ in range(3):
        assert Ledger.open(saved).n_transfers == 3
    assert reads() == 1
    verify(saved)
    assert reads() == 2
    Ledger.open(saved).save(saved)  # another generation
    Ledger.open(saved)
    assert reads() == 3


def test_what_was_just_written_is_noted_unless_a_file_changed_since(
    saved: Path, reads: Count
) -> None:
    disk.note_whole(saved)
    Ledger.open(saved)
    assert reads() == 1
    path = generation(saved) / "sender.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(LedgerError, match=r"sender\.npy is not as it was written"):
        disk.note_whole(saved)


def test_a_changed_file_is_read_again_even_if_its_time_is_put_back(
    saved: Path, reads: Count
) -> None:
    Ledger.open(saved)
    path = generation(saved) / "sender.npy"
    times, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(LedgerError, match=r"sender\.npy is not as it was written"):
        Ledger.open(saved)
    assert reads() == 2


def test_a_note_of_someone_else_is_not_believed(saved: Path, reads: Count) -> None:
    Ledger.open(saved)
    note(saved).chmod(0o666)
    Ledger.open(saved)
    note(saved).write_text("{")
    Ledger.open(saved)
    assert reads() == 3


def test_what_changed_just_now_is_not_noted(
    saved: Path, reads: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_whole, "SETTLED_S", 2.0)
    Ledger.open(saved)
    Ledger.open(saved)
    assert reads() == 2


def test_a_small_ledger_is_read_each_time(
    saved: Path, reads: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_whole, "LEAST_BYTES", 1 << 20)
    Ledger.open(saved)
    Ledger.open(saved)
    assert reads() == 2
    assert not (saved.parent / "cache").exists()
