"""The examples of features/ledger/README.md do what they say."""

import re
import shlex
from pathlib import Path

import pytest

import walletrisk
from features import Ledger
from tests.pages import blocks

PAGE = (Path(walletrisk.__file__).parent / "features" / "ledger" / "README.md").read_text()


def test_the_command_prices_what_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("moves.csv").write_text(
        "tx_id,timestamp,sender,recipient,amount,asset\n"
        "a,2026-01-02T00:00:00Z,x,y,2,ETH\n"
        "b,2026-01-02T00:00:00Z,x,y,5,USD\n"
        "c,2026-01-20T00:00:00Z,x,y,2,ETH\n"
    )
    Path("prices.csv").write_text(
        "asset,timestamp,price\nETH,2026-01-01T00:00:00Z,3000\nETH,2026-01-02T00:00:00Z,9\n"
    )
    for block in blocks(PAGE, "sh"):
        assert walletrisk.run(shlex.split(block)[1:]) == 0
    told = capsys.readouterr().out
    assert "prices: 1 transfer priced, 1 came with a value; 1 without: 0 before any" in told
    assert "of 1 transfers no value in USD is known" in told
    ledger = Ledger.open("ledger")
    assert [one.value for tx_id in "abc" for one in ledger.transaction(tx_id)] == [6000, None, None]
    assert (ledger.unit, ledger.n_unpriced) == ("USD", 1)
    for other in ("EUR", "ETH"):
        line = ["ingest", "moves.csv", "--to", "ledger", "--unit-of-account", other]
        assert walletrisk.run(line) == 2
    said = capsys.readouterr().err
    assert "ledger ledger counts in 'USD', asked for is 'EUR'" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prices", "moves.csv"], "no column for price"),
        (["--price-max-age", "7d"], "an age of prices is given, and no prices"),
        (["--unit-of-account", "USD", "--prices", "p.csv", "--price-max-age", "x"], "12h or 7d"),
        (["--prices", "p.csv"], "prices need the unit of account"),
        ([], "no unit of account is named"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    options: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text("asset,timestamp,price\nETH,2026-01-01T00:00:00Z,3000\n")
    Path("moves.csv").write_text(
        "tx_id,timestamp,sender,recipient,amount,asset\n"
        "a,2026-01-02T00:00:00Z,x,y,2,ETH\nb,2026-01-02T00:00:00Z,x,y,5,BTC\n"
    )
    assert walletrisk.run(["ingest", "moves.csv", "--to", "ledger", *options]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not Path("ledger").exists()


def test_the_python_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(PAGE, "python"):
        exec(block, {})
    told = capsys.readouterr().out
    assert told.startswith("1.0\n")
    assert re.search(r"thief +10.0 +ETH +30000.0", told)
