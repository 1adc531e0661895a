"""What a node answers about a block, asked in one batch, and read as rows of movements."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

import pandas as pd

from features.errors import SourceError
from features.sources.ethereum import traces
from features.sources.ethereum.moves import Sieve, withdrawn
from features.sources.rpc import METHOD_NOT_FOUND, Call, JsonRpc, RpcError

Json = Mapping[str, Any]
TRACER = {"tracer": "callTracer"}
FAILED = "failed transactions"


class Traces(Enum):
    """How a node tells of payments inside transactions."""

    BLOCK = "trace_block"
    CALLS = "debug_traceBlockByNumber"
    NONE = "not at all"

    def call(self, block: str) -> Call:
        """The call that asks for those of a block, by number or by a word such as latest."""
        return self.value, [block] if self is Traces.BLOCK else [block, TRACER]


class Parts(NamedTuple):
    """What a node says of one block."""

    block: Json
    receipts: Sequence[Json]
    traces: Any

    @property
    def number(self) -> int:
        """Of the block."""
        return int(self.block["number"], 16)

    @property
    def transactions(self) -> Sequence[Json]:
        """Of the block, with their content."""
        return list(self.block["transactions"])

    def agree(self) -> bool:
        """Whether all are of the same block: a reorganisation may come between two answers."""
        hashes = {receipt["blockHash"] for receipt in self.receipts}
        rows = self.traces or []
        hashes |= {row["blockHash"] for row in rows if row.get("blockHash")}
        told = [row["txHash"] for row in rows if "txHash" in row]
        own = [tx["hash"] for tx in self.transactions]
        alike = len(self.receipts) == len(own) and (not told or told == own)
        return alike and hashes <= {self.block["hash"]}


def ask(rpc: JsonRpc, numbers: Sequence[int], way: Traces) -> list[Parts | None]:
    """What a node says of some blocks; None where the parts are of different blocks.

    Raises
    ------
    SourceError
        The node does not have one of them, or cannot tell of it.
    """
    calls: list[Call] = []
    for number in map(hex, numbers):
        calls += [("eth_getBlockByNumber", [number, True]), ("eth_getBlockReceipts", [number])]
        if way is not Traces.NONE:
            calls.append(way.call(number))
    width = len(calls) // len(numbers)
    answers = rpc.results(calls)
    return [
        _fitting(rpc, number, answers[at * width : (at + 1) * width])
        for at, number in enumerate(numbers)
    ]


def _fitting(rpc: JsonRpc, number: int, answers: Sequence[Any]) -> Parts | None:
    block, receipts, *told = answers
    for one in (block, *told):
        if isinstance(one, RpcError):
            raise one
    if block is None:
        raise SourceError(f"node {rpc.host} has no block {number}")
    if isinstance(receipts, RpcError):
        if receipts.code != METHOD_NOT_FOUND:
            raise receipts
        asked = [("eth_getTransactionReceipt", [tx["hash"]]) for tx in block["transactions"]]
        receipts = [one for one in rpc.all(asked) if one is not None]
    parts = Parts(block, receipts or [], told[0] if told else None)
    return parts if parts.agree() else None


def ether(told: Sequence[Parts], way: Traces, left_out: Counter[str]) -> pd.DataFrame:
    """Movements of the chain's own asset: ``block, tx_id, sender, recipient, raw, top``.

    Raises
    ------
    SourceError
        A node without traces has blocks from before receipts held a status.
    """
    if way is Traces.NONE:
        return _top_level(told, left_out)
    rows: list[traces.Trace] = []
    numbers: list[int] = []
    for parts in told:
        tx_ids = [tx["hash"] for tx in parts.transactions]
        found = (
            traces.of_trace_block(parts.traces)
            if way is Traces.BLOCK
            else traces.of_call_tracer(parts.traces, tx_ids)
        )
        rows += found
        numbers += [parts.number] * (len(rows) - len(numbers))
    return traces.payments(traces.trace_frame(rows).assign(block=numbers), left_out)


def _top_level(told: Sequence[Parts], left_out: Counter[str]) -> pd.DataFrame:
    rows = [
        (
            parts.number,
            tx["hash"],
            tx["from"],
            tx["to"] or receipt["contractAddress"],
            str(int(tx["value"], 16)),
            receipt.get("status"),
        )
        for parts in told
        for tx, receipt in zip(parts.transactions, parts.receipts, strict=True)
    ]
    columns = ["block", "tx_id", "sender", "recipient", "raw", "status"]
    sent = pd.DataFrame(rows, columns=columns)
    unknown = sent.loc[sent["status"].isna(), "block"]
    if len(unknown):
        raise SourceError(
            f"receipts of block {unknown.iloc[0]} hold no status, as in all blocks of the main "
            "chain before 4,370,000: such blocks need a node that traces"
        )
    sieve = Sieve(sent, left_out)
    sieve.drop(sieve.rows["status"] == "0x0", FAILED)
    return sieve.rows.assign(top=True)


def withdrawals(told: Iterable[Parts]) -> pd.DataFrame:
    """Ether that validators took out of their stakes; see :func:`withdrawn`."""
    rows = [
        (parts.number, int(one["index"], 16), one["address"], int(one["amount"], 16))
        for parts in told
        for one in parts.block.get("withdrawals") or ()
    ]
    return withdrawn(rows)


def events(told: Iterable[Parts], contracts: Collection[str] | None) -> pd.DataFrame:
    """Events of blocks, those of some contracts or all: ``block, tx_id, address, topics, data``."""
    rows = [
        (parts.number, log["transactionHash"], log["address"], ",".join(log["topics"]), log["data"])
        for parts in told
        for receipt in parts.receipts
        for log in receipt["logs"]
        if contracts is None or log["address"] in contracts
    ]
    return pd.DataFrame(rows, columns=["block", "tx_id", "address", "topics", "data"])
