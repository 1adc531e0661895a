"""A ledger on disk: whole or an error of one line."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from features import Ledger, LedgerError, feature_table
from features.ledger import disk
from features.ledger.state import State
from tests import compare
from tests.ledger_folder import BASE, contents, generation, names, one_line
from tests.strategies import World, at, spine, transfers, worlds

ASKED = spine(["a", "b", "c", "d"], at(100))


NOT_SAVED = "was not saved, what was there before is whole: .*no space left"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    directory = tmp_path / "ledger"
    Ledger.from_transfers(transfers(BASE)).save(directory)
    return directory


@given(worlds())
@settings(max_examples=10)
def test_an_opened_ledger_is_the_saved_one(
    tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    directory = tmp_path_factory.mktemp("ledger")
    ledger = world.ledger()
    ledger.save(directory)
    again = Ledger.open(directory)
    for fact in ("unit", "n_transfers", "n_wallets", "last_timestamp", "nbytes"):
        assert getattr(again, fact) == getattr(ledger, fact)
    compare.identical(feature_table(ledger, world.spine), feature_table(again, world.spine))
    again.save(directory)  # over itself, while mapped
    third = Ledger.open(directory)
    compare.identical(feature_table(ledger, world.spine), feature_table(third, world.spine))
    compare.identical(feature_table(ledger, world.spine), feature_table(again, world.spine))


def test_changes_of_an_opened_ledger_leave_its_files_alone(saved: Path) -> None:
    before = contents(saved)
    ledger = Ledger.open(saved)
    ledger.retract(["t0"])
    ledger.append(transfers([(5, "a", "d", 1.0)], prefix="new"))
    assert contents(saved) == before
    assert Ledger.open(saved).n_transfers == 3


def test_one_who_has_it_open_keeps_the_old_ledger(saved: Path) -> None:
    reader = Ledger.open(saved)
    before = feature_table(reader, ASKED)
    writer = Ledger.open(saved)
    writer.append(transfers([(5, "a", "d", 1.0)], prefix="new"))
    writer.save(saved)
    compare.identical(before, feature_table(reader, ASKED))
    assert Ledger.open(saved).n_transfers == 4
    assert names(saved) == [generation(saved).name, "manifest.json", "writer.lock"]


def test_saving_leaves_out_slack_and_retracted_transfers(saved: Path) -> None:
    ledger = Ledger.open(saved)
    ledger.retract(["t0"])
    ledger.append(transfers([(50, "a", "d", 1.0)], prefix="new"))
    ledger.save(saved)
    again, rebuilt = Ledger.open(saved), Ledger.from_transfers(transfers(BASE).iloc[1:])
    rebuilt.append(transfers([(50, "a", "d", 1.0)], prefix="new"))
    compare.identical(feature_table(again, ASKED), feature_table(rebuilt, ASKED))
    assert again.sender.size == again.incoming.time.size == 3


def test_an_empty_ledger_is_saved_and_grows(tmp_path: Path) -> None:
    Ledger.from_transfers(transfers([])).save(tmp_path / "new")
    ledger = Ledger.open(tmp_path / "new")
    assert ledger.n_transfers == 0
    assert feature_table(ledger, ASKED)["coverage_in_count"].eq(0).all()
    assert ledger.append(transfers(BASE)) == 3
    ledger.save(tmp_path / "new")
    built = Ledger.from_transfers(transfers(BASE))
    compare.identical(
        feature_table(Ledger.open(tmp_path / "new"), ASKED), feature_table(built, ASKED)
    )


def test_a_ledger_of_which_all_was_retracted_is_saved(saved: Path) -> None:
    ledger = Ledger.open(saved)
    ledger.retract(["t0", "t1", "t2"])
    ledger.save(saved)
    assert Ledger.open(saved).n_transfers == 0


def test_a_folder_of_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(LedgerError, match=r"exists and is no ledger .*nothing was written"):
        Ledger.from_transfers(transfers(BASE)).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(LedgerError, match="nothing was written"):
        Ledger.from_transfers(transfers(BASE)).save(tmp_path / "file")


def test_a_folder_left_by_a_crash_is_harmless(saved: Path) -> None:
    abandoned = saved / "generation-0123456789abcdef"
    abandoned.mkdir()
    (abandoned / "outgoing.amount.npy").write_bytes(b"half")
    (saved / "manifest.draft").write_text("{")
    ledger = Ledger.open(saved)
    assert ledger.n_transfers == 3
    ledger.save(saved)
    assert names(saved) == [generation(saved).name, "manifest.json", "writer.lock"]


def test_a_save_that_fails_leaves_the_old_ledger(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _text: object) -> None:
        raise OSError("no space left on device")

    ledger = Ledger.open(saved)
    ledger.retract(["t0"])
    for step in ("_write", "_write_text", "_replace"):
        with monkeypatch.context() as patch:
            patch.setattr(f"features.ledger.disk.{step}", full)
            with pytest.raises(LedgerError, match=NOT_SAVED, check=one_line):
                ledger.save(saved)
        assert Ledger.open(saved).n_transfers == 3
        assert names(saved) == [generation(saved).name, "manifest.json", "writer.lock"]
    ledger.save(saved)
    assert Ledger.open(saved).n_transfers == 2


def test_a_first_save_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _text: object) -> None:
        raise OSError("no space left on device")

    ledger = Ledger.from_transfers(transfers(BASE))
    for step in ("_write", "_write_text", "_replace"):
        with monkeypatch.context() as patch:
            patch.setattr(f"features.ledger.disk.{step}", full)
            with pytest.raises(LedgerError, match=NOT_SAVED, check=one_line):
                ledger.save(tmp_path / "ledger")
        assert names(tmp_path) == []


def test_a_save_that_failed_after_its_manifest_keeps_what_that_names(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.open(saved)
    ledger.retract(["t0"])
    replace = disk._replace

    def interrupted(path: Path, text: str) -> None:
        replace(path, text)
        raise KeyboardInterrupt

    monkeypatch.setattr("features.ledger.disk._replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ledger.save(saved)
    assert Ledger.open(saved).n_transfers == 2


def test_what_another_saved_meanwhile_is_not_replaced(saved: Path) -> None:
    one, other = Ledger.open(saved), Ledger.open(saved)
    one.append(transfers([(30, "a", "d", 1.0)], prefix="one"))
    other.append(transfers([(30, "a", "d", 1.0)], prefix="other"))
    one.save(saved)
    with pytest.raises(LedgerError, match=r"saved by another writer .* nothing was written"):
        other.save(saved)
    one.append(transfers([(40, "a", "d", 1.0)], prefix="again"))
    one.save(saved)  # what it saved itself is no surprise
    assert Ledger.open(saved).n_transfers == 5
    other.save(saved.with_name("elsewhere"))
    Ledger.from_transfers(transfers(BASE)).save(saved)  # a new one replaces, as it says
    assert Ledger.open(saved).n_transfers == 3


def test_a_reader_whose_generation_is_replaced_reads_the_new_one(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, writer = disk._read_whole, Ledger.open(saved)
    writer.retract(["t0"])
    saves = iter([writer.save])

    def late(directory: Path, *rest: Any) -> State:
        for save in saves:
            save(directory)  # between the manifest and the files that it names
        return read(directory, *rest)

    monkeypatch.setattr("features.ledger.disk._read_whole", late)
    assert Ledger.open(saved).n_transfers == 2


def test_a_first_save_that_crashed_can_be_repeated(tmp_path: Path) -> None:
    abandoned = tmp_path / "generation-0123456789abcdef"
    abandoned.mkdir()
    (abandoned / "outgoing.amount.npy").write_bytes(b"half")
    Ledger.from_transfers(transfers(BASE)).save(tmp_path)
    assert Ledger.open(tmp_path).n_transfers == 3


def test_room_that_was_reserved_is_not_saved(saved: Path) -> None:
    ledger = Ledger.open(saved)
    ledger.reserve(100)
    ledger.save(saved)
    assert Ledger.open(saved).outgoing.time.size == 3
    assert Ledger.open(saved).outgoing.start.size == 3


def test_a_disk_that_is_full_is_one_line(saved: Path) -> None:
    before = contents(saved)
    code = (
        "import resource, sys, pandas as pd; from features import Ledger, LedgerError\n"
        "ledger = Ledger.open(sys.argv[1]); ledger.append(pd.read_parquet(sys.argv[2]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))\n"
        "try: ledger.save(sys.argv[1])\n"
        "except LedgerError as error: print(error)"
    )
    file = saved.with_name("more.parquet")
    transfers([(row, "a", f"w{row}", 1.0) for row in range(500)], prefix="m").to_parquet(file)
    for limit in (500, 3000, 5000):
        done = subprocess.run(
            [sys.executable, "-c", code, saved, file, str(limit)],
            cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "was not saved, what was there before is whole: " in done.stdout
        assert "File too large" in done.stdout or "not all of it could be written" in done.stdout
        after = contents(saved)
        assert names(saved) == [generation(saved).name, "manifest.json", "writer.lock"]
        assert {**before, "writer.lock": b""} == {**after, "writer.lock": b""}
