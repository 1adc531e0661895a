"""What every command has: -h, --json, quiet and verbose, completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import walletrisk
from tests.cli.calls import TRANSFERS, call, ingest


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, one in inner.items():
        yield from leaves(one, (*path, name))


ALL = dict(leaves(walletrisk.command_line()))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_what_all_have(path: tuple[str, ...]) -> None:
    options = {name for one in ALL[path].params for name in one.opts}
    assert {"-q", "--quiet", "-v", "--verbose", "--json"} <= options


@pytest.mark.parametrize("path", [(), ("retract",), ("labels",), ("labels", "import")])
def test_short_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*path, "-h") == 0
    short = capsys.readouterr().out
    assert call(*path, "--help") == 0
    assert capsys.readouterr().out == short
    assert "-h, --help" in short


def test_quiet_leaves_the_error_and_the_facts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.progress.QUIET_S", 0.0)  # else there is nothing to silence
    (tmp_path / "t.csv").write_text(TRANSFERS)
    assert ingest(tmp_path / "t.csv", tmp_path / "ledger") == 0
    (tmp_path / "s.csv").write_text("wallet,as_of\n" + "w1,2024-01-01T00:00:00Z\n" * 2)
    places = [tmp_path / "ledger", tmp_path / "s.csv", tmp_path / "t.parquet"]
    ledger, spine, table = map(str, places)
    asked = ["features", ledger, "--spine", spine, "--out", table]
    capsys.readouterr()
    for before, after, silent in (([], [], False), ([], ["-q"], True), (["-q"], [], True)):
        assert call(*before, *asked, *after, "--json") == 0
        told = capsys.readouterr()
        assert json.loads(told.out)["rows"] == 2
        assert (told.err == "") == silent
    assert call("trace", "w", "--ledger", tmp_path / "none", "--quiet") == 2
    assert "is no ledger" in capsys.readouterr().err


def test_verbose_lets_libraries_speak() -> None:
    code = (
        "import os, sys, warnings, walletrisk\n"
        "walletrisk.run(['-v', 'ledger', 'verify', 'none'])\n"
        "print(os.environ['WALLETRISK_LOG_LEVEL'], os.environ['MLFLOW_LOGGING_LEVEL'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "info INFO"


@pytest.mark.parametrize(
    ("typed", "found"), [("walletrisk sco", "score"), ("walletrisk labels ch", "check")]
)
def test_a_shell_completes_commands(typed: str, found: str) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "walletrisk"],
        env=os.environ | words | {"_WALLETRISK_COMPLETE": "complete_bash"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [found]
