"""Prices beside transfers: columns by a map, times and numbers written as those of transfers."""

from pathlib import Path

import pytest

from features import Ledger
from walletrisk import run

TRANSFERS = "id,when,a,b,n\nt1,1700000000,w1,w2,2\nt2,1700000000,w2,w3,3\n"
MAP = "tx_id=id,timestamp=when,sender=a,recipient=b,amount=n"
PRICES = "prices.asset=coin,prices.timestamp=day,prices.price=close"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(TRANSFERS)
    return tmp_path


def ingest(*more: str, columns: str = f"{MAP},{PRICES}") -> int:
    line = ["ingest", "t.csv", "--to", "ledger", "--asset", "ETH", "--time-unit", "s"]
    return run([*line, "--unit-of-account", "USD", "--map", columns, *more])


@pytest.mark.parametrize(
    ("prices", "more"),
    [
        ("coin,day,close\nETH,1699999000,2000\n", ()),
        ("coin,day,close\nETH,2023-11-14T00:00:00Z,2000\n", ()),
        ("coin,day,close\nETH,2023-11-14 00:00,2000\n", ("--timezone", "UTC")),
        ("coin;day;close\nETH;2023-11-14T00:00:00Z;2.000,00 $\n", ("--decimal", "comma")),
    ],
)
def test_prices_are_read_by_the_map(folder: Path, prices: str, more: tuple[str, ...]) -> None:
    (folder / "p.csv").write_text(prices)
    assert ingest("--prices", "p.csv", *more) == 0
    ledger = Ledger.open("ledger")
    assert sorted(ledger.outgoing.side.amount.tolist()) == [4000.0, 6000.0]


@pytest.mark.parametrize(
    ("more", "columns", "message"),
    [
        ((), f"{MAP},prices.price=close", "columns of prices are mapped, and no prices"),
        (("--prices", "p.csv"), f"{MAP},prices.cost=close", "unknown name 'prices.cost'"),
        (("--prices", "p.csv"), MAP, "p.csv"),
    ],
)
def test_what_does_not_fit_is_one_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    columns: str,
    message: str,
) -> None:
    (folder / "p.csv").write_text("coin,day,close\nETH,1699999000,2000\n")
    assert ingest(*more, columns=columns) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
