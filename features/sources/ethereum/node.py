"""Blocks of an Ethereum node as transfers.

Needs ``eth_getBlockByNumber`` and ``eth_getBlockReceipts`` (or ``eth_getTransactionReceipt``); with
``trace_block`` or ``debug_traceBlockByNumber`` also payments inside transactions.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from features.errors import SourceError
from features.sources.ethereum import answers
from features.sources.ethereum.answers import Parts, Traces
from features.sources.ethereum.combined import NO_DECIMALS
from features.sources.ethereum.logs import WORD, token_moves
from features.sources.ethereum.moves import MOVES, Sieve, as_transfers
from features.sources.ethereum.rules import MAX_DECIMALS, NATIVE_DECIMALS, evm_chain
from features.sources.follow.chain import Block, Chain
from features.sources.follow.nodes import Node
from features.sources.rpc import Call, JsonRpc, RpcError

AT_ONCE = 10  # blocks a batch
DECIMALS = "0x313ce567"  # selector of decimals()
_TRIES = 5  # to read a block whose parts agree, while the chain reorganises


class EthereumNode:
    """A node, asked over JSON-RPC.

    Parameters
    ----------
    url : str
    chain : str
        Name out of :data:`features.sources.ethereum.rules.EVM_CHAINS`.
    asset : str, optional
        Read these only, parted by commas: the chain's own, such as ETH, and tokens' contracts.
    internal : Traces, optional
        Default: the first way that the node has.

    Attributes
    ----------
    left_out : Counter of str
        How much was left out of what was read, by reason.

    Raises
    ------
    SourceError
        It cannot be reached, or is of another chain.
    """

    def __init__(
        self,
        url: str,
        chain: str = "ethereum",
        *,
        asset: str | None = None,
        internal: Traces | None = None,
    ) -> None:
        self.name, self.chain = chain, evm_chain(chain)
        self.rpc = JsonRpc(url)
        received = int(self.rpc.call("eth_chainId"), 16)
        if received != self.chain.chain_id:
            raise SourceError(
                f"node {self.rpc.host} is of the chain number {received}, "
                f"but {chain} has the number {self.chain.chain_id}"
            )
        self.assets = self.chain.chosen(asset)
        self.left_out: Counter[str] = Counter()
        self.internal = internal or self._way_of_traces()
        self._decimals: dict[str, int | None] = {}

    def head(self) -> int:
        """Number of the latest block."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    def hash_at(self, number: int) -> str:
        """Hash of a block."""
        block = self.rpc.call("eth_getBlockByNumber", hex(number), False)
        if block is None:
            raise SourceError(f"node {self.rpc.host} has no block {number}")
        return str(block["hash"])

    def as_node(self) -> Node:
        """For the follower."""
        chain = Chain(self.name, self.head, self.hash_at, self.blocks)
        assets = None if self.assets is None else ",".join(sorted(self.assets))
        return Node(chain, self._notes(), assets, self.left_out)

    def _notes(self) -> list[str]:
        if self.internal is Traces.NONE and self._wants(self.chain.native):
            return [
                f"node {self.rpc.host} has neither trace_block nor debug_traceBlockByNumber: "
                "payments inside transactions are missing"
            ]
        return []

    def blocks(self, first: int, last: int) -> Iterator[Block]:
        """Blocks from ``first`` to ``last``, both included, each with its transfers.

        Raises
        ------
        SourceError
            The node does not have one of them, or cannot tell of it.
        """
        for start in range(first, last + 1, AT_ONCE):
            told = self._told(range(start, min(start + AT_ONCE, last + 1)))
            frame = as_transfers(self._moves(told), self.left_out)
            of = frame.groupby("block", sort=False).indices
            for parts in told:
                rows = frame.iloc[of.get(parts.number, [])].reset_index(drop=True)
                yield Block(parts.number, parts.block["hash"], parts.block["parentHash"], rows)

    def movements(self, first: int, last: int) -> pd.DataFrame:
        """Movements of blocks in raw integers, before any becomes a float64: ``MOVES``."""
        return self._moves(self._told(range(first, last + 1)))

    def _told(self, numbers: Sequence[int]) -> list[Parts]:
        told = answers.ask(self.rpc, numbers, self.internal)
        for at, number in enumerate(numbers):
            for _ in range(_TRIES):
                if told[at] is None:
                    (told[at],) = answers.ask(self.rpc, [number], self.internal)
            if told[at] is None:
                raise SourceError(f"node {self.rpc.host}: block {number} does not hold still")
        return [parts for parts in told if parts is not None]

    def _moves(self, told: Sequence[Parts]) -> pd.DataFrame:
        native, moves = self.chain.native, []
        if self._wants(native):
            paid = answers.ether(told, self.internal, self.left_out)
            moves += [
                paid.assign(asset=native, decimals=NATIVE_DECIMALS),
                answers.withdrawals(told).assign(asset=native),
            ]
        if self.assets != frozenset({native}):
            moves.append(self._tokens(told))
        seconds = {parts.number: int(parts.block["timestamp"], 16) for parts in told}
        found = pd.concat([one for one in moves if len(one)] or moves[:1], ignore_index=True)
        times = pd.to_datetime(found["block"].map(seconds).astype("int64"), unit="s", utc=True)
        return found.assign(timestamp=times)[list(MOVES)]

    def _tokens(self, told: Sequence[Parts]) -> pd.DataFrame:
        logs = answers.events(told, self.assets)
        moved = token_moves(logs, self.chain.wrapped, self.left_out)
        decimals = self._decimals_of(moved["asset"].unique().tolist())
        sieve = Sieve(moved.assign(decimals=moved["asset"].map(decimals)), self.left_out)
        sieve.drop(sieve.rows["decimals"].isna(), NO_DECIMALS)
        return sieve.rows

    def _decimals_of(self, tokens: Sequence[str]) -> dict[str, int | None]:
        new = [token for token in tokens if token not in self._decimals]
        asked: list[Call] = [
            ("eth_call", [{"to": token, "data": DECIMALS}, "latest"]) for token in new
        ]
        for token, answer in zip(new, self.rpc.results(asked), strict=True):
            self._decimals[token] = _decimals(answer)
        return self._decimals

    def _wants(self, asset: str) -> bool:
        return self.assets is None or asset in self.assets

    def _way_of_traces(self) -> Traces:
        if not self._wants(self.chain.native):
            return Traces.NONE
        for way in (Traces.BLOCK, Traces.CALLS):
            if not isinstance(self.rpc.results([way.call("latest")])[0], RpcError):
                return way
        return Traces.NONE


def _decimals(answer: Any) -> int | None:
    """Decimals that a token told, None where it told none that can be."""
    if not isinstance(answer, str) or len(answer) < WORD:
        return None
    value = int(answer[:WORD], 16)
    return value if value <= MAX_DECIMALS else None
