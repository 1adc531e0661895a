"""Keeps a ledger where its chain is: reads new blocks, undoes blocks that the chain gave up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from features.errors import SourceError
from features.sources.follow.chain import Block, Chain
from features.sources.follow.kept import Kept
from features.sources.follow.state import REMEMBERED, Progress, Seen, StateFile
from features.sources.follow.targets import Target

BLOCKS_A_CHANGE, TRANSFERS_A_CHANGE = 1_000, 100_000  # a folder is written anew at each change


@dataclass(frozen=True, slots=True)
class Followed:
    """What one turn did, and where it ended.

    Attributes
    ----------
    block : int or None
        The latest block that is in, None before the first.
    behind : int
        Blocks of the node that are not in yet.
    blocks, added : int
        Blocks read, and transfers of them that were new.
    undone, retracted : int
        Blocks that the chain gave up, and their transfers.
    """

    block: int | None
    behind: int
    blocks: int = 0
    added: int = 0
    undone: int = 0
    retracted: int = 0

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    def text(self) -> str:
        """A line for a reader."""
        at = "before the first block" if self.block is None else f"block {self.block}"
        undone = (
            f", {self.undone} blocks undone with {self.retracted} transfers" if self.undone else ""
        )
        return (
            f"{at}, {self.behind} behind: {self.blocks} blocks read, {self.added} transfers "
            f"added{undone}"
        )


class Follower:
    """Brings a target to where a chain is.

    Parameters
    ----------
    chain : Chain
    target : Target
    state : StateFile
    first : int, optional
        Block to begin with, where the state does not know one.
    asset : str, optional
        What the chain's blocks hold, None for all; kept with the state.

    Raises
    ------
    SourceError
        The state is of another chain, asset or ledger, or begins at another block.
    """

    def __init__(
        self,
        chain: Chain,
        target: Target,
        state: StateFile,
        *,
        first: int | None = None,
        asset: str | None = None,
        kept: Sequence[Kept] = (),
    ) -> None:
        self._chain = chain
        self._target = target
        self._state = state
        self._kept = kept
        self.progress = self._begun(first, asset)
        for one in kept:
            one.begin(anew=not self.progress.blocks)

    def catch_up(
        self, last: int | None = None, on_block: Callable[[int, int], None] | None = None
    ) -> Followed:
        """Read up to the node's latest block, or up to ``last``.

        Parameters
        ----------
        last : int, optional
        on_block : callable, optional
            Called with the number of a block that was read, and of the one to read up to.

        Raises
        ------
        SourceError
            The node cannot tell, or its chain parted from the ledger's before the blocks that are
            remembered.
        """
        total = Followed(None, 0)
        while True:
            head = self._chain.head()
            until = head if last is None else min(head, last)
            read = self._turn(head, until, on_block)
            total = Followed(
                self.progress.next - 1 if self.progress.blocks else None,
                max(0, head - self.progress.next + 1),
                total.blocks + read.blocks,
                total.added + read.added,
                total.undone + read.undone,
                total.retracted + read.retracted,
            )
            if not read.blocks and not read.undone:
                return total

    def _begun(self, first: int | None, asset: str | None) -> Progress:
        known, path = self._state.read(), self._state.path
        if known is None:
            if first is None:
                raise SourceError(f"{path} is not there yet: say the first block, --from-block")
            return Progress(self._chain.name, asset, first, kept=self._names)
        for name, was, now in (
            ("chain", known.chain, self._chain.name), ("asset", known.asset, asset),
        ):  # fmt: skip
            if was != now:
                raise SourceError(f"{path} is of {name} {was or 'all'}, not {now or 'all'}")
        if known.kept != self._names:
            raise SourceError(
                f"{path}: what is kept beside the ledger is {', '.join(known.kept) or 'nothing'}, "
                f"named is {', '.join(self._names) or 'nothing'}; name the same, as other files "
                "would miss blocks"
            )
        if known.ledger is not None and known.ledger != (now := self._target.identity()):
            there = "no ledger" if now is None else "another ledger"
            raise SourceError(f"{path} tells how far a ledger is, but {there} is there; remove it")
        if first is not None and not known.first <= first <= known.next:
            raise SourceError(
                f"{path}: the ledger begins at block {known.first} and goes on at {known.next}, "
                f"not at {first}"
            )
        return known

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._kept)

    def _turn(self, head: int, until: int, on_block: Callable[[int, int], None] | None) -> Followed:
        """One change of the target: what is undone, and as many blocks as one change takes."""
        alive = self._alive(head)
        dead = self.progress.blocks[len(alive) :]
        first = alive[-1].number + 1 if alive else self.progress.first
        new: list[Block] = []
        transfers = 0
        for block in self._following(alive, first, min(until, first + BLOCKS_A_CHANGE - 1)):
            new.append(block)
            transfers += len(block.frame)
            if on_block is not None:
                on_block(block.number, until)
            if transfers >= TRANSFERS_A_CHANGE:
                break
        if not (new or dead or self.progress.pending):
            return Followed(None, 0)
        return self._change(alive, dead, new)

    def _change(
        self, alive: tuple[Seen, ...], dead: tuple[Seen, ...], new: list[Block]
    ) -> Followed:
        seen = [_seen(block) for block in new]
        gone = [*self.progress.pending, *(tx_id for block in dead for tx_id in block.tx_ids)]
        coming = [tx_id for block in seen for tx_id in block.tx_ids]
        if self.progress.parent is None and new:
            self.progress = replace(self.progress, parent=new[0].parent_hash)
        self.progress = self.progress.begun(alive, [*gone, *coming])
        self._state.write(self.progress)
        frames = [block.frame for block in new if len(block.frame)]
        frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
        for one in self._kept:
            one.change(gone, new)
        changed = self._target.change(gone, frame)
        identity = self._target.identity()
        self.progress = self.progress.done(seen, identity)
        self._state.write(self.progress)
        return Followed(None, 0, len(new), changed.added, len(dead), changed.retracted)

    def _alive(self, head: int) -> tuple[Seen, ...]:
        """Those of the remembered blocks that the node still has.

        A node that is merely behind, as one of several behind one address may be, has given up
        nothing: blocks above its head live as long as the one at its head does.
        """
        blocks = self.progress.blocks
        for at in range(len(blocks) - 1, -1, -1):
            if blocks[at].number > head:
                continue
            if self._chain.hash_at(blocks[at].number) == blocks[at].hash:
                behind = blocks[-1].number > head and blocks[at].number == head
                return blocks if behind else blocks[: at + 1]
        if not blocks or blocks[0].number > head:
            return blocks
        before, parent = blocks[0].number - 1, self.progress.parent
        if not self.progress.complete or before < 0 or self._chain.hash_at(before) != parent:
            raise SourceError(
                f"the node's chain is not the one of the ledger, or parted from it more than "
                f"{REMEMBERED} blocks ago, before block {blocks[0].number}; build the ledger anew"
            )
        return ()

    def _following(self, alive: tuple[Seen, ...], first: int, last: int) -> Iterator[Block]:
        """Blocks that follow each other; ends where the chain reorganises while it is read."""
        parent = alive[-1].hash if alive else None
        if first > last:
            return
        for block in self._chain.blocks(first, last):
            if parent is not None and block.parent_hash != parent:
                return
            parent = block.hash
            yield block


def _seen(block: Block) -> Seen:
    beside = () if block.beside is None else block.beside.tx_ids
    return Seen(block.number, block.hash, tuple(dict.fromkeys([*block.frame["tx_id"], *beside])))
