"""The command follows a real node, is killed, and the chain reorganises meanwhile."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger
from features.sources.ethereum.node import EthereumNode
from features.sources.file_commands import FileOptions
from features.sources.node_commands import NodeOptions, ingest_node, state_path
from tests.nodes.anvil import Anvil, running
from tests.nodes.money import build
from walletrisk import run

ROOT = Path(__file__).parents[4]


@pytest.fixture
def node() -> Iterator[Anvil]:
    with running() as one:
        build(one)
        yield one


def ingest(node: Anvil, ledger: Path, *options: str) -> list[str]:
    given = ["ingest", "--node", node.url, "--chain", "ethereum", "--asset", "ETH"]
    return [*given, "--to", str(ledger), *options]


@contextmanager
def following(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    program = [sys.executable, str(ROOT / "walletrisk.py"), *command, "--follow", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


def rows(frame: pd.DataFrame) -> Counter[tuple[object, ...]]:
    columns = ["tx_id", "position", "sender", "recipient", "amount"]
    return Counter(map(tuple, frame[columns].to_numpy().tolist()))


def told_by(node: Anvil) -> pd.DataFrame:
    source = EthereumNode(node.url, asset="ETH")
    return pd.concat([block.frame for block in source.blocks(0, source.head())])


def held_by(folder: Path, tx_ids: set[str]) -> pd.DataFrame:
    ledger = Ledger.open(folder)
    found = [one for tx_id in tx_ids for one in ledger.transaction(tx_id)]
    assert ledger.n_transfers == len(found)
    return pd.DataFrame(found)


def test_a_killed_follower_goes_on_after_a_reorganisation(
    node: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, seen = tmp_path / "ledger", set(told_by(node)["tx_id"])
    with following(ingest(node, ledger, "--from-block", "0")) as process:
        assert line(process) == {
            "block": 16, "behind": 0, "blocks": 17, "added": 17, "undone": 0, "retracted": 0,
        }  # fmt: skip
        late = node.send(1, node.accounts[3], 10**18)
        node.mine()
        assert line(process)["added"] == 1
        node.rpc("anvil_reorg", 3, [])
        undone = line(process)
        assert (undone["undone"], undone["blocks"]) == (3, 3)
        os.kill(process.pid, signal.SIGKILL)
    node.rpc("anvil_reorg", 6, [])
    node.send(2, node.accounts[4], 10**17)
    node.mine()
    assert run(ingest(node, ledger)) == 0
    assert "6 blocks undone" in capsys.readouterr().out
    told = told_by(node)
    assert rows(held_by(ledger, seen | {late} | set(told["tx_id"]))) == rows(told)
    assert late not in set(told["tx_id"])


def test_wrong_options_end_in_one_line(
    node: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    wrong = {
        "say the first block, --from-block": ingest(node, ledger),
        "--follow has no last block": ingest(node, ledger, "--follow", "--to-block", "3"),
        "name a file, --state FILE": ingest(node, ledger, "--to", "http://localhost:1"),
        "a node of ethereum tells of no CoinJoins and no common inputs": ingest(
            node, ledger, "--from-block", "0", "--clusters", "clusters.arrow"
        ),
        "leave unit and prices out": ingest(
            node, ledger, "--to", "http://localhost:1", "--unit-of-account", "USD"
        ),
        "takes no files": ingest(node, ledger, "file.csv"),
        "no node of chain 'sim' can be read": ingest(node, ledger, "--chain", "sim"),
        "name the files to read, or a --node": ["ingest", "--to", str(ledger)],
        "or a --node with its options": ["ingest", "f.csv", "--to", str(ledger), "--follow"],
    }
    for message, command in wrong.items():
        assert run(command) == 2
        said = capsys.readouterr().err
        assert message in said
        assert said.count("\n") == 1
    assert not ledger.exists()


def test_the_command_of_the_page_prints_what_it_shows(
    node: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "features" / "sources" / "README.md").read_text()
    (command, shown), *_ = re.findall(
        r"^\$ walletrisk (.*chain ethereum.*)\n(.*)", page, re.MULTILINE
    )
    assert run(shlex.split(command.replace("http://127.0.0.1:8545", node.url))) == 0
    assert capsys.readouterr().out == f"{shown}\n"


def test_several_assets_need_a_unit_and_prices(
    node: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, prices = tmp_path / "ledger", tmp_path / "prices.csv"
    command = ["ingest", "--node", node.url, "--chain", "ethereum", "--to", str(ledger)]
    command += ["--from-block", "0"]
    assert run(command) == 2
    assert "no unit of account is named" in capsys.readouterr().err
    weth = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    lines = [f"{asset},2023-11-14T00:00:00Z,2000" for asset in ("ETH", weth)]
    prices.write_text("\n".join(["asset,timestamp,price", *lines]))
    assert run([*command, "--unit-of-account", "USD", "--prices", str(prices)]) == 0
    opened = Ledger.open(ledger)
    assert (opened.n_transfers, opened.n_unpriced, opened.chain) == (24, 4, "ethereum")
    # a later run prices what is new, and undoes what is gone
    node.send(1, node.accounts[2], 10**18)
    node.rpc("anvil_reorg", 1, [])
    node.mine()
    again = [*command[:-2], "--unit-of-account", "USD", "--prices", str(prices)]
    assert run(again) == 0
    opened = Ledger.open(ledger)
    assert (opened.n_transfers, opened.n_unpriced) == (23, 4)


def test_a_part_of_a_chain_is_read_and_later_the_rest(
    node: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger"
    assert run(ingest(node, ledger, "--from-block", "0", "--to-block", "12")) == 0
    assert capsys.readouterr().out.startswith("block 12, 4 behind: 13 blocks read")
    options = FileOptions(asset="ETH", chain="ethereum")
    ingest_node(str(ledger), NodeOptions(node.url), options, as_json=False)
    told = told_by(node)
    assert rows(held_by(ledger, set(told["tx_id"]))) == rows(told)
    assert state_path(str(ledger), None) == tmp_path / "ledger.follow.json"
    assert "left out: " in capsys.readouterr().err
