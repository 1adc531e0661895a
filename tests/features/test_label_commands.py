"""The commands on lists of known wallets, as their page says, and what they refuse."""

import json
import shlex
import subprocess
from pathlib import Path

import pandas as pd
import pytest

import walletrisk
from features.sources.files import read_labels
from tests.pages import blocks

ROOT = Path(walletrisk.__file__).parent
PAGE = (ROOT / "features" / "sources" / "labels" / "README.md").read_text(encoding="utf-8")
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"  # all capitals: no checksum to be wrong
PACK = f"""
title: Abuse
creator: us
confidence: forensic
tags:
  - {{address: {WALLET}, currency: ETH, label: A seller, concepts: [child_sexual_abuse]}}
  - {{address: 1KFHE7w8BhaENAswwryaoccDb6qcT6DbYY, currency: BTC, concepts: [victim]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(file: str, text: str) -> None:
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text(text, encoding="utf-8")


def call(*arguments: str) -> int:
    return walletrisk.run(["labels", *arguments])


def table(*wallets: str) -> None:
    write("some.csv", "\n".join(["wallet,category", *(f"{name},scam" for name in wallets)]))


def test_the_examples_of_the_page_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("ofac-lists/data.csv", f"address,name\n{WALLET},A name\n")
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b",
                    "commit", "-qm", "x"]):  # fmt: skip
        subprocess.run(["git", "-C", "ofac-lists", *command], check=True)
    write("packs/abuse.yaml", PACK)
    write("customers.csv", f"address,kind\n{WALLET},exchange\n")
    for line in blocks(PAGE, "sh")[0].splitlines():
        assert walletrisk.run(shlex.split(line)[1:]) == 0, capsys.readouterr().err
    labels = read_labels("all.parquet")
    assert sorted(labels[["source", "category", "label"]].itertuples(index=False, name=None)) == [
        ("graphsense/abuse", "child_sexual_abuse", "illicit"),
        ("graphsense/abuse", "other", "none"),
        ("ofac", "sanctioned", "illicit"),
        ("own", "exchange", "licit"),
    ]
    assert set(labels["wallet"]) == {WALLET.lower(), "1KFHE7w8BhaENAswwryaoccDb6qcT6DbYY"}
    assert set(labels["licence"]) == {"MIT", "public domain", "unspecified"}
    assert "1 wallets are illicit and licit at one time" in capsys.readouterr().out


def test_a_list_is_brought_up_to_date(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how = ["some.csv", "--format", "table", "--source", "mine", "--to", "known.csv", "--json"]
    table("a", "b")
    assert call("import", *how, "--known-at", "2024-01-01Z") == 0
    table("b", "c")
    assert call("import", *how, "--known-at", "2025-01-01Z") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert [first[name] for name in ("new", "ended", "unchanged")] == [2, 0, 0]
    assert [second[name] for name in ("new", "ended", "unchanged", "over")] == [1, 1, 1, 1]
    known = read_labels("known.csv").set_index("wallet")
    assert known["known_at"].dt.year.to_dict() == {"a": 2024, "b": 2024, "c": 2025}
    assert known["until"].dropna().dt.year.to_dict() == {"a": 2025}
    assert call("check", "known.csv", "--as-of", "2024-06-01Z", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["in_force"], found["later"], found["ended"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing says since when 2 of 2 entries were known, such as a; say --known-at"),
        (["--known-at", "2024-01-01"], "--known-at must be a time with an offset"),
        (["--known-at", "2124-01-01Z"], "--known-at 2124-01-01T00:00:00+00:00 is later than now"),
        (["--format", "taxii"], "unknown format of labels 'taxii'"),
        (["--to", "known.xlsx"], "known.xlsx: labels are written as .parquet or .csv"),
        (["--source", "a/b"], "--source must be a name without a slash, got 'a/b'"),
        (["--history", "."], "git: fatal: not a git repository"),
        (["--history", ".", "--known-at", "2024-01-01Z"], "leave --known-at"),
        (["--map", "walet=a"], "unknown name 'walet' (did you mean 'wallet'?)"),
        (
            ["--chain", "bitcoin", "--known-at", "2024-01-01Z"],
            "no wallet is left to import (2 addr",
        ),
        (["--chain", "etherum", "--known-at", "2024-01-01Z"], "unknown chain 'etherum'"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    table("a", "b")
    given = {"--format": "table", "--source": "mine", "--to": "known.csv"}
    given |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    options = [word for pair in given.items() for word in pair]
    assert call("import", "some.csv", *options) == walletrisk.MISTAKE
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("walletrisk: error: ")
    assert message in error
    assert [*folder.iterdir()] == [folder / "some.csv"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"objects": ["text"]}, "is not as stix has it: AttributeError"),
        ({"objects": [{"type": "indicator", "confidence": "high", "pattern":
            "[cryptocurrency-wallet:value = 'a']"}]}, "is not as stix has it: ValueError"),
        ({"objects": [{"type": "indicator", "modified": "soon", "pattern":
            "[cryptocurrency-wallet:value = 'a']"}]}, "a time of an entry cannot be read"),
    ],
)  # fmt: skip
def test_json_of_another_shape_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], content: object, message: str
) -> None:
    write("some.json", json.dumps(content))
    how = ["some.json", "--format", "stix", "--source", "mine", "--to", "known.csv"]
    assert call("import", *how) == walletrisk.MISTAKE
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_nothing_to_read_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    how = ["--format", "table", "--source", "mine", "--to", "known.csv"]
    assert call("import", *how) == walletrisk.MISTAKE
    assert "name the files of the list, or its repository" in capsys.readouterr().err
    for place in ("nowhere.csv", "."):
        assert call("import", place, *how) == walletrisk.MISTAKE
        assert f"{place}: no such file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["import", "merge", "check"])
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, "--help") == 0
    assert f"walletrisk labels {command}" in " ".join(capsys.readouterr().out.split())


def test_labels_of_a_merge_are_read_back_as_they_were(folder: Path) -> None:
    table("a", "b")
    how = ["some.csv", "--format", "table", "--known-at", "2024-01-01Z", "--label", "licit"]
    for source in ("one", "two"):
        assert call("import", *how, "--source", source, "--to", f"{source}.parquet") == 0
    assert call("merge", "one.parquet", "two.parquet", "one.parquet", "--to", "all.csv") == 0
    merged = read_labels("all.csv")
    assert merged["label"].tolist() == ["licit"] * 4
    assert merged["until"].isna().all()
    assert merged["known_at"].unique().tolist() == [pd.Timestamp("2024-01-01", tz="UTC")]
