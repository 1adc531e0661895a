"""Progress of long work on stderr: bars in a terminal, a line now and then where there is none."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numba.core.event as numba_event
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

QUIET_S = 2.0  # work that takes no longer is not worth a line
BETWEEN_LINES_S = 10.0
COMPILING = "compiling"


class Advance(Protocol):
    """Say how far a stage is."""

    def __call__(self, stage: str, done: int, total: int | None, /, label: str = "") -> None:
        """Steps done of all of a stage, None where their number is unknown.

        ``label`` stands for the stage's name, and may change from step to step.
        """


@contextmanager
def progress() -> Iterator[Advance]:
    """Show each stage on stderr, and kernels while they are compiled; yields what advances it."""
    with _bars() if sys.stderr.isatty() else _lines() as advance, _kernels_told(advance):
        yield advance


def counter(advance: Advance, stage: str, total: int | None = None) -> Callable[[int], None]:
    """Turn the number of steps since the last call into that of all steps."""
    done = 0

    def count(steps: int) -> None:
        nonlocal done
        done += steps
        advance(stage, done, total)

    return count


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        """Of lately; nothing while none are done."""
        rate = task.finished_speed or task.speed
        return Text(f"{rate:,.0f}/s" if rate else "")


@contextmanager
def _bars() -> Iterator[Advance]:
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    stages: dict[str, TaskID] = {}

    def advance(stage: str, done: int, total: int | None, /, label: str = "") -> None:
        if stage not in stages:
            stages[stage] = bars.add_task(stage, total=total)
        bars.update(stages[stage], completed=done, description=label or stage)

    with bars:
        yield advance


@contextmanager
def _lines() -> Iterator[Advance]:
    """A line a stage at its end, and before that one every ten seconds; none on quick work."""
    began: dict[str, float] = {}
    said: dict[str, float] = {}

    def advance(stage: str, done: int, total: int | None, /, label: str = "") -> None:
        now = time.monotonic()
        began.setdefault(stage, now)
        long = now - began[stage] >= QUIET_S
        due = now - said.get(stage, began[stage] - BETWEEN_LINES_S) >= BETWEEN_LINES_S
        if long and (due or done == total):
            said[stage] = now
            of = "done" if total is None else f"of {total}"
            took = now - began[stage]
            sys.stderr.write(
                f"{label or stage}: {done} {of}, {took:.0f} s{_pace(done, total, took)}\n"
            )
            sys.stderr.flush()

    yield advance


def _pace(done: int, total: int | None, took: float) -> str:
    """Steps a second, and how long the rest takes at that rate; nothing before the first."""
    if not done or not total or took <= 0:
        return ""
    rate = done / took
    left = f", {(total - done) / rate:.0f} s left" if total > done else ""
    return f", {rate:,.{0 if rate >= 10 else 2}f}/s{left}"


class _Compiled(numba_event.Listener):
    """Hears from numba of every kernel that is compiled, and of none that is loaded from disk."""

    def __init__(self, advance: Advance) -> None:
        self.advance = advance
        self.done = 0

    def on_start(self, event: Any) -> None:
        """Show which part a kernel is of; those that it calls follow."""
        room = room_of(event.data["dispatcher"].py_func.__module__)
        self.advance(COMPILING, self.done, None, label=f"{COMPILING} {room}")

    def on_end(self, event: Any) -> None:
        """Count it."""
        self.done += 1


@contextmanager
def _kernels_told(advance: Advance) -> Iterator[None]:
    with numba_event.install_listener("numba:compile", _Compiled(advance)):
        yield


def room_of(module: str) -> str:
    """Part of the code that a module belongs to, in a word.

    Examples
    --------
    >>> [room_of(name) for name in ("features.views.patterns.cycles", "features.past.cut", "mine")]
    ['patterns', 'past', 'mine']
    """
    inside = module.removeprefix("features.").removeprefix("views.")
    return inside.partition(".")[0]
