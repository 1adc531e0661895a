"""Checkpoints: the journal is folded into the ledger's folder while the server scores.

A crash between any two steps loses nothing and doubles nothing: the folder's manifest, which is
replaced in one step, says up to which entry of which journal it holds them, and the journal lets
go of entries only after that.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import IOBase
from pathlib import Path
from typing import Protocol, cast

from features import Transfer
from features.errors import RiskError
from features.ledger.arrivals import Conflict
from serving.child import environment
from serving.fold import Folded, answer_of, send
from serving.journal import Entries, Journal, JournalError

EXPORT_ROWS = 200  # at a time: scores wait for Python's lock while rows become columns
LOOK_S = 1.0
PAUSE_S = 60.0  # after one that failed
_log = logging.getLogger("walletrisk.journal")


class Settling(Protocol):
    """What settles where journal and folder do not agree."""

    def set_aside(self, conflicts: Sequence[Conflict]) -> None:
        """Let the folder's versions count."""

    def leave_out(
        self, tx_ids: Sequence[str], known: int, transactions: Sequence[Transfer]
    ) -> None:
        """Take out what was retracted on the folder."""


Fold = Callable[[Path, Entries], Folded]


class CheckpointError(RuntimeError):
    """A checkpoint could not be made; journal and folder are as they were."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint did."""

    added: int
    taken_back: int
    journal_seq: int
    seconds: float


class Checkpoints:
    """Make checkpoints, one at a time: when asked, and when the journal is long enough.

    Parameters
    ----------
    journal : Journal
    corrections : Settling
        Settles what journal and folder do not agree on.
    directory : Path
        The ledger's folder.
    """

    def __init__(self, journal: Journal, corrections: Settling, directory: Path) -> None:
        self._journal = journal
        self._corrections = corrections
        self._directory = directory.absolute()
        self._one = threading.Lock()
        self._stopped = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def start(self, rows: int, note: Callable[[str, float], None]) -> None:
        """Make one in the background whenever the journal holds ``rows`` entries.

        ``note`` is told the outcome and the seconds of each.
        """
        self._thread = threading.Thread(target=self._watch, args=(rows, note), daemon=True)
        self._thread.start()

    def run(self) -> Checkpoint:
        """Make one now.

        Raises
        ------
        CheckpointError
            It could not be made, or another one is under way.
        """
        if not self._one.acquire(blocking=False):
            raise CheckpointError("a checkpoint is under way already")
        try:
            started, before = time.perf_counter(), self._journal.last_seq
            try:
                done = settle(self._journal, self._corrections, self._directory, self._in_child)
            except (RiskError, JournalError, OSError) as error:
                raise CheckpointError(f"no checkpoint was made: {error}") from error
            seconds = time.perf_counter() - started
            return Checkpoint(done.added, done.taken_back, before, seconds)
        finally:
            self._one.release()

    def close(self) -> None:
        """Make no more; one that is under way is given up, which loses nothing."""
        self._stopped.set()
        process = self._process
        if process is not None:
            process.terminate()
        if self._thread is not None:
            self._thread.join()
        with self._one:
            pass

    def _watch(self, rows: int, note: Callable[[str, float], None]) -> None:
        pause = LOOK_S
        while not self._stopped.wait(pause):
            pause = LOOK_S
            if self._journal.held < rows:
                continue
            try:
                note("made", self.run().seconds)
            except Exception as error:  # noqa: BLE001 - the next one may do, and acknowledging goes on
                if not self._stopped.is_set():
                    _log.error("no checkpoint was made", exc_info=error)
                    note("failed", 0.0)
                    pause = PAUSE_S

    def _in_child(self, directory: Path, entries: Entries) -> Folded:
        command = [sys.executable, "-m", "serving.fold"]
        with subprocess.Popen(  # noqa: S603 - ours
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
        ) as process:
            self._process = process
            try:
                if self._stopped.is_set():
                    process.terminate()
                answer = _talk(process, directory, entries)
            except BaseException:
                process.kill()
                raise
            finally:
                self._process = None
        if process.returncode:
            raise RiskError(f"the process that saves the ledger ended with {process.returncode}")
        return answer_of(answer)


def _talk(process: subprocess.Popen[bytes], directory: Path, entries: Entries) -> str:
    """Give a process the entries, and wait for its answer."""
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process must be started with pipes")
    with suppress(BrokenPipeError), process.stdin as pipe:
        send(directory, entries, cast("IOBase", pipe))
    return process.stdout.read().decode()


def settle(journal: Journal, corrections: Settling, directory: Path, fold: Fold) -> Folded:
    """Fold, and settle what keeps journal and folder from agreeing, until it is done.

    Raises
    ------
    RiskError
        The folder cannot take the entries.
    JournalError
        The journal cannot be read or written.
    """
    while journal.held:
        entries = journal.entries(rows=EXPORT_ROWS)
        done = fold(directory, entries)
        if done.taken is not None:
            journal.forget(done.taken)
        elif done.retracted:
            corrections.leave_out(done.retracted, done.retractions, done.transactions)
        elif done.conflicts:
            corrections.set_aside(done.conflicts)
        else:
            journal.forget(entries.until)
            return done
    return Folded()
