"""The report: a sentence first, a page that needs nothing beside it, JSON without nan."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import walletrisk
from tests.training.watch.conftest import BASE_RATE, COLUMNS, rows
from training import RiskModel
from training.watch.monitor import monitor
from training.watch.report import HTML, JSON, monitor_facts, monitor_text, write_monitor


@pytest.fixture(scope="module")
def files(model: RiskModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watch")
    model.save(folder / "model")
    table, labels = rows(300, BASE_RATE, seed=2)
    table.to_parquet(folder / "usual.parquet")
    table.assign(**{COLUMNS[3]: table[COLUMNS[3]] + 30}).to_parquet(folder / "strange.parquet")
    earlier, known = rows(400, BASE_RATE, seed=3)
    earlier.to_parquet(folder / "earlier.parquet")
    labels.to_csv(folder / "labels.csv", index=False)
    known.to_csv(folder / "known.csv", index=False)
    return folder


def test_words_come_first(model: RiskModel) -> None:
    table, labels = rows(300, BASE_RATE, seed=2)
    watched = monitor(model, table, labels=labels)
    lines = monitor_text(watched).splitlines()
    assert lines[0] == watched.verdict.sentence
    assert all(line.startswith("- ") for line in lines[2:])
    assert any("300 rows have labels: PR-AUC" in line for line in lines)


def test_the_page_needs_nothing_beside_it(model: RiskModel, tmp_path: Path) -> None:
    table, labels = rows(300, BASE_RATE, seed=2)
    table = table.assign(**{COLUMNS[0]: np.nan})  # also where a column has no value
    watched = monitor(model, table, labels=labels)
    write_monitor(watched, model, table, tmp_path / "out")
    page = (tmp_path / "out" / HTML).read_text(encoding="utf-8")
    assert watched.verdict.sentence in page
    assert page.count('src="data:image/png;base64,') == 4
    assert "http" not in page
    told = json.loads((tmp_path / "out" / JSON).read_text(encoding="utf-8"))
    assert told == json.loads(json.dumps(monitor_facts(watched)))
    assert told["verdict"]["action"] == watched.verdict.action
    assert {column["column"] for column in told["columns"]} == set(COLUMNS)
    empty = next(one for one in told["columns"] if one["column"] == COLUMNS[0])
    assert empty["auc"] is None


def test_a_finding_is_no_error(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = ["monitor", str(files / "model"), "--table", str(files / "strange.parquet")]
    assert walletrisk.run(strange) == 0
    assert capsys.readouterr().out.startswith("Train again with labels of such wallets: ")
    assert walletrisk.run([*strange, "--fail-on", "retrain"]) == 1
    assert walletrisk.run([*strange, "--fail-on", "shift"]) == 1


def test_nothing_to_do_does_not_fail(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usual = ["monitor", str(files / "model"), "--table", str(files / "usual.parquet"), "--json"]
    out = ["--fail-on", "shift", "--out", str(files / "out"), "--labels", str(files / "labels.csv")]
    assert walletrisk.run([*usual, *out]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((files / "out" / JSON).read_text(encoding="utf-8"))
    assert told["labels"]["rows"] == 300


def test_a_window_is_compared_with_an_earlier_one(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["monitor", str(files / "model"), "--table", str(files / "usual.parquet"), "--json"]
    earlier = ["--reference", str(files / "earlier.parquet")]
    assert walletrisk.run([*asked, *earlier, "--labels", str(files / "known.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["training"]["rows"] == 400
    assert walletrisk.run([*asked, *earlier]) == 2
    assert "--reference needs --labels" in capsys.readouterr().err


def test_mistakes_are_one_line(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert walletrisk.run(["monitor", str(files / "no"), "--table", "usual.parquet"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert walletrisk.run(["monitor", str(files / "model"), "--table", "no.parquet"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
