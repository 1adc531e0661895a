"""Nodes: a real one in regtest, and one that answers as Bitcoin Core 23 does."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger, SourceError, check_transfers
from features.clusters import Clusters
from features.sources.bitcoin.formats import reader
from features.sources.bitcoin.node import BitcoinNode
from features.sources.bitcoin.raw import Output, RawBlock, parse_block
from features.sources.bitcoin.raw_files import framed_blocks, longest_chain
from features.sources.bitcoin.records import SATOSHI
from features.sources.bitcoin.scripts import REGTEST, owner
from features.sources.follow.follower import Follower
from features.sources.follow.kept import KeptClusters, KeptLabels
from features.sources.follow.state import StateFile
from features.sources.follow.targets import Folder
from tests.nodes.bcoin import SEGWIT_HEIGHT, Regtest, regtest, why_not
from walletrisk import run

read_raw = reader("bitcoin-blocks")
BLOCKS = Path(__file__).parents[3] / "data" / "bitcoin" / "blocks_1_255.dat"
FIRST = bytes.fromhex(
    "01000000" + "00" * 32 + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
    "29ab5f49ffff001d1dac2b7c01"
    "0100000001"
    + "00"
    * 32
    + "ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f3230303920"
    "4368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73"
    "ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61de"
    "b649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)
MIXED, CHANGE = 100_000_000, 49_990_000


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regtest]:
    missing = why_not()
    if missing:
        pytest.skip(missing)
    with regtest(tmp_path_factory.mktemp("bcoin")) as running:
        running.mine(SEGWIT_HEIGHT + 8)
        yield running


def held(frame: pd.DataFrame) -> Counter[str]:
    """Satoshi of each wallet."""
    balance: Counter[str] = Counter()
    for row in frame.to_dict("records"):
        amount, fee = (round(row[name] * SATOSHI) for name in ("amount", "fee"))
        balance[row["recipient"]] += amount
        balance[row["sender"]] -= amount + fee
    return balance


def read(node: Regtest) -> pd.DataFrame:
    source = BitcoinNode(node.url, REGTEST.chain)
    blocks = list(source.blocks(0, source.head()))
    assert [block.hash for block in blocks[1:-1]] == [block.parent_hash for block in blocks[2:]]
    assert blocks[-1].hash == source.hash_at(source.head())
    return pd.concat([block.frame for block in blocks], ignore_index=True)


def assert_balances(node: Regtest, frame: pd.DataFrame, addresses: Sequence[str]) -> None:
    """Every address holds what the node says, and all of them what all coins sum to."""
    balance = held(frame)
    for address in addresses:
        assert balance[owner(node.script(address), REGTEST) or ""] == node.balance(address)
    all_coins = node.rpc("gettxoutsetinfo")["total_amount"]
    owned = {name: value for name, value in balance.items() if not name.startswith("tx:")}
    assert sum(owned.values()) == round(all_coins * SATOSHI)
    assert min(owned.values()) >= 0


def coinjoin(node: Regtest) -> tuple[str, list[str]]:
    """Six wallets with a coin each mix them; not mined yet. The id, and all their addresses."""
    people = [f"mixer{n}" for n in range(6)]
    before = [node.new_address(one, witness=True) for one in people]
    node.pay("miner", dict.fromkeys(before, MIXED + CHANGE + 10000))
    node.mine(1)
    mixed, change = ([node.new_address(one, witness=True) for one in people] for _ in range(2))
    spent = [(node.coins(at)[0], node.key(who, at)) for who, at in zip(people, before, strict=True)]
    paid = {**dict.fromkeys(mixed, MIXED), **{to: CHANGE + n for n, to in enumerate(change)}}
    return node.join(spent, paid), [*before, *mixed, *change]


def test_balances_are_those_of_the_node_to_the_satoshi(node: Regtest) -> None:
    paid = [node.new_address("shop", witness=witness) for witness in (False, True)]
    for value in (12_345_678, 1, 99_999_999):
        node.pay("miner", {paid[0]: value + 1_000, paid[1]: value + 2_000})
    node.mine(1)
    back = node.new_address("miner")
    node.pay("shop", {back: 50_000_000})
    node.mine(1)
    frame = read(node)
    check_transfers(frame)
    assert_balances(node, frame, [*paid, back])


def test_a_coinjoin_is_undone_with_its_block(node: Regtest, tmp_path: Path) -> None:
    txid, people = coinjoin(node)
    (block,) = node.mine(1)
    source = BitcoinNode(node.url, REGTEST.chain)
    follower = Follower(
        source.as_node().chain,
        Folder(tmp_path / "ledger"),
        StateFile(tmp_path / "s.json"),
        first=SEGWIT_HEIGHT,
        kept=[KeptLabels(tmp_path / "mixes.csv"), KeptClusters(tmp_path / "clusters.arrow")],
    )
    follower.catch_up()
    assert pd.read_csv(tmp_path / "mixes.csv")["wallet"].tolist() == [f"tx:{txid}"]
    joined = Ledger.open(tmp_path / "ledger").transaction(txid)
    assert [one.recipient for one in joined[:6]] == [f"tx:{txid}"] * 6
    assert [one.sender for one in joined[6:]] == [f"tx:{txid}"] * 12
    clusters = Clusters.open(tmp_path / "clusters.arrow")
    assert [clusters.members(one.sender, 2**62) for one in joined[:6]] == [
        [one.sender] for one in joined[:6]
    ]
    node.rpc("invalidateblock", block)
    node.mine(2)
    done = follower.catch_up()
    assert (done.undone, done.blocks, done.retracted) == (1, 2, len(joined) + 1)
    ledger, frame = Ledger.open(tmp_path / "ledger"), read(node)
    assert ledger.transaction(txid) == []
    assert not len(pd.read_csv(tmp_path / "mixes.csv"))
    assert ledger.n_transfers == (frame["block"] >= SEGWIT_HEIGHT).sum()
    assert_balances(node, frame, people)


class Core:
    """Answers of a node as Bitcoin Core gives them, for the first blocks of Bitcoin."""

    def __init__(self, *, spent: bool, network: str = "main") -> None:
        chain = longest_chain(framed_blocks([BLOCKS]))
        self.raw = {0: FIRST, **{height: framed.data for height, framed in chain}}
        self.blocks = {height: parse_block(data) for height, data in self.raw.items()}
        self.heights = {block.hash: height for height, block in self.blocks.items()}
        self.outputs = {
            one.id: one.outputs for block in self.blocks.values() for one in block.transactions
        }
        self.spent, self.network = spent, network

    def answer(self, call: dict[str, Any]) -> Any:
        method, params = call["method"], call["params"]
        if method == "getblockchaininfo":
            return {"chain": self.network}
        if method == "getblockcount":
            return max(self.blocks)
        if method == "getblockhash":
            return self.blocks[params[0]].hash
        height = self.heights[params[0]]
        return self.raw[height].hex() if params[1] == 0 else self.told(height)

    def told(self, height: int) -> dict[str, Any]:
        block = self.blocks[height]
        return {
            "hash": block.hash, "previousblockhash": block.previous, "height": height,
            "time": block.time, "tx": self.transactions(block),
        }  # fmt: skip

    def transactions(self, block: RawBlock) -> list[dict[str, Any]]:
        made = []
        for one in block.transactions:
            vin: list[dict[str, Any]] = [{"coinbase": "00"}]
            if one.spends[0][0] != bytes(32):
                vin = [{"txid": spent.hex(), "vout": number} for spent, number in one.spends]
                if self.spent:
                    vin = [
                        {**each, "prevout": output(self.outputs[spent][number])}
                        for each, (spent, number) in zip(vin, one.spends, strict=True)
                    ]
            vout = [output(each) for each in one.outputs]
            made.append({"txid": one.id[::-1].hex(), "vin": vin, "vout": vout})
        return made


def output(each: Output) -> dict[str, Any]:
    return {"value": each.value / SATOSHI, "scriptPubKey": {"hex": each.script.hex()}}


@contextmanager
def serving(core: Core) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            calls = body if isinstance(body, list) else [body]
            made = [
                {"id": call["id"], "result": core.answer(call), "error": None} for call in calls
            ]
            said = json.dumps(made if isinstance(body, list) else made[0]).encode()
            authorised = self.headers["Authorization"] == "Basic dTpwQA=="  # u:p@
            self.send_response(200 if authorised else 401)
            self.end_headers()
            self.wfile.write(said if authorised else b'"no"')

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://u:p%40@127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_node_that_says_what_is_spent_needs_no_block_before() -> None:
    expected, _ = read_raw([BLOCKS])
    with serving(Core(spent=True)) as url:
        source = BitcoinNode(url)
        frame = pd.concat([block.frame for block in source.blocks(160, source.head())])
    late = expected[expected["block"] >= 160]
    pd.testing.assert_frame_equal(frame.reset_index(drop=True), late.reset_index(drop=True))
    assert not source._raw.next


def test_the_command_keeps_labels_and_clusters_beside_the_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixes, clusters = tmp_path / "mixes.csv", tmp_path / "clusters.arrow"
    with serving(Core(spent=True)) as url:
        command = ["ingest", "--node", url, "--chain", "bitcoin", "--to", str(tmp_path / "ledger")]
        beside = ["--labels-out", str(mixes), "--clusters", str(clusters)]
        assert run([*command, *beside, "--from-block", "160", "--to-block", "200"]) == 0
        assert capsys.readouterr().out.splitlines()[1:] == [
            f"{mixes}: 0 labels", f"{clusters}: 0 spends",
        ]  # fmt: skip
        assert run(command) == 2
        assert "clusters clusters.arrow, named is nothing" in capsys.readouterr().err
        assert run([*command, *beside, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["block"], told["labels"], told["spends"]) == (255, 0, 0)
    assert mixes.exists()
    assert Clusters.open(clusters).n_wallets == 0


def test_a_node_that_does_not_is_read_from_the_first_block_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(Core(spent=False)) as url:
        assert not len(next(BitcoinNode(url).blocks(0, 0)).frame)
        (block,) = BitcoinNode(url).blocks(170, 170)
        assert block.frame["sender"].tolist()[-1] == "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"
        monkeypatch.setattr("features.sources.bitcoin.node.MOST_RAW", 100)
        with pytest.raises(SourceError, match=r"does not say what inputs spend .* block 170 "):
            list(BitcoinNode(url).blocks(170, 170))


@pytest.mark.parametrize("network", ["doge", "regtest"])
def test_a_node_of_another_chain_is_refused(network: str) -> None:
    refused = pytest.raises(SourceError, match=f"of the network '{network}', not of bitcoin$")
    with serving(Core(spent=True, network=network)) as url, refused:
        BitcoinNode(url)


@pytest.mark.parametrize("value", [1, 3, 10**8 + 1, 21 * 10**14 - 1, 20_999_999_99999999])
def test_a_value_in_bitcoin_is_its_satoshi(value: int) -> None:
    """As a node writes it, with eight decimals, and as JSON is read."""
    text = f"{value // SATOSHI}.{value % SATOSHI:08}"
    assert round(json.loads(text) * SATOSHI) == value
