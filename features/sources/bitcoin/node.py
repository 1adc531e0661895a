"""Blocks of a Bitcoin node as transfers, over JSON-RPC.

Bitcoin Core from version 23 on says what an input spends, ``getblock`` 3. A node that does not is
asked for raw blocks, ``getblock`` 0, which every node has; what they spend is then remembered from
the first block on (:class:`features.sources.bitcoin.raw.Unspent`), whichever block is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from features.errors import SourceError
from features.sources.bitcoin.collected import Collected, Spent
from features.sources.bitcoin.common_inputs import spent_together
from features.sources.bitcoin.flows import ASSET, transfers
from features.sources.bitcoin.mixes import mixes
from features.sources.bitcoin.raw import RawBlock, Unspent, parse_block
from features.sources.bitcoin.records import SATOSHI
from features.sources.bitcoin.scripts import MAIN, NETWORKS, Network, owner_of_hex
from features.sources.follow.chain import Beside, Block, Chain
from features.sources.follow.nodes import Node
from features.sources.rpc import JsonRpc, RpcError

AT_ONCE = 10  # blocks a batch, each of up to 4 MB, or 20 MB with all that it spends
RAW, WITH_SPENT = 0, 3  # how a block is told
_TRIES = 5  # to read blocks that follow one another
MOST_RAW = 250_000  # blocks that are read raw: those of Bitcoin up to mid-2013


class BitcoinNode:
    """A node, asked over JSON-RPC.

    Parameters
    ----------
    url : str
        With ``USER:PASSWORD@``, as its configuration has them.
    chain : str
        ``bitcoin``, ``bitcoin-testnet`` or ``bitcoin-regtest``.

    Raises
    ------
    SourceError
        It cannot be reached, or is of another network.
    """

    def __init__(self, url: str, chain: str = MAIN.chain) -> None:
        self.rpc = JsonRpc(url)
        name = self.rpc.call("getblockchaininfo")["chain"]
        network = NETWORKS.get(name)
        if network is None or network.chain != chain:
            raise SourceError(f"node {self.rpc.host} is of the network {name!r}, not of {chain}")
        self.network: Network = network
        self._raw = _Raw(self.rpc, self.network)
        self._says_spent = True  # until it shows that it does not

    def head(self) -> int:
        """Height of the latest block."""
        return int(self.rpc.call("getblockcount"))

    def hash_at(self, number: int) -> str:
        """Hash of the block of a height."""
        return str(self.rpc.call("getblockhash", number))

    def as_node(self) -> Node:
        """For the follower."""
        chain = Chain(self.network.chain, self.head, self.hash_at, self.blocks)
        return Node(chain, (), ASSET, {}, of_coins=True)

    def blocks(self, first: int, last: int) -> Iterator[Block]:
        """Blocks from ``first`` to ``last``, both included, each with its transfers.

        Raises
        ------
        SourceError
            The node lacks one of them, or does not say who paid in it.
        """
        for start in range(first, last + 1, AT_ONCE):
            heights = range(start, min(start + AT_ONCE, last + 1))
            yield from self._batch(heights)

    def _batch(self, heights: Sequence[int]) -> Iterator[Block]:
        told = self._with_spent(heights) if self._says_spent else None
        if told is None:
            self._says_spent = False
            yield from self._raw.blocks(heights)
            return
        found = Collected()
        for block in told:
            for one in block["tx"]:
                _add(found, one, block, self.network)
        yield from _by_block(
            found, [(block["height"], block["hash"], block["previousblockhash"]) for block in told]
        )

    def _with_spent(self, heights: Sequence[int]) -> list[Mapping[str, Any]] | None:
        """Blocks with what their inputs spend, None if the node does not say."""
        hashes = self.rpc.all([("getblockhash", [height]) for height in heights])
        told = self.rpc.results([("getblock", [each, WITH_SPENT]) for each in hashes])
        for block in told:
            if isinstance(block, RpcError) or not isinstance(block, dict):
                return None
            block.setdefault("previousblockhash", "")  # the first has none
            for one in block["tx"]:
                if not all("prevout" in each or "coinbase" in each for each in one["vin"]):
                    return None
        return told


def _add(
    found: Collected, one: Mapping[str, Any], block: Mapping[str, Any], network: Network
) -> None:
    inputs = [_coin(each["prevout"], network) for each in one["vin"] if "coinbase" not in each]
    outputs = [_coin(each, network) for each in one["vout"]]
    found.add(one["txid"], block["time"], block["height"], inputs, outputs)


def _coin(output: Mapping[str, Any], network: Network) -> Spent:
    """An output as a node writes it.

    Its value is a decimal of bitcoin that was read as the float64 next to it: of all the satoshi
    there are, that is off by less than a quarter of one.
    """
    script = output["scriptPubKey"]["hex"]
    return Spent(owner_of_hex(script, network), round(output["value"] * SATOSHI))


def _by_block(found: Collected, blocks: Sequence[tuple[int, str, str]]) -> Iterator[Block]:
    frame = transfers(found.records())
    rows = frame.groupby("block", sort=False).indices
    for height, own, previous in blocks:
        held: pd.DataFrame = frame.iloc[rows.get(height, [])].reset_index(drop=True)
        yield Block(height, own, previous, held, _beside(found.of_block(height)))


def _beside(block: Collected) -> Beside:
    return Beside(
        block.txid,
        lambda: mixes(block.records()),
        lambda: spent_together(block.records()),
    )


class _Raw:
    """Raw blocks of a node, and what they left unspent."""

    def __init__(self, rpc: JsonRpc, network: Network) -> None:
        self.rpc, self.network = rpc, network
        self._restart()

    def _restart(self) -> None:
        self.unspent = Unspent(self.network)
        self.next, self.latest = 0, ""  # height of the next block, hash of the one before

    def blocks(self, heights: Sequence[int]) -> Iterator[Block]:
        """Blocks that follow one another; those before are read where that was not done."""
        if heights[0] < self.next:
            self._restart()
        self._catch_up(heights[0])
        told = self._parsed(heights)
        if self.latest and told[0].previous != self.latest:  # the chain gave up what was read
            self._restart()
            self._catch_up(heights[0])
        found = Collected()
        for block in told:
            self._take(block, found)
        yield from _by_block(
            found,
            [
                (height, block.hash, block.previous)
                for height, block in zip(heights, told, strict=True)
            ],
        )

    def _catch_up(self, height: int) -> None:
        if height > MOST_RAW:
            raise SourceError(
                f"node {self.rpc.host} does not say what inputs spend (getblock 3, Bitcoin Core "
                f"23 or later with undo data), and block {height} has too many before it to read "
                "them all: ask such a node, or read an export"
            )
        while self.next < height:
            for block in self._parsed(range(self.next, min(self.next + AT_ONCE, height))):
                self._take(block, Collected())

    def _parsed(self, heights: Sequence[int]) -> list[RawBlock]:
        """Blocks that follow one another, asked for again while the chain changes."""
        for _ in range(_TRIES):
            hashes = self.rpc.all([("getblockhash", [height]) for height in heights])
            told = self.rpc.all([("getblock", [own, RAW]) for own in hashes])
            found = [
                parse_block(_unhexed(block, own), f"block {own}")
                for own, block in zip(hashes, told, strict=True)
            ]
            if all(block.previous == before.hash for before, block in pairwise(found)):
                return found
        raise SourceError(f"node {self.rpc.host}: block {heights[0]} does not hold still")

    def _take(self, block: RawBlock, into: Collected) -> None:
        self.unspent.take(block, self.next, into)
        self.next, self.latest = self.next + 1, block.hash


def _unhexed(block: Any, own: str) -> bytes:
    try:
        return bytes.fromhex(block)
    except (TypeError, ValueError):
        raise SourceError(
            f"block {own}: the node answers something else than a raw block"
        ) from None
