"""A ledger on disk: whole or an error of one line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from features import Ledger, LedgerError, feature_table
from features.ledger import disk
from features.ledger.state import State
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds

BASE = [(0, "a", "b", 1.0), (10, "b", "c", 2.0), (20, "c", "a", 3.0)]
ASKED = spine(["a", "b", "c", "d"], at(100))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    directory = tmp_path / "ledger"
    Ledger.from_transfers(transfers(BASE)).save(directory)
    return directory


def manifest_of(directory: Path) -> dict[str, object]:
    return dict(json.loads((directory / "manifest.json").read_text()))


def generation(directory: Path) -> Path:
    return directory / str(manifest_of(directory)["generation"])


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


@given(worlds())
@settings(max_examples=10)
def test_an_opened_ledger_is_the_saved_one(
    tmp_path_factory: pytest.TempPathFactory, world: World
) -> None:
    directory = tmp_path_factory.mktemp("ledger")
    ledger = world.ledger()
    ledger.save(directory)
    again = Ledger.open(directory)
    for fact in ("asset", "n_transfers", "n_wallets", "last_timestamp", "nbytes"):
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
            with pytest.raises(OSError, match="no space left"):
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
            with pytest.raises(OSError, match="no space left"):
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
    read, writer = disk._read_generation, Ledger.open(saved)
    writer.retract(["t0"])
    saves = iter([writer.save])

    def late(directory: Path, manifest: disk._Manifest) -> State:
        for save in saves:
            save(directory)  # between the manifest and the files that it names
        return read(directory, manifest)

    monkeypatch.setattr("features.ledger.disk._read_generation", late)
    assert Ledger.open(saved).n_transfers == 2


def test_a_first_save_that_crashed_can_be_repeated(tmp_path: Path) -> None:
    abandoned = tmp_path / "generation-0123456789abcdef"
    abandoned.mkdir()
    (abandoned / "outgoing.amount.npy").write_bytes(b"half")
    Ledger.from_transfers(transfers(BASE)).save(tmp_path)
    assert Ledger.open(tmp_path).n_transfers == 3


def test_a_folder_without_manifest_is_no_ledger(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        with pytest.raises(LedgerError, match="is no ledger: it has no manifest"):
            Ledger.open(directory)


def one_line(error: LedgerError) -> bool:
    return "\n" not in str(error)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"no json"])
def test_a_garbled_manifest_is_told(saved: Path, text: bytes) -> None:
    (saved / "manifest.json").write_bytes(text)
    with pytest.raises(LedgerError, match=r"manifest\.json is no JSON", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"format_version": 99}'])
def test_another_format_version_is_told(saved: Path, text: str) -> None:
    (saved / "manifest.json").write_text(text)
    with pytest.raises(LedgerError, match="this release reads 3", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("field", ["generation", "asset", "transfers", "bytes", "last_time_us"])
def test_an_incomplete_manifest_is_told(saved: Path, field: str) -> None:
    manifest = manifest_of(saved)
    del manifest[field]
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LedgerError, match=f"manifest.json lacks .*{field}", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("listed", [None, [], {}])
def test_a_manifest_that_lists_no_files_is_told(saved: Path, listed: object) -> None:
    (saved / "manifest.json").write_text(json.dumps(manifest_of(saved) | {"bytes": listed}))
    (generation(saved) / "outgoing.amount.npy").unlink()
    with pytest.raises(LedgerError, match="damaged ledger", check=one_line):
        Ledger.open(saved)


FILES = [
    "outgoing.amount.npy",
    "incoming.time.npy",
    "wallet_hash.npy",
    "wallets.arrow",
    "tx_ids.arrow",
]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(saved: Path, name: str) -> None:
    (generation(saved) / name).unlink()
    with pytest.raises(LedgerError, match=f"{name} is missing, expected", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_told(saved: Path, name: str) -> None:
    path = generation(saved) / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(LedgerError, match=f"{name} is .* bytes, expected", check=one_line):
        Ledger.open(saved)


def object_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{}], dtype=object), allow_pickle=True)


def noise(path: Path) -> None:
    path.write_bytes(b"\x00" * 200)


@pytest.mark.parametrize("damage", [object_array, noise])
@pytest.mark.parametrize("name", ["outgoing.amount.npy", "outgoing.start.npy", "wallets.arrow"])
def test_a_file_that_holds_something_else_is_told(
    saved: Path, name: str, damage: Callable[[Path], None]
) -> None:
    path = generation(saved) / name
    damage(path)
    manifest = manifest_of(saved)
    sizes = manifest["bytes"]
    assert isinstance(sizes, dict)
    sizes[name] = path.stat().st_size
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LedgerError, match=f"damaged ledger: .*{name}"):
        Ledger.open(saved)
