"""A value of a view changes only with its version."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from features import VIEWS
from features.kernel import Rows
from features.past import Past
from features.view import Column, View
from features.views.coverage import COVERAGE
from tests.golden import tables

demo, coins = cache(tables.demo), cache(tables.coins)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_golden_table_stands(view: View) -> None:
    asked = coins() if view in tables.OF_COINS else demo()
    said = tables.verdict(tables.read(view.name), tables.compute(view, asked))
    assert not said, said


def test_every_golden_table_is_of_a_view() -> None:
    named = {path.stem for path in tables.FOLDER.glob("*.json")}
    assert named == {view.name for view in VIEWS}


def test_golden_rows_tell_something() -> None:
    for view in VIEWS:
        table = tables.read(view.name)
        assert table is not None
        told = [len(set(values)) > 1 for values in table["columns"].values()]
        assert sum(told) >= len(told) / 5, view.name  # its labels are of one category


def other_values(view: View, version: int) -> View:
    """The same columns with 1 in the first."""

    def compute(past: Past, out: Rows) -> None:
        view.compute(past, out)
        out[:, 0] += 1

    return replace(view, version=version, compute=compute)


def test_another_value_needs_another_version() -> None:
    old = tables.read("coverage")
    said = tables.verdict(old, tables.compute(other_values(COVERAGE, COVERAGE.version), demo()))
    assert "changed and its version is still" in said
    assert "coverage_in_count of " in said
    assert "raise the version" in said
    raised = tables.compute(other_values(COVERAGE, COVERAGE.version + 1), demo())
    assert "run python -m tests.golden" in tables.verdict(old, raised)


def test_rewriting_refuses_another_value_under_the_same_version(tmp_path: Path) -> None:
    assert not tables.rewrite(COVERAGE, demo(), tmp_path)  # new: written at once
    first = (tmp_path / "coverage.json").read_text()
    assert first == (tables.FOLDER / "coverage.json").read_text()
    assert "still" in tables.rewrite(other_values(COVERAGE, COVERAGE.version), demo(), tmp_path)
    assert (tmp_path / "coverage.json").read_text() == first
    assert not tables.rewrite(other_values(COVERAGE, COVERAGE.version + 1), demo(), tmp_path)
    assert (tmp_path / "coverage.json").read_text() != first


def test_a_new_column_needs_no_version(tmp_path: Path) -> None:
    assert not tables.rewrite(COVERAGE, demo(), tmp_path)

    def compute(past: Past, out: Rows) -> None:
        COVERAGE.compute(past, out[:, :-1])
        out[:, -1] = np.nan

    wider = replace(
        COVERAGE, columns=(*COVERAGE.columns, Column("coverage_new_count", "new")), compute=compute
    )
    said = tables.verdict(tables.read("coverage", tmp_path), tables.compute(wider, demo()))
    assert "their columns differ" in said
    assert not tables.rewrite(wider, demo(), tmp_path)
