"""The experiment on Bitcoin runs at tiny sizes; what it compares is equal."""

from pathlib import Path

from tests.quick_run import quick_run


def test_quick_run(tmp_path: Path) -> None:
    _, measures = quick_run("0009-bitcoin/run.py", tmp_path, "--stage", "speed")
    assert measures["speed: roots that differ from a tree cut at t"] == 0
    assert measures["speed: links"] > measures["speed: wallets"] / 2
