"""One writer at a time: it waits or says who holds the folder, and a dead process holds nothing."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from features import Ledger, LedgerError
from features.ledger.lock import writing
from features.sources.formats import Source
from features.sources.ingest import put_away
from tests.strategies import transfers

ROOT = Path(__file__).parents[3]
HOLD = (
    "import sys; from features.ledger.lock import writing\n"
    "with writing(sys.argv[1]): print('held', flush=True); sys.stdin.readline()"
)
INGEST = (
    "import sys, pandas as pd; from pathlib import Path\n"
    "from features.sources.formats import Source; from features.sources.ingest import put_away\n"
    "frame = pd.read_parquet(sys.argv[1]); print('ready', flush=True); sys.stdin.readline()\n"
    "put_away(Source(frame), Path(sys.argv[2]))"
)


def started(code: str, *arguments: Path) -> subprocess.Popen[str]:
    """A process of code that has printed its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


@contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of a folder."""
    with started(HOLD, directory) as process:
        yield process
        process.kill()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    Ledger.from_transfers(transfers([(0, "a", "b", 1.0)])).save(tmp_path / "ledger")
    return tmp_path / "ledger"


def test_the_second_writer_is_told_who_writes(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(saved)
    with holder(tmp_path / "link") as process:
        said = rf"being written by process {process.pid} on \S+ since 20\S+; try again later$"
        with pytest.raises(LedgerError, match=said), writing(saved, wait_s=0.0):
            pass
        assert Ledger.open(saved).n_transfers == 1  # readers need no lock


def test_a_dead_process_holds_nothing(saved: Path) -> None:
    with holder(saved) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with writing(saved, wait_s=0.0):
            pass


def test_ingests_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = []
    for writer in range(3):
        file = tmp_path / f"{writer}.parquet"
        rows = [(row, f"a{row}", f"b{writer}", 1.0) for row in range(200)]
        transfers(rows, prefix=f"w{writer}-").to_parquet(file)
        processes.append(started(INGEST, file, tmp_path / "ledger"))
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate()[1] or process.returncode for process in processes] == [0] * 3
    assert Ledger.open(tmp_path / "ledger").n_transfers == 600


def test_a_thread_may_enter_again_and_another_may_not(saved: Path) -> None:
    refused: list[LedgerError] = []

    def other() -> None:
        try:
            with writing(saved, wait_s=0.0):
                pass
        except LedgerError as error:
            refused.append(error)

    with writing(saved):
        with writing(saved, wait_s=0.0):
            pass
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert f"process {os.getpid()} on" in str(refused[0])
    with writing(saved, wait_s=0.0):
        pass


def test_a_folder_in_which_nothing_was_saved_is_as_before(tmp_path: Path) -> None:
    frame = transfers([(0, "a", "b", 1.0), (1, "b", "c", 1.0)]).assign(asset=["ETH", "BTC"])
    with pytest.raises(LedgerError, match="one asset"):
        put_away(Source(frame), tmp_path / "ledger")
    assert list(tmp_path.iterdir()) == []
    with writing(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == ["writer.lock"]
    assert list(tmp_path.iterdir()) == []


def test_who_waits_for_a_folder_that_goes_makes_it_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    entered = threading.Event()

    def other() -> None:
        with writing(folder):
            entered.set()
            Ledger.from_transfers(transfers([(0, "a", "b", 1.0)])).save(folder)

    with writing(folder):
        thread = threading.Thread(target=other)
        thread.start()
        assert not entered.wait(0.1)
    thread.join()
    assert Ledger.open(folder).n_transfers == 1


@pytest.mark.parametrize("link", [True, False])
def test_a_lock_that_cannot_be_made_is_one_line(saved: Path, link: bool) -> None:
    (saved / "writer.lock").unlink()
    if link:
        (saved / "writer.lock").symlink_to(saved / "manifest.json")
    else:
        (saved / "writer.lock").mkdir()
    before = (saved / "manifest.json").read_bytes()
    with pytest.raises(LedgerError, match=r"cannot be written: \w+"), writing(saved):
        pass
    assert (saved / "manifest.json").read_bytes() == before


def test_nothing_is_put_into_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(LedgerError, match="is no ledger"), writing(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_name_that_cannot_be_read_leaves_the_refusal_clear(saved: Path) -> None:
    with holder(saved):
        (saved / "writer.lock").write_text("{")
        with pytest.raises(LedgerError, match="by another process;"), writing(saved, wait_s=0.0):
            pass
