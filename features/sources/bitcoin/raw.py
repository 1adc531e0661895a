"""Raw blocks, as nodes keep and hand them out, and who owns what they spend.

A block says of an input only which output it spends. :class:`Unspent` remembers every output that
is not spent, so blocks must be read from the first on, or a source taken that says it itself. A
Python dict serves tests, forks and young chains; for the whole of Bitcoin (about 180 million
outputs) ask a node with ``getblock`` 3, or read an export.

Layout: Bitcoin developer reference, "Serialized Blocks", "Raw Transaction Format"; BIP 144.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from features.errors import SourceError
from features.sources.bitcoin.collected import Collected, Spent
from features.sources.bitcoin.scripts import MAIN, Network, owner

HEADER_BYTES = 80
_NOTHING = bytes(32)  # what a coinbase spends
Outpoint = tuple[bytes, int]  # id of a transaction as it is hashed, and number of its output


class Output(NamedTuple):
    """An output: satoshi, and the script that locks them."""

    value: int
    script: bytes


class RawTransaction(NamedTuple):
    """A transaction; the id is in the order of bytes in which it is hashed."""

    id: bytes
    spends: Sequence[Outpoint]
    outputs: Sequence[Output]


class RawBlock(NamedTuple):
    """A block."""

    hash: str
    previous: str
    time: int
    transactions: Sequence[RawTransaction]


class _Bytes:
    """Bytes that are read one after another; what is missing raises IndexError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        end = self.at + size
        if end > len(self.data):
            raise IndexError
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def number(self, size: int) -> int:
        """The next bytes as a number, the lowest first."""
        return int.from_bytes(self.take(size), "little")

    def size(self) -> int:
        """A number in 1, 3, 5 or 9 bytes ("CompactSize")."""
        first = self.number(1)
        return first if first < 253 else self.number(2 << (first - 253))


def block_hash(data: bytes, name: str = "block") -> tuple[str, str]:
    """Hash of a block and of the one before it, as explorers show them."""
    if len(data) < HEADER_BYTES:
        raise SourceError(f"{name}: no block, {len(data)} bytes are fewer than a header has")
    header = data[:HEADER_BYTES]
    return _hash(header)[::-1].hex(), header[4:36][::-1].hex()


def parse_block(data: bytes, name: str = "block") -> RawBlock:
    """Read a block.

    Parameters
    ----------
    data : bytes
        All of it, and nothing else.
    name : str
        What to call it in a message.

    Raises
    ------
    SourceError
        It ends too early or too late.
    """
    read = _Bytes(data)
    try:
        header = read.take(HEADER_BYTES)
        transactions = [_transaction(read) for _ in range(read.size())]
    except IndexError:
        raise SourceError(f"{name}: ends within a transaction, after {len(data)} bytes") from None
    if read.at != len(data):
        raise SourceError(f"{name}: {len(data) - read.at} bytes follow the last transaction")
    return RawBlock(*block_hash(header), int.from_bytes(header[68:72], "little"), transactions)


def _transaction(read: _Bytes) -> RawTransaction:
    begin = read.at
    read.take(4)
    witness = read.data[read.at : read.at + 2] == b"\0\1"  # no inputs, then a flag (BIP 144)
    if witness:
        read.take(2)
    inputs_at = read.at
    spends = [_spend(read) for _ in range(read.size())]
    outputs = [Output(read.number(8), read.take(read.size())) for _ in range(read.size())]
    end = read.at
    if witness:
        for _ in spends:
            for _ in range(read.size()):
                read.take(read.size())
    lock_time = read.take(4)
    hashed = read.data[begin : begin + 4] + read.data[inputs_at:end] + lock_time
    return RawTransaction(_hash(hashed), spends, outputs)


def _spend(read: _Bytes) -> Outpoint:
    spent = read.take(32), read.number(4)
    read.take(read.size())
    read.take(4)
    return spent


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


@dataclass(slots=True)
class Unspent:
    """Every output that was not spent so far; blocks come in, and go back, in order.

    Parameters
    ----------
    network : Network
        How its addresses are spelt.
    """

    network: Network = MAIN
    held: dict[Outpoint, Spent] = field(default_factory=dict)

    def take(self, block: RawBlock, height: int, into: Collected) -> None:
        """Add the transactions of a block to what was collected, inputs with whom they are from."""
        for one in block.transactions:
            made = one.spends[0][0] == _NOTHING if one.spends else True
            spent = [] if made else [self.held.pop(out, Spent(None, None)) for out in one.spends]
            got = [Spent(owner(out.script, self.network), out.value) for out in one.outputs]
            for number, output in enumerate(got):
                if output.owner is not None:
                    self.held[one.id, number] = output
            into.add(one.id[::-1].hex(), block.time, height, spent, got)
