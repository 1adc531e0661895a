"""Files of raw blocks: the longest chain among them, from the first block on."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from features.errors import SourceError
from features.sources.bitcoin.collected import Collected
from features.sources.bitcoin.raw import Unspent, block_hash, parse_block
from features.sources.bitcoin.records import Found
from features.sources.bitcoin.scripts import MAIN, REGTEST, TEST, Network

_MAGIC = {
    bytes.fromhex("f9beb4d9"): MAIN,
    bytes.fromhex("0b110907"): TEST,
    bytes.fromhex("1c163f28"): TEST,
    bytes.fromhex("0a03cf40"): TEST,
    bytes.fromhex("fabfb5da"): REGTEST,
}
_NOTHING = "0" * 64  # what the first block follows
_FIRST = (  # main, test, regtest
    "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
    "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
)
_BEGINNINGS = {_NOTHING: 0, **dict.fromkeys(_FIRST, 1)}  # height of what follows


class Framed(NamedTuple):
    """A raw block, its network, and where it was."""

    data: bytes
    network: Network
    name: str


def raw_blocks(paths: Sequence[Path]) -> Found:
    """Transactions of raw blocks.

    Parameters
    ----------
    paths : sequence of Path
        ``blk*.dat`` files, or files of one block each; blocks may come in any order, and stale
        ones be among them. They begin with the first of the chain, or the second, as whom an
        input is from is in a block before.

    Raises
    ------
    SourceError
        A file is not of blocks, the first ones are missing, or an input is of a missing block.
    """
    found, unspent = Collected(), Unspent()
    for height, framed in longest_chain(framed_blocks(paths)):
        unspent.network = framed.network
        unspent.take(parse_block(framed.data, framed.name), height, found)
    return Found(found.records())


def framed_blocks(paths: Iterable[Path]) -> Iterator[Framed]:
    """Blocks of files: of each, one raw block or, as in ``blk*.dat``, many behind their magic."""
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(f"{path}: cannot be read: {error.strerror}") from None
        if data[:4] not in _MAGIC:
            yield Framed(data, MAIN, str(path))
            continue
        at = 0
        while data[at : at + 4] in _MAGIC:
            begin = at + 8
            end = begin + int.from_bytes(data[at + 4 : begin], "little")
            yield Framed(data[begin:end], _MAGIC[data[at : at + 4]], f"{path}, byte {at}")
            at = end
        if data[at:].strip(b"\0"):  # a node makes its files larger than what they hold
            raise SourceError(f"{path}: no block begins at byte {at}")


def longest_chain(blocks: Iterable[Framed]) -> Iterator[tuple[int, Framed]]:
    """Height and block, one after another, of the longest chain."""
    by_hash: dict[str, tuple[Framed, str]] = {}
    after: dict[str, list[str]] = {}
    for framed in blocks:
        own, previous = block_hash(framed.data, framed.name)
        if own not in by_hash:
            by_hash[own] = framed, previous
            after.setdefault(previous, []).append(own)
    # lowest first, so that a block's height is known before that of those that follow it
    height = {own: first for begin, first in _BEGINNINGS.items() for own in after.get(begin, ())}
    if not height:
        raise SourceError(
            f"of {len(by_hash)} blocks none is the first or the second of a chain: who paid is in "
            "blocks before; read those as well, or ask a node"
        )
    queue = list(height)
    for own in queue:
        for follower in after.get(own, ()):
            height[follower] = height[own] + 1
            queue.append(follower)
    chain = [max(height, key=height.__getitem__)]
    while by_hash[chain[-1]][1] in by_hash:
        chain.append(by_hash[chain[-1]][1])
    for own in reversed(chain):
        yield height[own], by_hash[own][0]
