"""The command line: how files are read, and said to be read."""

import json
from pathlib import Path

import pandas as pd
import pytest

from features import Ledger
from tests.cli.calls import call, ingest


def test_ingest_says_what_it_understood_and_keeps_nothing(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ingest(transfers, tmp_path / "ledger", "--dry-run") == 0
    assert "line 2: on 2023-11-14 22:13:20 UTC ('1700000000'), w1 sent 3.5 ETH" in (
        capsys.readouterr().out
    )
    assert ingest(transfers, tmp_path / "ledger", "--dry-run", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 3
    assert not (tmp_path / "ledger").exists()


def test_a_file_in_wei_is_refused_until_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wallet, other = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "12" * 20
    file, ledger = tmp_path / "wei.csv", tmp_path / "ledger"
    file.write_text(
        f"hash,when,from,to,value\nt1,1700000000,{wallet},{other},1500000000000000000\n"
    )
    assert ingest(file, ledger) == 2
    assert "more ETH than there is (1.3e+08); do they count wei" in capsys.readouterr().err
    assert not ledger.exists()
    assert ingest(file, ledger, "--unit", "wei", "--chain", "ethereum") == 0
    opened = Ledger.open(ledger)
    assert opened.chain == "ethereum"
    assert opened.transaction("t1")[0].amount == 1.5
    assert opened.code(wallet.lower()) >= 0
    assert ingest(file, ledger, "--unit", "wei", "--chain", "tron") == 2
    assert "is a ledger of ethereum, not of tron" in capsys.readouterr().err


def test_labels_and_spines_are_read_as_transfers_are(
    transfers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest(transfers, tmp_path / "ledger")
    (tmp_path / "spine.csv").write_text("address,day\nw1,1700020000\nw3,1700020000\n")
    (tmp_path / "labels.csv").write_text("name,label,since\nw2,illicit,1690000000\n")
    reading = (
        "--map", "spine.wallet=address,as_of=day,labels.wallet=name,known_at=since",
        "--time-unit", "s",
    )  # fmt: skip
    files = ("--spine", tmp_path / "spine.csv", "--labels", tmp_path / "labels.csv")
    out = tmp_path / "t.parquet"
    assert call("features", tmp_path / "ledger", *files, "--out", out, *reading) == 0
    table = pd.read_parquet(out)
    assert table.index.get_level_values("wallet").tolist() == ["w1", "w3"]
    wallet = ("w3", "--ledger", tmp_path / "ledger", "--labels", tmp_path / "labels.csv")
    assert call("trace", *wallet, *reading) == 0
    capsys.readouterr()
    assert call("trace", *wallet, "--map", "wallt=name") == 2
    assert "unknown name 'wallt' (did you mean 'wallet'?)" in capsys.readouterr().err
