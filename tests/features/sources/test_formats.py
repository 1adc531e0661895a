"""Formats by name: ours, and those that an installed package adds."""

from pathlib import Path

import pandas as pd
import pytest

from features import LabelsError, RiskError, SourceError, TransfersError
from features.sources.files import load_transfers
from features.sources.formats import FORMATS, Reading, read_files
from tests.guests import install

CSV = """tx_id,timestamp,sender,recipient,amount,asset
t1,2024-01-01T00:00:00Z,w1,w2,3.5,ETH
t2,2024-01-02T00:00:00Z,w2,w3,3.25,ETH
"""
READER = """
import pandas as pd

def read(paths, *, asset="ETH"):
    rows = [line.split() for path in paths for line in path.read_text().splitlines()]
    transfers = pd.DataFrame(rows, columns=["tx_id", "sender", "recipient", "amount"])
    transfers["amount"] = transfers["amount"].astype(float)
    transfers["timestamp"], transfers["asset"] = pd.Timestamp("2024-01-01", tz="UTC"), asset
    labels = pd.DataFrame({"wallet": ["a"], "label": ["illicit"], "known_at": "2024-01-01Z"})
    return transfers, labels
"""


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a guest's format, whose package is installed."""
    install(
        monkeypatch, tmp_path / "site", "guest_reader", READER,
        {"walletrisk.sources": "lines = guest_reader:read"},
    )  # fmt: skip
    file = tmp_path / "moves.txt"
    file.write_text("t1 a b 1.5\nt2 b c 1.25\n")
    return file


def test_a_table_is_read_as_the_library_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(CSV)
    read: list[int] = []
    found = read_files("table", [file], how=Reading(on_batch=read.append))
    pd.testing.assert_frame_equal(found.transfers, load_transfers([file]))
    assert found.labels is None
    assert found.bad is None
    assert sum(read) == 2


def test_bad_rows_of_a_table_carry_their_file(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(CSV + "t3,2024-01-03T00:00:00Z,w2,w3,-1,ETH\n")
    with pytest.raises(TransfersError, match=r"t.csv line 4"):
        read_files("table", [file])
    found = read_files("table", [file], how=Reading("quarantine"))
    assert found.bad is not None
    assert found.bad.index.tolist() == [(str(file), 4)]
    assert len(found.transfers) == 2


def test_options_reach_a_reader(tmp_path: Path, lines: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(CSV.replace("amount", "value"))
    options = {"columns": {"amount": "value"}}
    assert read_files("table", [file], options).transfers["amount"].tolist() == [3.5, 3.25]
    assert set(read_files("lines", [lines], {"asset": "BTC"}).transfers["asset"]) == {"BTC"}


@pytest.mark.parametrize("name", ["lines", "amlsim"])
def test_an_option_that_a_reader_does_not_take_is_refused(name: str, lines: Path) -> None:
    with pytest.raises(SourceError, match="has no use for timezone"):
        read_files(name, [lines], {"timezone": "UTC"})


def test_a_guest_gives_transfers_and_labels(lines: Path) -> None:
    read: list[int] = []
    found = read_files("lines", [lines], how=Reading(on_batch=read.append))
    assert found.transfers["amount"].tolist() == [1.5, 1.25]
    assert found.transfers["position"].tolist() == [0, 0]  # the contract's default
    assert found.labels is not None
    assert found.labels["category"].tolist() == ["unspecified"]
    assert read == [2]


def test_what_a_guest_reads_is_checked(
    tmp_path: Path, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines.write_text("t1 a b 1.5\nt2 b c -1\n")
    with pytest.raises(TransfersError, match="amount"):
        read_files("lines", [lines])
    found = read_files("lines", [lines], how=Reading("quarantine"))
    assert found.bad is not None
    assert found.bad["tx_id"].tolist() == ["t2"]
    install(
        monkeypatch, tmp_path / "other", "wrong_labels", READER.replace("illicit", "dodgy"),
        {"walletrisk.sources": "wrong = wrong_labels:read"},
    )  # fmt: skip
    lines.write_text("t1 a b 1.5\n")
    with pytest.raises(LabelsError, match="label is not one of"):
        read_files("wrong", [lines])


def test_a_reader_that_asks_for_the_chain_gets_it(
    tmp_path: Path, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = READER.replace('asset="ETH")', 'asset="ETH", chain="none")')
    asking = asking.replace(", asset\n", ", chain\n")
    install(
        monkeypatch, tmp_path / "asking", "asking_reader", asking,
        {"walletrisk.sources": "asking = asking_reader:read"},
    )  # fmt: skip
    told = read_files("asking", [lines], how=Reading(chain="bank"))
    assert set(told.transfers["asset"]) == {"bank"}
    assert set(read_files("asking", [lines]).transfers["asset"]) == {"none"}


def test_an_unknown_format_is_told_which_there_are(lines: Path) -> None:
    with pytest.raises(SourceError, match=r"unknown format 'csv'; there are table, .*, lines"):
        read_files("csv", [lines])


def test_a_guest_that_takes_a_name_of_ours_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(
        monkeypatch, tmp_path / "site", "guest_reader", READER,
        {"walletrisk.sources": "amlsim = guest_reader:read"},
    )  # fmt: skip
    file = tmp_path / "t.csv"
    file.write_text(CSV)
    assert {"table", "amlsim", "ethereum"} <= set(FORMATS)
    assert read_files("table", [file]).labels is None
    with pytest.raises(RiskError, match="takes the name 'amlsim', which is one of ours"):
        read_files("lines", [file])
