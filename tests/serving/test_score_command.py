"""``walletrisk score``: wallets from arguments, stdin and files; answers there and to files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import walletrisk
from tests.serving.conftest import LATER, START, World

WHEN = LATER.isoformat()
EARLY = START + pd.Timedelta(100, "D")
SPINE = pd.DataFrame(
    {"wallet": ["w1", "w40", "nobody", "w1"], "as_of": [LATER, LATER, LATER, EARLY]}
)


def scored(world: World, *arguments: object) -> int:
    folders = ["--ledger", world.ledger, "--model", world.model, "--labels", world.labels]
    return walletrisk.run(["score", *map(str, [*arguments, *folders])])


def wanted(world: World) -> pd.DataFrame:
    ledger, model, labels = world.open()
    return model.score(ledger, SPINE, labels=labels)


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.assign(as_of=frame["as_of"].map(pd.Timestamp.isoformat)).to_json(
            path, orient="records", lines=True
        )
    return path


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path)
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.DataFrame([json.loads(line) for line in path.read_text().splitlines()])


@pytest.mark.parametrize("into", ["s.csv", "s.parquet", "s.ndjson"])
@pytest.mark.parametrize("out", ["o.csv", "o.parquet", "o.ndjson"])
def test_a_file_of_wallets_becomes_a_file_of_scores(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], into: str, out: str
) -> None:
    if into != "s.csv" and out != "o.parquet":
        pytest.skip("each format once is enough")
    spine = write(SPINE, tmp_path / into)
    assert scored(world, "--spine", spine, "--out", tmp_path / out, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"out": str(tmp_path / out), "scored": 4, "problems": 0}
    said, right = read(tmp_path / out), wanted(world)
    assert said["probability"].tolist() == right["probability"].tolist()
    assert said["status"].tolist() == right["status"].tolist()
    assert not (tmp_path / f"{out}.part").exists()


def test_stdin_and_arguments_mix(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("w40\n\n  nobody \n"))
    assert scored(world, "w1", "-", "--as-of", WHEN, "--json") == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["wallet"]["address"] for one in said] == ["w1", "w40", "nobody"]
    assert [one["probability"] for one in said] == wanted(world)["probability"].tolist()[:3]


def test_a_wallet_that_is_none_is_a_row_with_its_problem(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"
    assert scored(world, "w1", wrong, "--as-of", WHEN, "--out", tmp_path / "o.csv") == 2
    assert "1 wallets scored, 1 problems" in capsys.readouterr().out
    said = read(tmp_path / "o.csv")
    assert said["wallet"].tolist() == ["w1", wrong]
    assert "wrong checksum" in said["problem"][1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name wallets (- for the lines of stdin) or a file"),
        (["w1", "--spine", "s.csv"], "name wallets"),
        (["w1", "--out", "o.txt"], "must end with one of .csv"),
        (["--spine", "s.xlsx"], "must end with one of .csv"),
        (["--spine", "none.csv"], "no such file"),
        (["--spine", "none.ndjson"], "no such file"),
    ],
)
def test_mistakes_are_one_line(
    world: World, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert scored(world, *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "line 1 is no JSON"), ('"w1"\n{"wallet": 5}', "line 2: wallet"), ("[]", "line 1")],
)
def test_a_bad_line_is_named(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "s.ndjson").write_text(text)
    assert scored(world, "--spine", tmp_path / "s.ndjson") == 2
    assert said in capsys.readouterr().err


def test_lines_may_be_addresses(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[Any] = ["w1", {"wallet": {"address": "w40"}}]
    (tmp_path / "s.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert scored(world, "--spine", tmp_path / "s.jsonl", "--as-of", WHEN, "--json") == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["probability"] for one in said] == wanted(world)["probability"].tolist()[:2]
