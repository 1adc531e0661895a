"""The follower on chains in memory: whatever happens, the ledger is that of the chain's blocks."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import Ledger, SourceError
from features.sources.follow import follower as following
from features.sources.follow.chain import Block
from features.sources.follow.follower import Followed, Follower
from features.sources.follow.state import REMEMBERED, Progress, StateFile
from features.sources.follow.targets import Changed, Folder
from tests.made_chain import COLUMNS, Made


class DiedError(Exception):
    """The process ends here."""


def follower(made: Made, folder: Path, *, first: int | None = 0) -> Follower:
    return Follower(
        made.chain(), Folder(folder / "ledger"), StateFile(folder / "state.json"), first=first
    )


def held(folder: Path, *, of: Sequence[Made]) -> set[tuple[object, ...]]:
    """What the ledger holds of all transactions that were ever told."""
    ledger = Ledger.open(folder / "ledger")
    ids = {str(row[0]) for made in of for row in made.rows()}
    found = [one for tx_id in ids for one in ledger.transaction(tx_id)]
    assert ledger.n_transfers == len(found)
    return {
        (one.tx_id, one.position, one.timestamp, one.sender, one.recipient, one.amount, one.asset)
        for one in found
    }


def test_a_chain_is_read_once_and_then_only_what_is_new(tmp_path: Path) -> None:
    made = Made("abcdef", empty="d")
    one = follower(made, tmp_path)
    assert one.catch_up() == Followed(5, 0, blocks=6, added=6)
    made.letters += "gh"
    assert one.catch_up(6) == Followed(6, 1, blocks=1, added=1)
    assert follower(made, tmp_path, first=None).catch_up() == Followed(7, 0, blocks=1, added=1)
    assert made.asked == list(range(8))
    assert held(tmp_path, of=[made]) == made.rows()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("abcdef", "abcdxyz"),
        ("abcdef", "abcxyz"),  # of the same height
        ("abcdef", "axcdefg"),  # `everywhere` comes again at another time
        ("abcd", "abcde"),
        ("abcdef", "abxy"),  # lower than it was: known as soon as a block differs
    ],
)
def test_blocks_that_the_chain_gave_up_are_undone(before: str, after: str, tmp_path: Path) -> None:
    old, new = Made(before), Made(after)
    follower(old, tmp_path).catch_up()
    done = follower(new, tmp_path).catch_up()
    assert held(tmp_path, of=[old, new]) == new.rows()
    assert done.block == len(after) - 1
    assert done.undone == len(before) - len(common(before, after))
    assert follower(new, tmp_path).catch_up() == Followed(len(after) - 1, 0)


def common(one: str, other: str) -> str:
    equal = [a == b for a, b in zip(one, other, strict=False)]
    return one[: equal.index(False)] if False in equal else one[: len(equal)]


def test_a_node_that_is_behind_has_given_up_nothing(tmp_path: Path) -> None:
    made = Made("abcdef")
    follower(made, tmp_path).catch_up()
    assert follower(Made("abc"), tmp_path).catch_up() == Followed(5, 0)
    assert held(tmp_path, of=[made]) == made.rows()


class Memory:
    """A target that may die in the middle of a change, as an endpoint's client may."""

    def __init__(self) -> None:
        self.rows: set[tuple[object, ...]] = set()
        self.steps_left = 10**9

    def identity(self) -> None:
        return None

    def change(self, tx_ids: Sequence[str], frame: pd.DataFrame) -> Changed:
        gone = {row for row in self.rows if row[0] in tx_ids}
        came = set(map(tuple, frame[COLUMNS].to_numpy().tolist())) if len(frame) else set()
        for row in gone:
            self.step()
            self.rows.discard(row)
        for row in came:
            self.step()
            same = {one[:2] for one in self.rows - {row}}
            assert row[:2] not in same, "a transfer came again with other content"
            self.rows.add(row)
        self.step()
        return Changed(len(gone), len(came - gone))

    def step(self) -> None:
        self.steps_left -= 1
        if not self.steps_left:
            raise DiedError


class Dying(StateFile):
    """A state whose process dies before or after it is written."""

    def write(self, progress: Progress) -> None:
        memory.step()
        super().write(progress)
        memory.step()


memory = Memory()


def catch_up(made: Made, folder: Path, steps: int = 10**9) -> bool:
    """Follow, and die after some steps; returns whether the end was reached."""
    memory.steps_left = steps
    chain, state = made.chain(), Dying(folder / "state.json")
    try:
        Follower(chain, memory, state, first=0).catch_up()
    except DiedError:
        return False
    return True


@pytest.mark.parametrize("steps", range(1, 16))
def test_a_crash_at_any_instant_is_made_good(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BLOCKS_A_CHANGE", 2)
    memory.rows.clear()
    old, mid, new = Made("abcd"), Made("abxyz"), Made("abxyvwu")
    assert catch_up(old, tmp_path)
    assert not catch_up(mid, tmp_path, steps)
    # the chain reorganises once more while nobody looks
    assert catch_up(new, tmp_path)
    assert memory.rows == new.rows()


def test_random_chains_and_crashes_end_where_the_chain_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BLOCKS_A_CHANGE", 3)
    memory.rows.clear()
    random, letters, reached = np.random.default_rng(7), "abc", 0
    for turn in range(40):
        keep = random.integers(1, len(letters) + 1) if turn else len(letters)
        letters = letters[:keep] + chr(200 + turn) * int(random.integers(1, 5))
        if catch_up(Made(letters), tmp_path, int(random.integers(1, 40))):
            reached += 1
            assert memory.rows == Made(letters).rows()
    assert 8 < reached < 36


def test_a_chain_that_reorganises_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    made, after = Made("abcdef"), "abcxyzv"

    class Turning(Made):
        def blocks(self, first: int, last: int) -> Iterator[Block]:
            for number in range(first, last + 1):
                if number == 4:
                    self.letters = after
                yield self.block(number)

    turning = Turning("abcdef")
    assert follower(turning, tmp_path).catch_up().undone == 1
    assert held(tmp_path, of=[made, turning]) == turning.rows()


def test_a_chain_that_parted_too_long_ago_is_refused(tmp_path: Path) -> None:
    long = "a" * 5 + "b" * (REMEMBERED + 3)
    made = Made(long, empty="ab")
    follower(made, tmp_path).catch_up()
    # one block of a transaction, so that there is a ledger
    assert held(tmp_path, of=[made]) == made.rows()
    follower(Made(long[:9] + "c" * REMEMBERED, empty="abc"), tmp_path).catch_up()
    with pytest.raises(SourceError, match="parted from it more than 128 blocks ago, before"):
        follower(Made("aaz" + "b" * 200), tmp_path).catch_up()


def test_another_chain_that_shares_nothing_is_refused(tmp_path: Path) -> None:
    made = Made("abc")
    follower(made, tmp_path, first=1).catch_up()
    with pytest.raises(SourceError, match="not the one of the ledger"):
        follower(Made("xyz"), tmp_path, first=1).catch_up()
    assert follower(Made("axyz"), tmp_path, first=1).catch_up().undone == 2


def _other(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    facts = json.loads((folder / "state.json").read_text())
    change(facts)
    (folder / "state.json").write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("first", "change", "message"),
    [
        (2, {}, None),
        (9, {}, "begins at block 1 and goes on at 3, not at 9"),
        (0, {}, "begins at block 1 and goes on at 3, not at 0"),
        (None, {"chain": "bitcoin"}, "is of chain bitcoin, not made"),
        (None, {"asset": "ETH"}, "is of asset ETH, not all"),
        (None, {"ledger": "other"}, "another ledger is there; remove it"),
        (None, {"format": 9}, "is no state of a follower: format 9"),
        (None, {"blocks": [{"number": 1}]}, "is no state of a follower"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(
    first: int | None, change: dict[str, object], message: str | None, tmp_path: Path
) -> None:
    made = Made("abc")
    follower(made, tmp_path, first=1).catch_up()
    _other(tmp_path, lambda facts: facts.update(change))
    if message is None:
        follower(made, tmp_path, first=first)
        return
    with pytest.raises(SourceError, match=message):
        follower(made, tmp_path, first=first)


def test_the_first_block_has_to_be_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there yet: say the first block, --from-block"):
        follower(Made("abc"), tmp_path, first=None)


def test_a_ledger_that_was_taken_away_is_missed(tmp_path: Path) -> None:
    follower(Made("abc"), tmp_path).catch_up()
    (tmp_path / "ledger").rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="but no ledger is there; remove it"):
        follower(Made("abc"), tmp_path)


def test_blocks_without_transfers_make_no_ledger(tmp_path: Path) -> None:
    assert Folder(tmp_path / "ledger").change([], pd.DataFrame()) == Changed(0, 0)
    assert not (tmp_path / "ledger").exists()
