"""Ways in that were wrong and looked right: each ends in the right answer or in a clear error."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import Ledger, LedgerError, SourceError, check_labels
from features.sources.files import load_transfers, read_labels
from features.sources.writing import Writing
from serving import create_app
from serving.settings import Settings
from tests.pages import ROOT
from tests.serving.conftest import TestClient
from tests.training.conftest import trained_of
from walletrisk import run

WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SPELLINGS = [WALLET, WALLET.lower(), WALLET[2:], "0X" + WALLET[2:].upper(), f" {WALLET} "]
MISTYPED = WALLET.replace("5aA", "5aa", 1)
AS_OF = "2024-02-01T00:00:00Z"
ETHER = 10**18


def frame(payments: int = 40) -> pd.DataFrame:
    """Payments among some wallets of Ethereum, in ether, the one above among them."""
    number = np.arange(payments)
    others = [f"0x{one:040x}" for one in number % 7 + 1]
    sends = number % 3 == 0
    return pd.DataFrame(
        {
            "tx_id": [f"0x{one:064x}" for one in number],
            "timestamp": 1_700_000_000 + 90_000 * number,
            "sender": np.where(sends, WALLET.lower(), others),
            "recipient": np.where(sends, others, WALLET.lower()),
            "amount": (number + 1.0) / 4,
        }
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ingest(file: str, *more: str, chain: str = "ethereum") -> int:
    given = ["--asset", "ETH", "--time-unit", "s", "--chain", chain]
    return run(["ingest", file, "--to", "ledger", *given, *more])


@pytest.fixture
def ledger(folder: Path) -> Path:
    frame().to_csv("ether.csv", index=False)
    assert ingest("ether.csv") == 0
    trained_of("logistic").model.save(folder / "model")
    other = {"wallet": f"0X{1:040X}", "label": "illicit", "known_at": "2023-01-01T00:00:00Z"}
    pd.DataFrame([other]).to_csv("labels.csv", index=False)
    return folder / "ledger"


def test_every_spelling_of_a_wallet_has_the_same_score(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    line = ["--ledger", "ledger", "--model", "model", "--labels", "labels.csv", "--json"]
    assert run(["score", *SPELLINGS, *line, "--as-of", AS_OF]) == 0
    answers = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert {one["wallet"]["address"] for one in answers} == {WALLET.lower()}
    assert {one["status"] for one in answers} == {"scored"}
    assert len({one["probability"] for one in answers}) == 1
    chosen = Settings(ledger=ledger, model="model", labels=Path("labels.csv"), no_keys=True)
    with TestClient(create_app(chosen), base_url="http://localhost") as client:
        for spelling in SPELLINGS:
            body = {"wallet": spelling, "as_of": AS_OF}
            told = client.post("/v1/wallets/score", json=body).json()
            assert told["wallet"]["address"] == WALLET.lower()
            assert told["probability"] == answers[0]["probability"]
        wrong = client.post("/v1/wallets/score", json={"wallet": MISTYPED, "as_of": AS_OF})
        assert wrong.status_code == 422
    scores = trained_of("logistic").model.score(
        Ledger.open(ledger),
        pd.DataFrame({"wallet": SPELLINGS, "as_of": AS_OF}),
        labels=read_labels("labels.csv", chain="ethereum"),
    )
    assert set(scores["probability"]) == {answers[0]["probability"]}


def test_a_mistyped_wallet_is_no_unknown_one(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["score", MISTYPED, "--ledger", str(ledger), "--model", "model"]
    assert run([*line, "--labels", "labels.csv"]) == 2
    assert "has a wrong checksum" in capsys.readouterr().err


def test_labels_and_spines_know_a_wallet_by_every_spelling_and_column(ledger: Path) -> None:
    known = pd.read_csv("labels.csv").rename(columns={"wallet": "address"})
    known.to_csv("known.csv", index=False)
    asked = pd.DataFrame({"account": SPELLINGS[:3], "day": 1_706_745_600})
    asked.to_csv("spine.csv", index=False)
    line = ["features", str(ledger), "--spine", "spine.csv", "--labels", "known.csv"]
    columns = "labels.wallet=address,spine.wallet=account,as_of=day"
    assert run([*line, "--out", "t.parquet", "--map", columns, "--time-unit", "s"]) == 2
    known["known_at"] = 1_672_531_200
    known.to_csv("known.csv", index=False)
    assert run([*line, "--out", "t.parquet", "--map", columns, "--time-unit", "s"]) == 0
    table = pd.read_parquet("t.parquet")
    assert set(table.index.get_level_values("wallet")) == {WALLET.lower()}
    assert (table["exposure_illicit_direct_in_share"] > 0).all()


def test_a_file_in_wei_is_not_taken_for_ether(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = frame()
    wei = rows.assign(amount=[str(int(one * 4) * ETHER // 4) for one in rows["amount"]])
    wei.to_csv("wei.csv", index=False)
    assert ingest("wei.csv") == 2
    said = capsys.readouterr().err
    assert "more ETH than there is" in said
    assert "--unit wei" in said
    assert said.count("\n") == 1
    assert not (folder / "ledger").exists()
    with pytest.raises(SourceError, match="more ETH than there is"):  # nor in Python
        load_transfers(["wei.csv"], asset="ETH", writing=Writing("s"))
    assert ingest("wei.csv", "--unit", "wei") == 0
    assert Ledger.open("ledger").n_transfers == len(rows)
    told = Ledger.open("ledger").transaction(rows["tx_id"].iloc[2])[0]
    assert told.amount == rows["amount"].iloc[2]


def test_a_file_of_which_most_rows_are_bad_is_not_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Inputs and outputs of Bitcoin, taken for payments: most have no sender or no recipient."""
    rows = frame().assign(sender="1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", recipient="")
    rows.loc[:3, "recipient"] = "1KFHE7w8BhaENAswwryaoccDb6qcT6DbYY"
    rows.to_csv("inputs.csv", index=False)
    quarantine = ("--on-error", "quarantine")
    assert ingest("inputs.csv", *quarantine, chain="bitcoin") == 2
    said = capsys.readouterr().err
    assert "36 of 40 rows are bad, 90.0%" in said
    assert "nothing was kept" in said
    assert sorted(path.name for path in folder.iterdir()) == ["inputs.csv"]


def test_inputs_and_outputs_are_read_by_a_format_of_bitcoin(folder: Path) -> None:
    blocks = ROOT / "tests" / "data" / "bitcoin" / "blocks_1_255.dat"
    assert run(["ingest", str(blocks), "--format", "bitcoin-blocks", "--to", "ledger"]) == 0
    ledger = Ledger.open("ledger")
    assert (ledger.chain, ledger.unit) == ("bitcoin", "BTC")
    assert not (folder / "ledger.quarantine.csv").exists()


def test_a_ledger_of_another_chain_or_unit_is_refused(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ingest("ether.csv", chain="bank") == 2
    assert "is a ledger of ethereum, not of bank" in capsys.readouterr().err
    rows = frame().assign(
        asset="EUR", timestamp=lambda one: pd.to_datetime(one["timestamp"], unit="s", utc=True)
    )
    with pytest.raises(LedgerError, match="EUR"):
        Ledger.open(ledger).append(rows.assign(tx_id=rows["tx_id"] + "x"))


def test_a_label_without_its_time_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pd.DataFrame({"wallet": SPELLINGS[:1], "category": "phishing"}).to_csv("own.csv", index=False)
    line = ["labels", "import", "own.csv", "--format", "table", "--source", "own"]
    assert run([*line, "--to", "known.csv"]) == 2
    assert "say --known-at" in capsys.readouterr().err
    assert (
        run([*line, "--to", "known.csv", "--known-at", "2024-01-01Z", "--chain", "ethereum"]) == 0
    )
    assert check_labels(pd.read_csv(folder / "known.csv"))["wallet"].tolist() == [WALLET.lower()]
