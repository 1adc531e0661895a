"""A chain in memory, for whoever follows one."""

from collections.abc import Iterator

from features.sources.follow.chain import Block, Chain
from tests.strategies import transfers

COLUMNS = ["tx_id", "position", "timestamp", "sender", "recipient", "amount", "asset"]
NOTHING = transfers([])


class Made:
    """A chain whose blocks are named by letters; the same letters are the same blocks."""

    def __init__(self, letters: str, *, empty: str = "") -> None:
        self.letters = letters
        self.empty = empty
        self.asked: list[int] = []

    def block(self, number: int) -> Block:
        name = self.letters[: number + 1]
        rows = [] if name[-1] in self.empty else [(float(number), "a", name[-1], 1.0)]
        # a transaction of block 1 is in every chain, at another time
        rows += [(number + ord(name[-1]) / 1000, "b", "c", 2.0)] if number == 1 else []
        frame = transfers(rows, prefix=f"{name[-1]}{number}-") if rows else NOTHING
        everywhere = frame["sender"] == "b"
        frame = frame.assign(tx_id=frame["tx_id"].mask(everywhere, "everywhere"), position=0)
        parent = "none" if number == 0 else self.hash(number - 1)
        return Block(number, self.hash(number), parent, frame)

    def hash(self, number: int) -> str:
        return f"hash of {self.letters[: number + 1]}"

    def blocks(self, first: int, last: int) -> Iterator[Block]:
        for number in range(first, last + 1):
            self.asked.append(number)
            yield self.block(number)

    def chain(self) -> Chain:
        return Chain("made", lambda: len(self.letters) - 1, self.hash, self.blocks)

    def rows(self) -> set[tuple[object, ...]]:
        frames = [self.block(number).frame for number in range(len(self.letters))]
        return {tuple(row) for frame in frames for row in frame[COLUMNS].to_numpy().tolist()}
