"""What long work says on stderr: bars in a terminal, lines where there is none."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features import progress as module
from features.kernel import kernel
from features.progress import counter, progress, room_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the time that passes while work is done."""
    now = [0.0]
    monkeypatch.setattr("features.progress.time.monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def test_bars_are_drawn_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress() as advance:
        advance("features", 1, 2)
        advance("features", 2, 2)
        advance("other", 1, 2, label="another name")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "features" in captured.err
    assert "2/2" in captured.err
    assert "another name" in captured.err


def test_a_pipe_of_the_output_hides_no_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress() as advance:
        advance("features", 2, 2)
    assert "2/2" in capsys.readouterr().err


def test_long_work_says_a_line_now_and_then(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress() as advance:
        advance("features", 0, 100)
        for done in range(20, 101, 20):
            clock(4.0)
            advance("features", done, 100)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "features: 20 of 100, 4 s, 5.00/s, 16 s left",
        "features: 80 of 100, 16 s, 5.00/s, 4 s left",
        "features: 100 of 100, 20 s, 5.00/s",
    ]


def test_quick_work_says_nothing(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress() as advance:
        advance("features", 0, 2)
        clock(module.QUIET_S / 2)
        advance("features", 2, 2)
    assert capsys.readouterr().err == ""


def test_kernels_that_are_compiled_are_told(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress():
        for _ in range(3):  # a function of a test's own is kept nowhere: it is compiled each time
            scope: dict[str, Any] = {"__name__": "mine.views"}
            exec("def added(values): return values.sum()", scope)
            kernel(scope["added"])(np.ones(3))
            clock(module.QUIET_S)
    (line,) = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"compiling mine: \d+ done, \d+ s", line)


def test_kernels_that_are_loaded_are_not(
    clock: Callable[[float], None], capsys: pytest.CaptureFixture[str]
) -> None:
    scope: dict[str, Any] = {"__name__": "mine"}
    exec("def added(values): return values.sum()", scope)
    compiled = kernel(scope["added"])
    compiled(np.ones(3))
    with progress():
        compiled(np.ones(3))
        clock(module.QUIET_S)
        compiled(np.ones(3))
    assert capsys.readouterr().err == ""


def test_a_view_is_named_by_its_folder() -> None:
    assert room_of("features.views.windows.moments") == "windows"


def test_counter_adds_up() -> None:
    seen: list[tuple[str, int, int | None]] = []
    count = counter(lambda stage, done, total, label="": seen.append((stage, done, total)), "r", 5)
    count(2)
    count(3)
    assert seen == [("r", 2, 5), ("r", 5, 5)]
