"""The command line: help, mistakes, and the commands that need no model."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import walletrisk
from features import Ledger, feature_table
from features.sources.files import read_spine
from features.views import feature_columns
from tests.cli.calls import TRANSFERS, call, ingest
from training.gate.lines import GateLine
from training.gate.promotion import Promotion

ROOT = Path(walletrisk.__file__).parent
COMMANDS = (
    "demo", "ingest", "features", "trace", "warmup", "train", "evaluate", "promote", "serve",
    "score",
)  # fmt: skip


@pytest.mark.parametrize("command", ["list", "compare", "promote", "rollback"])
def test_help_of_models_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("models", command, "--help") == 0
    assert f"Example: walletrisk models {command}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(command, "--help") == 0
    assert f"Example: walletrisk {command}" in " ".join(capsys.readouterr().out.split())


def test_no_arguments_show_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {command} " in shown for command in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    check = (
        "import sys, walletrisk\n"
        "try: walletrisk.main(['train', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy', 'pandas', 'numba', 'mlflow', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "No such command 'fly'."),
        (["score", "w1"], "Missing option '--ledger'."),
        (["serve", "--ledger", "x", "--model", "y", "--port", "-1"], "Invalid value for '--port'"),
        (["ingest", "none.csv", "--to", "l"], "none.csv: no such file"),
        (["ingest", "none.csv", "--to", "l", "--map", "seller=a"], "unknown name 'seller'"),
        (["train", "none.toml"], "none.toml: No such file or directory"),
        (["features", "l", "--spine", "s.csv", "--out", "t.csv"], "is a .parquet file"),
        (["score", "w1", "--ledger", "l", "--model", "m", "--as-of", "2026-01-31"], "an offset"),
        (["score", "w1", "--ledger", "none", "--model", "none"], "none is no ledger"),
        (["trace", "w1"], "Missing option '--ledger'."),
        (["trace", "w1", "--ledger", "none"], "none is no ledger"),
        (["trace", "w1", "--ledger", "l", "--labels", "none.csv"], "none.csv: no such file"),
        (["evaluate", "none", "--table", "t.parquet", "--labels", "l.csv"], "no model folder"),
    ],
)
def test_mistake_is_one_line_and_exit_code_2(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("walletrisk: error: ")
    assert captured.err.count("\n") == 1
    assert said in captured.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("features", "none", "--spine", "labels.csv", "--out", "t.parquet"),
        ("trace", "w3", "--ledger", "none"),
        ("serve", "--ledger", "none", "--model", "none"),
        ("score", "w3", "--ledger", "none", "--model", "none"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_labels_of_no_known_category_are_told(
    arguments: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("labels.csv").write_text(
        "wallet,as_of,label,category,known_at\n"
        "w3,2023-11-01T00:00:00Z,illicit,dodgy,2023-11-01T00:00:00Z\n"
    )
    assert call(*arguments, "--labels", "labels.csv") == 2  # there is no such ledger
    told, mistake = capsys.readouterr().err.splitlines()
    assert told == "labels: 1 of category other: dodgy (1)"
    assert "none" in mistake


def test_a_defect_is_not_called_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.config.RunConfig.read", lambda _: int("not a number"))
    with pytest.raises(ValueError, match="not a number"):
        walletrisk.main(["train", "none.toml"])


def test_ingest_makes_a_ledger_then_appends(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    assert ingest(transfers, ledger) == 0
    assert "3 transfers added, 3 in all, 3 wallets" in capsys.readouterr().out
    transfers.write_text(TRANSFERS + "t4,1700010800,w1,w9,1\n")
    assert ingest(transfers, ledger) == 0
    assert "1 transfers added, 4 in all, 4 wallets" in capsys.readouterr().out
    assert Ledger.open(ledger).unit == "ETH"
    assert Ledger.open(ledger).last_timestamp == pd.Timestamp(1700010800, unit="s", tz="UTC")


def test_ingest_stops_at_a_bad_row_or_sets_it_aside(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    transfers.write_text(TRANSFERS + "t4,1700010800,w1,w9,-1\n")
    assert ingest(transfers, ledger) == 2
    assert "line 5" in capsys.readouterr().err
    assert not ledger.exists()
    assert ingest(transfers, ledger, "--on-error", "quarantine") == 2
    assert "1 of 4 rows are bad, 25.0%: amount is negative (1)" in capsys.readouterr().err
    assert not ledger.exists()
    assert ingest(transfers, ledger, "--on-error", "quarantine", "--most-bad", "0.5") == 0
    said = capsys.readouterr()
    assert "1 bad rows left out" in said.out
    assert "warning: 1 of 4 rows are bad, 25.0%" in said.err
    bad = pd.read_csv(tmp_path / "ledger.quarantine.csv")
    assert bad["line"].tolist() == [5]
    assert bad["reason"].str.contains("amount").all()


def test_verify_says_that_a_ledger_is_whole_or_what_is_wrong(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    assert call("ledger", "verify", "--help") == 0
    assert "Example: walletrisk ledger verify ledger" in " ".join(capsys.readouterr().out.split())
    ingest(transfers, ledger)
    capsys.readouterr()
    assert call("ledger", "verify", ledger) == 0
    assert capsys.readouterr().out.startswith(f"{ledger}: whole; 3 transfers of 3 wallets, ")
    assert call("ledger", "verify", ledger, "--json") == 0
    assert json.loads(capsys.readouterr().out)["transfers"] == 3
    (amounts,) = ledger.glob("*/outgoing.amount.npy")
    amounts.write_bytes(amounts.read_bytes()[:-1] + b"\x00")
    assert call("ledger", "verify", ledger) == 2
    said = capsys.readouterr().err
    assert "outgoing.amount.npy is not as it was written" in said
    assert said.count("\n") == 1


def test_features_writes_the_table_of_the_library(transfers: Path, tmp_path: Path) -> None:
    ledger, spine, out = tmp_path / "ledger", tmp_path / "spine.csv", tmp_path / "table.parquet"
    ingest(transfers, ledger)
    spine.write_text("wallet,as_of\nw1,2023-11-15T00:00:00Z\nnobody,2023-11-15T00:00:00Z\n")
    labels = tmp_path / "labels.csv"
    labels.write_text("wallet,label,known_at\nw3,illicit,2023-11-01T00:00:00Z\n")

    assert call("features", ledger, "--spine", spine, "--labels", labels, "--out", out) == 0
    known = pd.DataFrame({"wallet": ["w3"], "label": "illicit", "known_at": "2023-11-01T00:00:00Z"})
    expected = feature_table(Ledger.open(ledger), read_spine(spine), labels=known)
    pd.testing.assert_frame_equal(pd.read_parquet(out), expected)


def test_describe_names_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("features", "--describe") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [column.name for column in feature_columns()]
    whole = "transfers received in the whole history before as_of, read or not"
    assert f"coverage_in_count  [count]  {whole}" in lines
    assert any(line.endswith("  (Hirschman 1945; Herfindahl 1950)") for line in lines)


def test_warmup_says_how_long_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("warmup") == 0
    assert re.fullmatch(r"\d+\.\d s; machine code in \S*kernels-\w+\n", capsys.readouterr().out)


def test_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.config.RunConfig.read", interrupt)
    assert call("train", "none.toml") == 130


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_promote_exits_with_1_when_the_gate_stays_closed(
    passed: bool, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = Promotion("7", (GateLine("calibrated", passed, "error"),))
    monkeypatch.setattr("training.gate.promotion.promote", lambda *_, **__: outcome)
    assert call("promote", "7") == code
    assert "version 7 is" in capsys.readouterr().out


def test_a_wallet_that_is_no_utf8_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object, **__: object) -> None:
        "\udcff".encode()  # as an argument with the byte 0xff arrives

    monkeypatch.setattr(walletrisk, "app", unreadable)
    assert call("score", "\udcff") == 2
    assert capsys.readouterr().err.startswith("walletrisk: error: text that is no UTF-8: ")


def test_too_little_memory_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def large(*_: object, **__: object) -> None:
        raise MemoryError("malloc of size 9 failed")

    monkeypatch.setattr(walletrisk, "command_line", large)
    assert call("ingest", "x.csv", "--to", "l") == 2
    assert "not enough memory for this: malloc of size 9 failed" in capsys.readouterr().err
