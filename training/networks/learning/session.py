"""What surrounds fits: where their state is kept, and who is told of their epochs. No torch."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol


class Say(Protocol):
    """Hear of an epoch: stage, epochs done, most epochs, and loss with PR-AUC."""

    def __call__(self, stage: str, done: int, total: int, /, label: str = "") -> None:
        """Tell it; ``label`` stands for the stage's name."""


_FOLDER: ContextVar[Path | None] = ContextVar("folder", default=None)
_SAY: ContextVar[Say | None] = ContextVar("say", default=None)


@contextmanager
def kept_in(folder: Path | None) -> Iterator[None]:
    """Keep the state of all fits inside in a folder, and take up what lies there.

    Left without an error the folder is removed: nothing is left to go on with. None: none is kept.
    """
    token = _FOLDER.set(folder)
    try:
        yield
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        _FOLDER.reset(token)


@contextmanager
def told(say: Say) -> Iterator[None]:
    """Tell of every epoch inside."""
    token = _SAY.set(say)
    try:
        yield
    finally:
        _SAY.reset(token)


def folder_of_fits() -> Path | None:
    """Return the folder of :func:`kept_in`, None outside."""
    return _FOLDER.get()


def say_epoch(stage: str, done: int, total: int, quality: str) -> None:
    """Tell whoever :func:`told` named."""
    if (say := _SAY.get()) is not None:
        say(stage, done, total, label=f"{stage}: {quality}" if quality else stage)
