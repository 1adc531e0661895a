"""A real node, on which every way of moving money happens: what is read equals its balances."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import pandas as pd
import pytest

from features import SourceError, check_transfers
from features.sources.ethereum.answers import Traces
from features.sources.ethereum.node import EthereumNode
from tests.nodes.anvil import WETH, Anvil, running
from tests.nodes.money import ETHER, ODD_WEI, Told, build

RICH = 10_000 * ETHER  # of each account at the beginning


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[Anvil, Told]]:
    with running() as node:
        yield node, build(node)


def read(chain: tuple[Anvil, Told], internal: Traces = Traces.BLOCK) -> pd.DataFrame:
    node, told = chain
    source = EthereumNode(node.url, internal=internal)
    return pd.concat([block.frame for block in source.blocks(0, told.head)], ignore_index=True)


def of(frame: pd.DataFrame, tx_id: str) -> list[tuple[str, str, str, float]]:
    rows = frame[frame["tx_id"] == tx_id]
    columns = ["asset", "sender", "recipient", "amount"]
    return sorted(map(tuple, rows[columns].to_numpy().tolist()))


def fees(node: Anvil, head: int) -> dict[str, int]:
    """Wei that each account paid to have its transactions, failed ones too, in the chain."""
    paid: dict[str, int] = defaultdict(int)
    for number in range(head + 1):
        for receipt in node.rpc("eth_getBlockReceipts", hex(number)):
            price = int(receipt["effectiveGasPrice"], 16)
            paid[receipt["from"]] += int(receipt["gasUsed"], 16) * price
    return paid


@pytest.mark.parametrize("internal", [Traces.BLOCK, Traces.CALLS])
def test_balances_are_those_of_the_node_to_the_wei(
    chain: tuple[Anvil, Told], internal: Traces
) -> None:
    node, told = chain
    moves = EthereumNode(node.url, internal=internal).movements(0, told.head)
    paid = fees(node, told.head)
    for asset in ("ETH", WETH, told.at["Token"]):
        held: dict[str, int] = defaultdict(int)
        for move in moves[moves["asset"] == asset].itertuples():
            held[str(move.sender)] -= int(str(move.raw))
            held[str(move.recipient)] += int(str(move.raw))
        others = {"0x" + 40 * "0", *([WETH] if asset == WETH else [])}  # they owe what is out
        for wallet in (node.used | set(held)) - others:
            if asset == "ETH":
                own = RICH if wallet in node.accounts else 0
                assert own + held[wallet] - paid[wallet] == node.balance(wallet), wallet
            else:
                assert held[wallet] == node.token_balance(asset, wallet), wallet
        assert len(held) > 2


def test_amounts_are_the_integers_rounded_once(chain: tuple[Anvil, Told]) -> None:
    node, told = chain
    moves = EthereumNode(node.url).movements(0, told.head)
    exact = [
        float(Fraction(int(raw), 10 ** int(decimals)))
        for raw, decimals in zip(moves["raw"], moves["decimals"], strict=True)
    ]
    assert sorted(read(chain)["amount"]) == sorted(amount for amount in exact if amount)
    (plain,) = of(read(chain), told.tx["plain"])
    assert plain[3] == float(Fraction(ODD_WEI, ETHER))


def test_both_ways_of_traces_give_the_same_transfers(chain: tuple[Anvil, Told]) -> None:
    blocks = check_transfers(read(chain, Traces.BLOCK))
    calls = check_transfers(read(chain, Traces.CALLS))
    pd.testing.assert_frame_equal(blocks, calls)
    assert blocks.attrs["duplicates"] == 0


def test_a_node_without_traces_gives_the_rest(chain: tuple[Anvil, Told]) -> None:
    node, _ = chain
    everything, some = read(chain), read(chain, Traces.NONE)
    keys = ["tx_id", "position"]
    both = everything.merge(some, on=[*keys, "sender", "recipient", "amount", "asset"])
    assert len(both) == len(some) < len(everything)
    ether = everything["asset"] == "ETH"
    assert len(some) == (~ether).sum() + (ether & (everything["position"] == 0)).sum()
    (note,) = EthereumNode(node.url, internal=Traces.NONE).as_node().notes
    assert "payments inside transactions are missing" in note
    assert not EthereumNode(node.url).as_node().notes


def test_what_failed_was_undone_or_moved_nothing_is_no_transfer(
    chain: tuple[Anvil, Told],
) -> None:
    node, told = chain
    frame, who, at, tx = read(chain), node.accounts, told.at, told.tx
    for name in ("zero", "failed", "token zero", "token lacking", "nameless", "thing", "odd"):
        assert of(frame, tx[name]) == [], name
    assert of(frame, tx["self"]) == [("ETH", who[2], who[2], 5.0)]
    assert of(frame, tx["nested"]) == [
        ("ETH", who[4], at["Nested"], 4.0), ("ETH", at["Nested"], who[6], 1.0),
    ]  # fmt: skip
    assert of(frame, tx["proxy"]) == [("ETH", who[6], at["Proxy"], 1.0)]
    assert of(frame, tx["heir"]) == [("ETH", at["Heir"], who[8], 3.0)]
    assert [row[3] for row in of(frame, tx["make"])] == [2.0, 2.0, 2.0]
    assert of(frame, tx["unwrap"]) == [
        (WETH, who[8], WETH, 0.25), ("ETH", WETH, who[8], 0.25),
    ]  # fmt: skip
    assert of(frame, tx["burn"]) == [(at["Token"], who[0], "0x" + 40 * "0", 5.0)]


def test_what_is_left_out_is_counted(chain: tuple[Anvil, Told]) -> None:
    node, told = chain
    source = EthereumNode(node.url)
    list(source.blocks(0, told.head))
    assert source.left_out["ERC-721 transfers"] == 1
    assert source.left_out["transfer events of an unusual form"] == 1
    assert source.left_out["of tokens whose decimals nobody tells"] == 1
    assert source.left_out["undone calls"] == 4  # of: failed, token lacking, and two of nested
    assert source.left_out["delegate and static calls, which move nothing"] == 1


def test_some_assets_are_the_same_as_all_filtered(chain: tuple[Anvil, Told]) -> None:
    node, told = chain
    everything = read(chain)
    token = told.at["Token"].upper().replace("X", "x")
    for asset in ("ETH", token, f"{WETH}, ETH"):
        source = EthereumNode(node.url, asset=asset)
        blocks = list(source.blocks(0, told.head))
        one = pd.concat([block.frame for block in blocks], ignore_index=True)
        assert source.assets is not None
        expected = everything[everything["asset"].isin(source.assets)].reset_index(drop=True)
        pd.testing.assert_frame_equal(one, expected)


@pytest.mark.parametrize(
    ("chain_name", "asset", "message"),
    [
        ("base", None, "is of the chain number 1, but base has the number 8453"),
        ("etherium", None, r"unknown chain 'etherium'; there are ethereum, "),
        ("ethereum", "USDT", "'USDT' is neither ETH nor the address of a token's contract"),
    ],
)
def test_another_chain_or_a_symbol_is_refused(
    chain: tuple[Anvil, Told], chain_name: str, asset: str | None, message: str
) -> None:
    node, _ = chain
    with pytest.raises(SourceError, match=message):
        EthereumNode(node.url, chain_name, asset=asset)


def test_a_block_that_is_not_there_is_named(chain: tuple[Anvil, Told]) -> None:
    node, told = chain
    with pytest.raises(SourceError, match=f"has no block {told.head + 1}"):
        list(EthereumNode(node.url).blocks(told.head, told.head + 1))
