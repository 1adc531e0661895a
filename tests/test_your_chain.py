"""The five lines of README.md for each chain do what it says, on real nodes and a bank's tables."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import mlflow
import pandas as pd
import pytest

import walletrisk
from features.sources.bitcoin.scripts import REGTEST, owner
from features.sources.formats import read_files
from tests.nodes.anvil import running
from tests.nodes.bcoin import regtest, why_not
from tests.nodes.town import Town, live_on_bitcoin, live_on_ethereum
from tests.pages import ROOT, blocks, commands

Run = Callable[[list[list[str]]], str]
README = (ROOT / "README.md").read_text()
LONGEST_LINE = 190
LISTED = "2023-11-20T00:00:00+00:00"  # days after the first payments of the town


def lines(chain: str, instead: Mapping[str, str]) -> list[list[str]]:
    """The calls for a chain, with what differs between its readers put in place."""
    (section,) = re.findall(rf"^### {chain}\n(.*?)^##", README, re.DOTALL | re.MULTILINE)
    (block,) = blocks(section, "sh")
    assert all(len(line) <= LONGEST_LINE for line in block.splitlines())
    for text, other in instead.items():
        assert text in block
        block = block.replace(text, other)
    found = commands([block])
    assert len(found) == len(block.splitlines()) == 5
    return found


@pytest.fixture
def run_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run calls in a folder; what they print. Less is asked of the gate: it is quicker."""
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'mlflow.db'}")

    def run(found: list[list[str]]) -> str:
        for line in found:
            assert walletrisk.run(line) == 0, (line, capsys.readouterr().err)
            if line[0] == "prepare":
                with Path(line[-1]).open("a") as file:
                    file.write("\n[gate]\nrepeats = 2\nvictims = 0\n")
        return capsys.readouterr().out

    yield run
    mlflow.set_tracking_uri(before)


def listed(town: Town, people: Sequence[str], folder: Path, currency: str) -> None:
    """A repository of TagPacks on a town, with its history."""
    packs = folder / "graphsense-tagpacks" / "packs"
    packs.mkdir(parents=True)
    for name, concept, thieves in (("thefts", "service_hack", True), ("shops", "exchange", False)):
        tags = [
            f"  - address: {address}\n    label: number {number}\n"
            for number, address in enumerate(people[: town.fence])
            if town.is_thief(number) is thieves
        ]
        head = f"title: {name}\ncreator: us\nsource: https://example.com\nconfidence: forensic\n"
        text = f"{head}currency: {currency}\nconcepts: [{concept}]\ntags:\n{''.join(tags)}"
        (packs / f"{name}.yaml").write_text(text)
    dated = {"GIT_AUTHOR_DATE": LISTED, "GIT_COMMITTER_DATE": LISTED}
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "tags")):
        who = ("-c", "user.name=us", "-c", "user.email=us@example.com")
        subprocess.run(
            ["git", *who, *command], cwd=packs.parent, env=os.environ | dated, check=True
        )


def test_ethereum_from_a_node_to_a_score(run_lines: Run, tmp_path: Path) -> None:
    town = Town()
    with running("--accounts", str(town.people), "--number", "19000000") as node:
        people = live_on_ethereum(node, town)
        listed(town, people, tmp_path, "ETH")
        said = run_lines(lines("Ethereum", {"http://127.0.0.1:8545": node.url}))
    assert "wallet 0x90f79bf6eb2c4f870365e785982e1f101e93b906 as of" in said
    assert ": scored" in said
    assert "band low" in said  # it is honest


def test_bitcoin_from_a_node_to_a_score(run_lines: Run, tmp_path: Path) -> None:
    missing = why_not()
    if missing:
        pytest.skip(missing)
    town = Town(24, 12)
    (tmp_path / "node").mkdir()
    with regtest(tmp_path / "node") as node:
        spelled = [node.script(one) for one in live_on_bitcoin(node, town)]
        people = [owner(script, REGTEST) or "" for script in spelled]
        listed(town, people, tmp_path, "")
        instead = {
            "http://USER:PASSWORD@127.0.0.1:8332": node.url,
            "--chain bitcoin --from-block 820000": "--chain bitcoin-regtest --from-block 0",
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": people[town.fence - 1],
        }
        said = run_lines(lines("Bitcoin", instead))
    assert f"wallet {people[town.fence - 1]} as of" in said
    assert ": scored" in said


def bank(folder: Path) -> None:
    """The bundled simulated bank as tables of a German bank, and its closed cases."""
    data = ROOT / "demo" / "amlsim"
    names = ("fanin200cycle200_transactions.parquet", "fanin200cycle200_nodes.parquet")
    transfers, labels, *_ = read_files("amlsim", [data / name for name in names])
    assert labels is not None
    labels = labels.iloc[::30]  # and the payments of their accounts and of the one asked about
    some = [*labels["wallet"], "7085"]
    transfers = transfers[transfers["sender"].isin(some) | transfers["recipient"].isin(some)]
    amounts = transfers["amount"].map("{:,.2f} EUR".format)
    payments = pd.DataFrame(
        {
            "Reference": transfers["tx_id"],
            "Booked": transfers["timestamp"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None),
            "From": "DE" + transfers["sender"],
            "To": "DE" + transfers["recipient"],
            "Amount": amounts.str.translate(str.maketrans(",.", ".,")),
        }
    )
    payments.to_csv(folder / "payments.csv", index=False, sep=";")
    licit = labels["label"] == "licit"  # vetted when the accounts were opened
    closed = labels["known_at"].where(~licit, pd.Timestamp("2017-01-01", tz="UTC"))
    cases = pd.DataFrame(
        {"Account": "DE" + labels["wallet"], "Finding": labels["label"], "Closed": closed}
    )
    cases.to_csv(folder / "cases.csv", index=False)


def test_a_bank_from_its_tables_to_a_score(run_lines: Run, tmp_path: Path) -> None:
    bank(tmp_path)
    said = run_lines(lines("A bank", {}))
    assert "wallet DE7085 as of" in said
    assert ": scored" in said
