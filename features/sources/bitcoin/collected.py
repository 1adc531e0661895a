"""Transactions one by one, as nodes and raw blocks give them, collected into records."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from features.errors import SourceError
from features.sources.bitcoin.records import Head, Read, Records


class Spent(NamedTuple):
    """An input or an output: whose, and how many satoshi; None where that is not known."""

    owner: str | None
    value: int | None


@dataclass(slots=True)
class _Side:
    ends: list[int] = field(default_factory=lambda: [0])
    owner: list[str | None] = field(default_factory=list)
    value: list[int | None] = field(default_factory=list)

    def add(self, coins: Sequence[Spent]) -> None:
        self.owner += [coin.owner for coin in coins]
        self.value += [coin.value for coin in coins]
        self.ends.append(len(self.owner))

    def part(self, first: int, end: int) -> "_Side":
        """Those of the transactions ``[first, end)``."""
        begin, stop = self.ends[first], self.ends[end]
        ends = [at - begin for at in self.ends[first : end + 1]]
        return _Side(ends, self.owner[begin:stop], self.value[begin:stop])

    def read(self) -> Read:
        return Read(
            np.array(self.ends, dtype=np.int64),
            pa.array(self.owner, type=pa.large_string()),
            pa.array(self.value, type=pa.int64()),
        )


@dataclass(slots=True)
class Collected:
    """Transactions to be turned into records; those of a block together, blocks ascending."""

    txid: list[str] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    block: list[int] = field(default_factory=list)
    inputs: _Side = field(default_factory=_Side)
    outputs: _Side = field(default_factory=_Side)

    def add(
        self, txid: str, time: int, block: int, inputs: Sequence[Spent], outputs: Sequence[Spent]
    ) -> None:
        """Add a transaction; one without inputs is a coinbase, an output without owner burnt."""
        self.txid.append(txid)
        self.time.append(time)
        self.block.append(block)
        self.inputs.add(inputs)
        self.outputs.add(outputs)

    def of_block(self, block: int) -> "Collected":
        """The transactions of a block, which were added one after another."""
        first, number = bisect_left(self.block, block), self.block.count(block)
        end = first + number
        return Collected(
            self.txid[first:end], self.time[first:end], self.block[first:end],
            self.inputs.part(first, end), self.outputs.part(first, end),
        )  # fmt: skip

    def records(self) -> Records:
        """All of them.

        Raises
        ------
        SourceError
            A number is none, or as :meth:`Records.of` does.
        """
        try:
            head = Head(
                pa.array(self.txid, type=pa.large_string()),
                np.array(self.time, dtype=np.int64),
                np.array(self.block, dtype=np.int64),
            )
            inputs, outputs = self.inputs.read(), self.outputs.read()
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise SourceError(f"transactions hold what is no number or text: {error}") from None
        return Records.of(head, inputs, outputs)
